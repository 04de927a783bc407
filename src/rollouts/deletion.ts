import type { Service } from 'kubernetes-types/core/v1.d.ts';
import {
  type Decision,
  type Effect,
  MANAGED_BY_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  type Rollout,
  Services,
} from '../api/index.ts';

/**
 * What to undo once a Rollout is gone (CAN §17): its Services select by their own labels again. ReplicaSets,
 * AnalysisRuns and Experiments are left to owner garbage collection. `rollout` is the last known version of the object.
 */
export function decideRolloutDeleted(rollout: Rollout, services: Iterable<Service>): Decision<never> {
  const name = rollout.metadata.name ?? '';
  const managed = [...services].filter(
    (service) => service.metadata?.annotations?.[MANAGED_BY_ANNOTATION] === name,
  );
  return {
    effects: managed.map(releaseService),
    events: [
      {
        type: 'Normal',
        reason: 'RolloutDeleted',
        message: `Rollout ${name}/${rollout.metadata.namespace} is deleted.`,
      },
    ],
    because: [{ code: 'RolloutDeleted', text: `Rollout ${name} is gone; its Services are released.` }],
  };
}

/** Takes the pod-template hash out of a Service's selector, and the mark of its Rollout off it (CAN §11). */
export function releaseService(service: Service): Effect {
  const { name = '', namespace, resourceVersion } = service.metadata ?? {};
  return {
    kind: 'patch',
    what: `release Service ${name}`,
    ref: { type: Services, namespace, name },
    patch: {
      metadata: { annotations: { [MANAGED_BY_ANNOTATION]: null } },
      spec: { selector: { [POD_TEMPLATE_HASH_LABEL]: null } },
    },
    resourceVersion,
  };
}

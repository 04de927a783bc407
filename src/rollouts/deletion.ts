import type { Service } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, MANAGED_BY_ANNOTATION, type Rollout } from '../api/index.ts';
import { releaseService } from './effects.ts';

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

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import {
  type AnalysisRun,
  AnalysisRuns,
  controllerReference,
  type Effect,
  type Experiment,
  Experiments,
  type KubeObject,
  MANAGED_BY_ANNOTATION,
  type ObjectRef,
  POD_TEMPLATE_HASH_LABEL,
  Pods,
  ReplicaSets,
  type ResourceType,
  type Rollout,
  Rollouts,
  Services,
} from '../api/index.ts';

/** The writes that a decision about a Rollout consists of. */

function refOf<T extends KubeObject>(type: ResourceType<T>, object: KubeObject): ObjectRef {
  return { type, namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' };
}

function patch(type: ResourceType, object: KubeObject, what: string, body: Record<string, unknown>): Effect {
  return {
    kind: 'patch',
    what,
    ref: refOf(type, object),
    patch: body,
    resourceVersion: object.metadata?.resourceVersion,
  };
}

export function createReplicaSet(rs: ReplicaSet): Effect {
  const ref = refOf(ReplicaSets, rs);
  return { kind: 'create', what: `create ReplicaSet ${ref.name}`, ref, object: rs };
}

export function createAnalysisRun(run: AnalysisRun): Effect {
  const ref = refOf(AnalysisRuns, run);
  return { kind: 'create', what: `create AnalysisRun ${ref.name}`, ref, object: run };
}

/** Changes of a ReplicaSet: its size, annotations (null removes one), or any other part of it. */
export interface ReplicaSetChange {
  replicas?: number;
  annotations?: Record<string, string | null>;
  spec?: Record<string, unknown>;
}

export function changeReplicaSet(rs: ReplicaSet, what: string, change: ReplicaSetChange): Effect {
  const spec = { ...change.spec, ...(change.replicas !== undefined && { replicas: change.replicas }) };
  return patch(ReplicaSets, rs, what, {
    ...(change.annotations && { metadata: { annotations: change.annotations } }),
    ...(Object.keys(spec).length > 0 && { spec }),
  });
}

/**
 * Makes the Rollout the controller of a ReplicaSet. The first write changes nothing: it fails unless this very Rollout
 * still exists, so that an orphan is never given to an owner that is gone (CAN-132).
 */
export function adoptReplicaSet(rs: ReplicaSet, rollout: Rollout): Effect[] {
  const owners = [...(rs.metadata?.ownerReferences ?? []), controllerReference(Rollouts, rollout)];
  return [
    patch(Rollouts, rollout, `confirm that Rollout ${rollout.metadata.name} exists`, {
      metadata: { uid: rollout.metadata.uid },
    }),
    patch(ReplicaSets, rs, `adopt ReplicaSet ${rs.metadata?.name}`, {
      metadata: { ownerReferences: owners },
    }),
  ];
}

export function releaseReplicaSet(rs: ReplicaSet, rollout: Rollout): Effect {
  const owners = (rs.metadata?.ownerReferences ?? []).filter(({ uid }) => uid !== rollout.metadata.uid);
  return patch(ReplicaSets, rs, `release ReplicaSet ${rs.metadata?.name}`, {
    metadata: { ownerReferences: owners.length > 0 ? owners : null },
  });
}

export function deleteReplicaSet(rs: ReplicaSet): Effect {
  return remove(ReplicaSets, rs, 'ReplicaSet');
}

export function deleteAnalysisRun(run: AnalysisRun): Effect {
  return remove(AnalysisRuns, run, 'AnalysisRun');
}

export function deleteExperiment(experiment: Experiment): Effect {
  return remove(Experiments, experiment, 'Experiment');
}

function remove(type: ResourceType, object: KubeObject, kind: string): Effect {
  return {
    kind: 'delete',
    what: `delete ${kind} ${object.metadata?.name}`,
    ref: refOf(type, object),
    uid: object.metadata?.uid,
    propagationPolicy: 'Background',
  };
}

export function terminateAnalysisRun(run: AnalysisRun): Effect {
  return patch(AnalysisRuns, run, `terminate AnalysisRun ${run.metadata.name}`, {
    spec: { terminate: true },
  });
}

export function annotateRollout(rollout: Rollout, annotations: Record<string, string>): Effect {
  return patch(Rollouts, rollout, `annotate Rollout ${rollout.metadata.name}`, { metadata: { annotations } });
}

export function persistReplicas(rollout: Rollout, replicas: number): Effect {
  return patch(Rollouts, rollout, `set spec.replicas of Rollout ${rollout.metadata.name} to ${replicas}`, {
    spec: { replicas },
  });
}

/** Points a Service at the pods of a hash, and marks it as managed by the Rollout. */
export function switchService(service: Service, hash: string, rollout: Rollout): Effect {
  return patch(Services, service, `switch Service ${service.metadata?.name} to ${hash}`, {
    metadata: { annotations: { [MANAGED_BY_ANNOTATION]: rollout.metadata.name } },
    spec: { selector: { [POD_TEMPLATE_HASH_LABEL]: hash } },
  });
}

/** Takes the pod-template hash out of a Service's selector, and the mark of its Rollout off it (CAN §11). */
export function releaseService(service: Service): Effect {
  return patch(Services, service, `release Service ${service.metadata?.name}`, {
    metadata: { annotations: { [MANAGED_BY_ANNOTATION]: null } },
    spec: { selector: { [POD_TEMPLATE_HASH_LABEL]: null } },
  });
}

/** Unconditional: a pod's status changes all the time, and only our own keys are written. */
export function changePodMetadata(
  pod: Pod,
  metadata: { labels?: Record<string, string | null>; annotations?: Record<string, string | null> },
): Effect {
  return {
    kind: 'patch',
    what: `update metadata of Pod ${pod.metadata?.name}`,
    ref: refOf(Pods, pod),
    patch: { metadata },
  };
}

export function evictPod(pod: Pod): Effect {
  return {
    kind: 'evict',
    what: `evict Pod ${pod.metadata?.name}`,
    ref: refOf(Pods, pod),
    uid: pod.metadata?.uid,
  };
}

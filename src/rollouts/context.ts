import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import {
  controllerOf,
  type Instant,
  type Rollout,
  type RolloutSpec,
  type RolloutStatus,
} from '../api/index.ts';
import { findCondition } from './conditions.ts';
import { podTemplateHash } from './hash.ts';
import { byAge, claimReplicaSets, hashOf } from './replicasets.ts';
import { isMadeFrom, isPlainlyDifferent } from './template.ts';
import type { RolloutView } from './view.ts';

/** A view with its parts named (CAN, notation). Never changed during a pass. */
export interface RolloutContext {
  view: RolloutView;
  now: Instant;
  rollout: Rollout;
  name: string;
  namespace: string;
  spec: RolloutSpec;
  /** The status as it was last written. */
  status: RolloutStatus;
  /** `spec.replicas`, or 1. */
  replicas: number;
  /** ReplicaSets that the Rollout controls, oldest first. */
  owned: readonly ReplicaSet[];
  /** Made from the current template; "canary" during an update. */
  newRS: ReplicaSet | undefined;
  /** Last promoted; may be the same object as `newRS`. */
  stableRS: ReplicaSet | undefined;
  /** All but `newRS`. */
  olderRSs: readonly ReplicaSet[];
  /** All but `newRS` and `stableRS`. */
  otherRSs: readonly ReplicaSet[];
  /** `status.stableRS == status.currentPodHash`; also true of a Rollout without a status. */
  fullyPromoted: boolean;
  /**
   * The spec is the one that the status was written for. A hash that differs then comes from another way of computing
   * it, not from another spec (CAN §8.2).
   */
  specObserved: boolean;
}

export function observe(view: RolloutView, now: Instant): RolloutContext {
  const { rollout } = view;
  const { metadata, spec, status = {} } = rollout;
  const { owned } = claimReplicaSets(rollout, view.replicaSets);
  const specObserved =
    status.observedGeneration === String(metadata.generation) && !findCondition(status, 'InvalidSpec');
  const newRS = spec.template && findNewReplicaSet(spec.template, owned, status, specObserved);
  const stableRS = status.stableRS ? owned.find((rs) => hashOf(rs) === status.stableRS) : undefined;
  return {
    view,
    now,
    rollout,
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    spec,
    status,
    replicas: spec.replicas ?? 1,
    owned,
    newRS,
    stableRS,
    olderRSs: owned.filter((rs) => rs !== newRS),
    otherRSs: owned.filter((rs) => rs !== newRS && rs !== stableRS),
    fullyPromoted: (status.stableRS ?? '') === (status.currentPodHash ?? ''),
    specObserved,
  };
}

/**
 * The ReplicaSet of the current template (CAN §3.2): that of the hash in the status or of the computed hash, else one
 * with an equal template, whatever its hash (made by Argo Rollouts, or by another version).
 */
function findNewReplicaSet(
  template: PodTemplateSpec,
  owned: readonly ReplicaSet[],
  status: RolloutStatus,
  specObserved: boolean,
): ReplicaSet | undefined {
  const sets = [...owned].sort(byAge);
  const hashes = [
    ...(specObserved && status.currentPodHash ? [status.currentPodHash] : []),
    podTemplateHash(template, status.collisionCount),
  ];
  for (const hash of hashes) {
    const found = sets.find(
      (rs) => hashOf(rs) === hash && !isPlainlyDifferent(rs.spec?.template ?? {}, template),
    );
    if (found) return found;
  }
  return sets.find((rs) => isMadeFrom(rs, template));
}

/** Pods of a ReplicaSet. */
export function podsOwnedBy(context: RolloutContext, rs: ReplicaSet): Pod[] {
  return context.view.pods.filter((pod) => controllerOf(pod)?.uid === rs.metadata?.uid);
}

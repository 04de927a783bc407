import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import {
  controllerOf,
  DESIRED_REPLICAS_ANNOTATION,
  type Instant,
  matchesSelector,
  POD_TEMPLATE_HASH_LABEL,
  parseTime,
  REVISION_ANNOTATION,
  type Rollout,
  SCALE_DOWN_DEADLINE_ANNOTATION,
} from '../api/index.ts';

/** What is read off a ReplicaSet. */

export const nameOf = (rs: ReplicaSet): string => rs.metadata?.name ?? '';
export const hashOf = (rs: ReplicaSet | undefined): string =>
  rs?.metadata?.labels?.[POD_TEMPLATE_HASH_LABEL] ?? '';
/** `spec.replicas`; Kubernetes' default is 1. */
export const sizeOf = (rs: ReplicaSet | undefined): number => (rs ? (rs.spec?.replicas ?? 1) : 0);
export const availableOf = (rs: ReplicaSet | undefined): number => rs?.status?.availableReplicas ?? 0;
/** `status.replicas` */
export const podsOf = (rs: ReplicaSet | undefined): number => rs?.status?.replicas ?? 0;
export const readyOf = (rs: ReplicaSet | undefined): number => rs?.status?.readyReplicas ?? 0;

/** The revision on a ReplicaSet or a Rollout; 0 when there is none or it is not a number. */
export function revisionOf(object: ReplicaSet | Rollout | undefined): number {
  const revision = Number(object?.metadata?.annotations?.[REVISION_ANNOTATION]);
  return Number.isSafeInteger(revision) ? revision : 0;
}

/** `spec.replicas` of the Rollout when the ReplicaSet was last sized. */
export function desiredReplicasOf(rs: ReplicaSet): number | undefined {
  const text = rs.metadata?.annotations?.[DESIRED_REPLICAS_ANNOTATION];
  const desired = Number(text);
  return text && Number.isInteger(desired) ? desired : undefined;
}

/** When the ReplicaSet may go to 0; undefined without a deadline, 0 when it cannot be read. */
export function scaleDownDeadlineOf(rs: ReplicaSet): Instant | undefined {
  const text = rs.metadata?.annotations?.[SCALE_DOWN_DEADLINE_ANNOTATION];
  return text === undefined || text === '' ? undefined : (parseTime(text) ?? 0);
}

export const createdAt = (object: { metadata?: { creationTimestamp?: string } } | undefined): Instant =>
  parseTime(object?.metadata?.creationTimestamp) ?? 0;

/** Oldest first; of two made in the same second, the lower revision, then by name. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return createdAt(a) - createdAt(b) || revisionOf(a) - revisionOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1);
}

export const sum = (sets: readonly ReplicaSet[], count: (rs: ReplicaSet) => number): number =>
  sets.reduce((total, rs) => total + count(rs), 0);

/** Which ReplicaSets belong to the Rollout, and which should begin or cease to (CAN §3.8). */
export interface Claim {
  owned: ReplicaSet[];
  adopt: ReplicaSet[];
  release: ReplicaSet[];
}

export function claimReplicaSets(rollout: Rollout, sets: readonly ReplicaSet[]): Claim {
  const claim: Claim = { owned: [], adopt: [], release: [] };
  for (const rs of [...sets].sort(byAge)) {
    const owner = controllerOf(rs);
    const matches = matchesSelector(rollout.spec.selector, rs.metadata?.labels);
    if (owner) {
      if (owner.uid !== rollout.metadata.uid) continue;
      if (matches) claim.owned.push(rs);
      else if (!rs.metadata?.deletionTimestamp) claim.release.push(rs);
    } else if (matches && !rs.metadata?.deletionTimestamp) {
      claim.adopt.push(rs);
    }
  }
  return claim;
}

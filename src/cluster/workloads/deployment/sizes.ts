import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { parseTime } from '../../../api/index.ts';
import { countOf } from '../common/counts.ts';

/** Replica arithmetic of a Deployment. */

/** Annotation on a ReplicaSet: `spec.replicas` of its Deployment when it was last sized. */
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
/** Annotation on a ReplicaSet: desired replicas and surge of its Deployment when it was last sized. */
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

export const nameOf = (rs: ReplicaSet): string => rs.metadata?.name ?? '';
export const sizeOf = (rs: ReplicaSet | undefined): number => (rs ? (rs.spec?.replicas ?? 1) : 0);
export const availableOf = (rs: ReplicaSet | undefined): number => rs?.status?.availableReplicas ?? 0;
export const desiredOf = (deployment: Deployment): number => deployment.spec?.replicas ?? 1;
export const isActiveSet = (rs: ReplicaSet): boolean => sizeOf(rs) > 0;
export const isRolling = (deployment: Deployment): boolean => deployment.spec?.strategy?.type !== 'Recreate';

export const total = (sets: readonly ReplicaSet[], count: (rs: ReplicaSet) => number): number =>
  sets.reduce((sum, rs) => sum + count(rs), 0);

/** Oldest first. */
export const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  (parseTime(a.metadata?.creationTimestamp) ?? 0) - (parseTime(b.metadata?.creationTimestamp) ?? 0) ||
  (nameOf(a) < nameOf(b) ? -1 : 1);

/** How many pods there may be beside the desired ones, and how many of those may be missing. */
export function bounds(deployment: Deployment): { surge: number; unavailable: number } {
  const desired = desiredOf(deployment);
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const surge = countOf(maxSurge, desired, Math.ceil);
  const unavailable = countOf(maxUnavailable, desired, Math.floor);
  // Neither more nor fewer would be a standstill.
  if (surge === 0 && unavailable === 0) return { surge, unavailable: Math.min(1, desired) };
  return { surge, unavailable: Math.min(unavailable, desired) };
}

/** The size to which the new ReplicaSet may grow at once. */
export function newSize(deployment: Deployment, sets: readonly ReplicaSet[], current: number): number {
  const desired = desiredOf(deployment);
  if (!isRolling(deployment)) return desired;
  const room = desired + bounds(deployment).surge - total(sets, sizeOf);
  return room <= 0 ? current : current + Math.min(room, desired - current);
}

/** A number in an annotation of a ReplicaSet. */
export function annotatedNumber(rs: ReplicaSet, annotation: string): number | undefined {
  const text = rs.metadata?.annotations?.[annotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

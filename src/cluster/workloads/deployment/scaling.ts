import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import {
  annotatedNumber,
  availableOf,
  bounds,
  byAge,
  DESIRED_REPLICAS,
  desiredOf,
  isActiveSet,
  isRolling,
  MAX_REPLICAS,
  newSize,
  sizeOf,
  total,
} from './sizes.ts';

/** New sizes of ReplicaSets; those that are not in it keep theirs. */
export type Sizes = Map<ReplicaSet, number>;

export interface Sets {
  deployment: Deployment;
  /** Of the current template. */
  fresh: ReplicaSet | undefined;
  old: readonly ReplicaSet[];
}

const all = ({ fresh, old }: Sets): ReplicaSet[] => (fresh ? [...old, fresh] : [...old]);

/** Whether the Deployment has been scaled since its ReplicaSets were last sized. */
export function wasScaled(sets: Sets): boolean {
  const desired = desiredOf(sets.deployment);
  return all(sets)
    .filter(isActiveSet)
    .some((rs) => (annotatedNumber(rs, DESIRED_REPLICAS) ?? desired) !== desired);
}

/** Sizes after the Deployment was scaled, or while it is paused: the shares of old and new stay as they are. */
export function scaled(sets: Sets): Sizes {
  const { deployment, fresh, old } = sets;
  const desired = desiredOf(deployment);
  const active = all(sets).filter(isActiveSet);
  if (active.length <= 1) {
    const only = active[0] ?? fresh ?? [...old].sort(byAge).at(-1);
    return new Map(only ? [[only, desired]] : []);
  }
  if (fresh && isSaturated(deployment, fresh)) {
    return new Map(old.filter(isActiveSet).map((rs) => [rs, 0]));
  }
  return isRolling(deployment) ? inProportion(deployment, active) : new Map();
}

function isSaturated(deployment: Deployment, rs: ReplicaSet): boolean {
  const desired = desiredOf(deployment);
  return [sizeOf(rs), annotatedNumber(rs, DESIRED_REPLICAS), availableOf(rs)].every(
    (count) => count === desired,
  );
}

function inProportion(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const desired = desiredOf(deployment);
  const allowed = desired > 0 ? desired + bounds(deployment).surge : 0;
  const toAdd = allowed - total(active, sizeOf);
  const grows = toAdd > 0;
  // The largest first; of equals the newer grows, the older shrinks.
  const ordered = [...active].sort((a, b) => sizeOf(b) - sizeOf(a) || (grows ? byAge(b, a) : byAge(a, b)));
  const sizes: Sizes = new Map();
  let added = 0;
  for (const rs of ordered) {
    const rest = toAdd - added;
    const share = rest === 0 ? 0 : fairShare(deployment, rs, allowed);
    const change = grows ? Math.min(share, rest) : Math.max(share, rest);
    sizes.set(rs, sizeOf(rs) + change);
    added += change;
  }
  // What rounding left over.
  const [first] = ordered;
  if (first) sizes.set(first, Math.max(0, sizes.get(first)! + toAdd - added));
  return sizes;
}

/** How much the ReplicaSet's size changes when its part of the whole stays the same. */
function fairShare(deployment: Deployment, rs: ReplicaSet, allowed: number): number {
  if (desiredOf(deployment) === 0) return -sizeOf(rs);
  const before = annotatedNumber(rs, MAX_REPLICAS) || deployment.status?.replicas || allowed;
  return Math.round((sizeOf(rs) * allowed) / before) - sizeOf(rs);
}

/** Next sizes of a rolling update: first the new one up, then the old ones down; never both in one pass. */
export function rolled(sets: Sets): Sizes {
  const grown = grownNew(sets);
  return grown.size > 0 ? grown : shrunkOld(sets);
}

function grownNew(sets: Sets): Sizes {
  const { deployment, fresh } = sets;
  if (!fresh || sizeOf(fresh) === desiredOf(deployment)) return new Map();
  const size =
    sizeOf(fresh) > desiredOf(deployment)
      ? desiredOf(deployment)
      : newSize(deployment, all(sets), sizeOf(fresh));
  return size === sizeOf(fresh) ? new Map() : new Map([[fresh, size]]);
}

function shrunkOld(sets: Sets): Sizes {
  const { deployment, fresh } = sets;
  const old = sets.old.filter(isActiveSet).sort(byAge);
  const least = desiredOf(deployment) - bounds(deployment).unavailable;
  const newUnavailable = sizeOf(fresh) - availableOf(fresh);
  const sizes: Sizes = new Map();

  // Pods that serve nobody go first: they cost no availability.
  let room = total(all(sets), sizeOf) - least - newUnavailable;
  for (const rs of old) {
    const unhealthy = Math.min(Math.max(0, room), Math.max(0, sizeOf(rs) - availableOf(rs)));
    if (unhealthy > 0) sizes.set(rs, sizeOf(rs) - unhealthy);
    room -= unhealthy;
  }
  if (room <= 0) return sizes;

  let spare = total(all(sets), availableOf) - least;
  for (const rs of old) {
    const size = sizes.get(rs) ?? sizeOf(rs);
    const fewer = Math.min(size, Math.max(0, spare));
    if (fewer > 0) sizes.set(rs, size - fewer);
    spare -= fewer;
  }
  return sizes;
}

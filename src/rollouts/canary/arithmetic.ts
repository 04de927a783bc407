/** The numbers of a canary (CAN §5): pure counting, no objects. */

/** Pods above and below `spec.replicas` that an update may reach. */
export interface Limits {
  surge: number;
  unavailable: number;
}

const DEFAULT_PERCENT = '25%';

/** The number that an int-or-percent stands for. A string is a percentage, with or without `%` (CAN §2.4). */
function resolve(value: number | string | undefined, total: number, round: (n: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = Number((value ?? DEFAULT_PERCENT).replace(/%$/, ''));
  return Number.isFinite(percent) ? round((percent * total) / 100) : 0;
}

/** maxSurge and maxUnavailable in pods (CAN §5.1): percentages round up and down; never both zero. */
export function resolveLimits(
  replicas: number,
  strategy: { maxSurge?: number | string | undefined; maxUnavailable?: number | string | undefined },
): Limits {
  const surge = resolve(strategy.maxSurge, replicas, Math.ceil);
  const unavailable = resolve(strategy.maxUnavailable, replicas, Math.floor);
  if (replicas === 0) return { surge, unavailable: 0 };
  return { surge, unavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas) };
}

/** Pods for the new and for the stable version. */
export interface Split {
  canary: number;
  stable: number;
}

/**
 * The counts that come nearest to a weight without a router (CAN §5.3): over `replicas` pods, or one more when surge
 * allows it. A weight between nothing and everything keeps a pod of each version.
 */
export function approximateSplit(replicas: number, weight: number, maxWeight: number, surge: number): Split {
  if (replicas === 0) return { canary: 0, stable: 0 };
  const exact = (replicas * weight) / maxWeight;
  const up = Math.ceil(exact);
  const down = Math.floor(exact);
  const mayBeNone = weight === 0 || weight === maxWeight || (replicas === 1 && surge === 0);
  const tied = (total: number) => (2 * total * weight) % (2 * maxWeight) === maxWeight;

  const candidates: { canary: number; total: number }[] = [];
  for (const total of surge > 0 ? [replicas, replicas + 1] : [replicas]) {
    if (total > replicas || up < replicas || mayBeNone) candidates.push({ canary: up, total });
    if (!tied(total) && (down !== 0 || mayBeNone)) candidates.push({ canary: down, total });
  }
  let best = candidates[0];
  for (const candidate of candidates) {
    if (best === undefined || isNearer(candidate, best)) best = candidate;
  }
  // Only a single pod without surge leaves no candidate above; it then counts as none or all.
  if (!best) return { canary: down, stable: replicas - down };
  return { canary: best.canary, stable: best.total - best.canary };

  /** Whose share is nearer to the weight; in whole numbers, so that ties are ties. */
  function isNearer(
    one: { canary: number; total: number },
    other: { canary: number; total: number },
  ): boolean {
    const missedBy = ({ canary, total }: typeof one) => Math.abs(canary * maxWeight - weight * total);
    return missedBy(one) * other.total < missedBy(other) * one.total;
  }
}

/** A ReplicaSet in numbers. */
interface Group {
  /** `spec.replicas` */
  size: number;
  /** `status.availableReplicas` */
  available: number;
}

export interface BoundedMove {
  replicas: number;
  limits: Limits;
  /** Where to in the end. */
  target: Split;
  canary: Group;
  /** Undefined when the new ReplicaSet is the stable one, or there is none yet. */
  stable: Group | undefined;
  /** Σ `spec.replicas` of all other ReplicaSets. */
  others: number;
}

/**
 * The next sizes on the way to the target, within surge and availability (CAN §5.4): never more than
 * `replicas + surge` pods, never fewer than `replicas - unavailable` available ones because of us.
 */
export function boundedMove(move: BoundedMove): Split {
  const { replicas, limits, canary, stable, others } = move;
  const target = stable ? move.target : { canary: replicas, stable: 0 };
  const limit = replicas + limits.surge;
  const minimum = replicas - limits.unavailable;

  const next = { canary: canary.size, stable: stable?.size ?? 0 };
  let room = limit - (canary.size + next.stable + others);
  if (stable && stable.size < target.stable && room > 0) {
    next.stable = Math.min(target.stable, stable.size + room);
    room -= next.stable - stable.size;
  }
  if (canary.size < target.canary && room > 0) next.canary = Math.min(target.canary, canary.size + room);
  if (others > 0) return next;

  const increasing = target.canary >= canary.size;
  const pool = usable(canary, !increasing) + (stable ? usable(stable, increasing) : 0);
  if (pool <= minimum) return next;
  const drop = pool - minimum;

  if (increasing) {
    if (!stable) return next;
    const size = stable.size > target.stable ? Math.max(target.stable, stable.size - drop) : next.stable;
    const { drained, kept } = clamp(
      { size, available: stable.available },
      { size: next.canary, available: canary.available },
      limit,
      minimum,
    );
    return { canary: kept, stable: drained };
  }
  const size = canary.size > target.canary ? Math.max(target.canary, canary.size - drop) : next.canary;
  const { drained, kept } = clamp(
    { size, available: canary.available },
    { size: next.stable, available: stable?.available ?? 0 },
    limit,
    minimum,
  );
  return { canary: drained, stable: stable ? kept : 0 };
}

/** Pods that count as there: the group about to be drained counts in full, whatever its pods say. */
function usable({ size, available }: Group, ignoreAvailability: boolean): number {
  return size < available || ignoreAvailability ? size : available;
}

/** Keeps two sizes within the limit without giving up available pods that the minimum needs (CAN §5.4 step 7). */
function clamp(drain: Group, keep: Group, limit: number, minimum: number): { drained: number; kept: number } {
  const over = Math.max(0, drain.size + keep.size - limit);
  const reduced = keep.size - over;
  const short = Math.max(
    0,
    minimum - (Math.min(drain.available, drain.size) + Math.min(keep.available, reduced)),
  );
  const kept = reduced + Math.min(Math.max(0, keep.available - reduced), short);
  const drained = drain.size - Math.max(0, drain.size + kept - limit);
  return { drained, kept };
}

/** Pods that carry a weight with a router (CAN §5.5): rounded up. */
export function podsFor(weight: number, replicas: number, maxWeight: number): number {
  return Math.ceil((weight * replicas) / maxWeight);
}

/** `minPodsPerReplicaSet`: a count that is not zero is raised to it, but not above `replicas` (CAN-054). */
export function atLeast(count: number, minimum: number | undefined, replicas: number): number {
  return count === 0 ? 0 : Math.max(count, Math.min(minimum ?? 0, replicas));
}

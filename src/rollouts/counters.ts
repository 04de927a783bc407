import { formatSelector, type RolloutStatus } from '../api/index.ts';
import type { RolloutContext } from './context.ts';
import { availableOf, podsOf, readyOf, sum } from './replicasets.ts';

/** The counters of a status, from the ReplicaSets as they are (CAN §13.1). */
export function counters({ owned, newRS, spec }: RolloutContext): RolloutStatus {
  return {
    replicas: sum(owned, podsOf),
    updatedReplicas: podsOf(newRS),
    readyReplicas: sum(owned, readyOf),
    availableReplicas: sum(owned, availableOf),
    HPAReplicas: sum(owned, podsOf),
    selector: formatSelector(spec.selector),
  };
}

/** A status as it is written: what is zero, false or empty is left out, but for what clients need to see as 0. */
export function compact(status: RolloutStatus): RolloutStatus {
  const kept = new Set<keyof RolloutStatus>(['currentStepIndex']);
  return Object.fromEntries(
    Object.entries(status).filter(([key, value]) => {
      if (value === undefined || value === null) return false;
      if (kept.has(key as keyof RolloutStatus)) return true;
      if (typeof value === 'object') return Object.keys(value).length > 0;
      return value !== 0 && value !== false && value !== '';
    }),
  );
}

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Instant, parseTime } from '../api/index.ts';
import { podsOwnedBy, type RolloutContext } from './context.ts';
import { evictPod } from './effects.ts';
import type { Outcome } from './outcome.ts';
import { createdAt, nameOf, sizeOf, sum } from './replicasets.ts';
import { isRestartDue } from './restart-due.ts';

/** Pods that a disruption budget protects are tried again after this. */
const RETRY_MS = 30_000;

export interface RestartResult {
  /** Pods are evicted in this pass: the numbers of the view no longer hold, and it ends. */
  evicting: boolean;
  /** The new value of `status.restartedAt`. */
  restartedAt: string | undefined;
}

/** Evicts the pods that are older than `spec.restartAt`, as many at a time as may be missing (CAN §12). */
export function reconcileRestart(
  context: RolloutContext,
  maxUnavailable: number,
  outcome: Outcome,
): RestartResult {
  const { spec, status, now, replicas, owned } = context;
  const at = parseTime(spec.restartAt);
  if (at === undefined || !isRestartDue(spec, status, now)) {
    if (at !== undefined && at !== parseTime(status.restartedAt)) outcome.wakeAt(at + 1);
    return { evicting: false, restartedAt: status.restartedAt };
  }
  const pods = inOrder(context).flatMap((rs) => [...podsOwnedBy(context, rs)].sort(unreadyThenOldest));
  const live = pods.filter((pod) => !pod.metadata?.deletionTimestamp);
  const old = pods.filter((pod) => createdAt(pod) < at);
  if (old.length === 0) {
    const available = live.filter((pod) => isAvailable(pod, spec.minReadySeconds ?? 0, now)).length;
    // Restarted means that the replacements are there, not only that the old pods are gone.
    if (available < Math.min(replicas, sum(owned, sizeOf))) {
      outcome.because(
        'WaitingForRestart',
        'The old pods are evicted; their replacements are not available yet.',
      );
      return { evicting: false, restartedAt: status.restartedAt };
    }
    return { evicting: false, restartedAt: spec.restartAt };
  }

  const available = live.filter((pod) => isAvailable(pod, spec.minReadySeconds ?? 0, now)).length;
  const room = available - (Math.max(replicas, sum(owned, sizeOf)) - Math.max(maxUnavailable, 1));
  const candidates = old.filter((pod) => !pod.metadata?.deletionTimestamp);
  const evicted = candidates.slice(0, Math.max(0, room));
  for (const pod of evicted) outcome.effect(evictPod(pod));
  outcome.wakeAt(now + RETRY_MS);
  outcome.because(
    'Restarting',
    `${old.length} pods are older than ${spec.restartAt}; ${evicted.length} may be evicted now.`,
  );
  return { evicting: evicted.length > 0, restartedAt: status.restartedAt };
}

/** Stable first, then new, then the others, oldest first. */
function inOrder({ owned, stableRS, newRS }: RolloutContext): ReplicaSet[] {
  const rank = (rs: ReplicaSet) => (rs === stableRS ? 0 : rs === newRS ? 1 : 2);
  return [...owned].sort(
    (a, b) => rank(a) - rank(b) || createdAt(a) - createdAt(b) || (nameOf(a) < nameOf(b) ? -1 : 1),
  );
}

function unreadyThenOldest(a: Pod, b: Pod): number {
  return (
    Number(readySince(a) !== undefined) - Number(readySince(b) !== undefined) || createdAt(a) - createdAt(b)
  );
}

function readySince(pod: Pod): Instant | undefined {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready && (parseTime(ready.lastTransitionTime) ?? 0);
}

function isAvailable(pod: Pod, minReadySeconds: number, now: Instant): boolean {
  const since = readySince(pod);
  return since !== undefined && now >= since + minReadySeconds * 1000;
}

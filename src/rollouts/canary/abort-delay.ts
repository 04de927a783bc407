import { formatTime, type Instant } from '../../api/index.ts';
import { availableOf, scaleDownDeadlineOf, sizeOf } from '../replicasets.ts';
import type { CanaryContext } from './context.ts';

/** What becomes of the canary's pods after an abort with a router (CAN §5.8). */
export type AbortDelay =
  /** No delay: they follow the weight. */
  | { kind: 'none' }
  /** They stay; `until` the deadline if the countdown runs, `annotate` if it starts now. */
  | { kind: 'hold'; why: string; until?: Instant; annotate?: string }
  /** The deadline has passed. */
  | { kind: 'over' };

const DEFAULT_DELAY_SECONDS = 30;

export function abortDelay(context: CanaryContext): AbortDelay {
  const { canary, newRS, stableRS, replicas, now } = context;
  if (!context.aborted || !context.routed || context.newIsStable) return { kind: 'none' };
  const configured = canary.abortScaleDownDelaySeconds;
  if (canary.dynamicStableScale && !configured) return { kind: 'none' };
  if (sizeOf(newRS) === 0) return { kind: 'none' };
  if (configured === 0)
    return { kind: 'hold', why: 'abortScaleDownDelaySeconds is 0: they are never scaled down' };

  const deadline = scaleDownDeadlineOf(newRS);
  if (deadline !== undefined) {
    if (now >= deadline) return { kind: 'over' };
    return { kind: 'hold', why: `until ${formatTime(deadline)}`, until: deadline };
  }
  if (availableOf(stableRS) < replicas) {
    return { kind: 'hold', why: `until all ${replicas} stable pods are available` };
  }
  if ((context.status.canary?.weights?.canary.weight ?? 0) > 0) {
    return { kind: 'hold', why: 'until they receive no traffic' };
  }
  // Whole seconds, rounded up: the annotation has no fractions, and the pods get their full delay.
  const until = Math.ceil(now / 1000) * 1000 + (configured ?? DEFAULT_DELAY_SECONDS) * 1000;
  return { kind: 'hold', why: `until ${formatTime(until)}`, until, annotate: formatTime(until) };
}

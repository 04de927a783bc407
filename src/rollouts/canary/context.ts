import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { type CanaryStep, type CanaryStrategy, EXPERIMENT_NAME_ANNOTATION } from '../../api/index.ts';
import type { RolloutContext } from '../context.ts';
import { stepsHash } from '../hash.ts';
import { createdAt, hashOf } from '../replicasets.ts';
import { type Limits, resolveLimits } from './arithmetic.ts';

/** A Rollout's context with what the canary strategy adds. */
export interface CanaryContext extends RolloutContext {
  newRS: ReplicaSet;
  /** Hash label of `newRS`. */
  hash: string;
  canary: CanaryStrategy;
  steps: readonly CanaryStep[];
  stepsHash: string;
  /** The next step to complete; `steps.length` when all are done or are skipped. */
  stepIndex: number;
  /** The step at `stepIndex`. */
  step: CanaryStep | undefined;
  limits: Limits;
  /** What a weight is a share of. */
  maxWeight: number;
  /** A router moves the traffic, rather than the number of pods. */
  routed: boolean;
  /** The update is aborted and not promoted by force. */
  aborted: boolean;
  /** `newRS` is the last promoted one. */
  newIsStable: boolean;
  /** Going back to a recent revision: steps, pauses and analysis are skipped (CAN §8.6). */
  withinRollbackWindow: boolean;
  /** Steps, pauses and analysis are skipped. */
  fastTracked: boolean;
}

/** @param newRS the ReplicaSet of the current template, which exists by now */
export function canaryContext(context: RolloutContext, newRS: ReplicaSet): CanaryContext {
  const { spec, status, replicas, stableRS } = context;
  const canary = spec.strategy?.canary ?? {};
  const steps = canary.steps ?? [];
  const aborted = Boolean(status.abort) && !context.fullyPromoted && !status.promoteFull;
  const withinRollbackWindow =
    stableRS !== undefined &&
    stableRS !== newRS &&
    isWithinRollbackWindow(context, newRS, stableRS, spec.rollbackWindow?.revisions ?? 0);
  const fastTracked = Boolean(status.promoteFull) || (withinRollbackWindow && !aborted);
  const stepIndex = fastTracked
    ? steps.length
    : Math.min(Math.max(status.currentStepIndex ?? 0, 0), steps.length);
  return {
    ...context,
    newRS,
    hash: hashOf(newRS),
    canary,
    steps,
    stepsHash: stepsHash(canary.steps),
    stepIndex,
    step: steps[stepIndex],
    limits: resolveLimits(replicas, canary),
    maxWeight: canary.trafficRouting?.maxTrafficWeight ?? 100,
    routed: canary.trafficRouting !== undefined,
    aborted,
    newIsStable: status.stableRS !== undefined && hashOf(newRS) === status.stableRS,
    withinRollbackWindow,
    fastTracked,
  };
}

/** Creation times decide, not revision numbers (CAN-099). */
function isWithinRollbackWindow(
  { owned }: RolloutContext,
  newRS: ReplicaSet,
  stableRS: ReplicaSet,
  revisions: number,
): boolean {
  const from = createdAt(newRS);
  const to = createdAt(stableRS);
  if (revisions <= 0 || from >= to) return false;
  const between = owned.filter(
    (rs) =>
      createdAt(rs) > from && createdAt(rs) < to && !rs.metadata?.annotations?.[EXPERIMENT_NAME_ANNOTATION],
  );
  return between.length < revisions;
}

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Decision, RolloutStatus } from '../../api/index.ts';
import { progressing, setCondition } from '../conditions.ts';
import type { RolloutContext } from '../context.ts';
import { compact, counters } from '../counters.ts';
import { pruneHistory } from '../history.ts';
import { reconcileMetadata } from '../metadata.ts';
import type { Outcome } from '../outcome.ts';
import { phaseOf } from '../phase.ts';
import { reconcileRestart } from '../restart.ts';
import { reconcileAnalysis } from './analysis.ts';
import { type CanaryContext, canaryContext } from './context.ts';
import { isScalingEvent, reconcileReplicaSets } from './scaling.ts';
import { reconcileServices } from './services.ts';
import { nextStatus, resetStatus, scalingStatus } from './status.ts';
import { reconcileTraffic } from './traffic.ts';

/** One pass over a canary, in the order of CAN §4.4: a stage that ends the pass returns. */
export function decideCanary(
  base: RolloutContext,
  newRS: ReplicaSet,
  outcome: Outcome,
): Decision<RolloutStatus> {
  const context = canaryContext(base, newRS);
  if (isReset(context)) return outcome.decision(resetStatus(context, outcome));
  if (isStableMissing(context)) return holdWithoutStable(context, outcome);
  if (isScalingEvent(context)) {
    reconcileReplicaSets(context, outcome);
    return outcome.decision(scalingStatus(context));
  }

  const restart = reconcileRestart(context, context.limits.unavailable, outcome);
  if (restart.evicting) return outcome.decision();
  if (reconcileMetadata(context, outcome)) return outcome.decision();
  pruneHistory(context, outcome);
  reconcileServices(context, outcome);
  const traffic = reconcileTraffic(context, outcome);
  const analysis = reconcileAnalysis(context, outcome);
  // What a verdict changes is done in the next pass, which sees it in the status.
  const stops = analysis.abort !== undefined || analysis.inconclusive;
  const scaled = !stops && reconcileReplicaSets(context, outcome);
  const findings = { traffic, analysis, restartedAt: restart.restartedAt, scaled };
  return outcome.decision(nextStatus(context, findings, outcome));
}

/**
 * The template or the steps have changed. A hash that differs although the spec is the one already observed was computed
 * in another way, by Argo Rollouts say, and is only rewritten (CAN-135).
 */
function isReset({ status, specObserved, hash, stepsHash }: CanaryContext): boolean {
  const differs = status.currentPodHash !== hash || (status.currentStepHash ?? '') !== stepsHash;
  return differs && !(specObserved && status.currentPodHash && status.currentStepHash);
}

/** Somebody deleted the stable ReplicaSet during an update: there is nothing to go back to (CAN-133). */
function isStableMissing({ status, stableRS, newIsStable }: CanaryContext): boolean {
  return Boolean(status.stableRS) && !stableRS && !newIsStable && !status.promoteFull;
}

function holdWithoutStable(context: CanaryContext, outcome: Outcome): Decision<RolloutStatus> {
  const { status, spec, now } = context;
  const condition = progressing.stableMissing(status.stableRS ?? '');
  outcome.because(condition.reason, condition.message);
  if (!status.conditions?.some(({ reason }) => reason === condition.reason)) {
    outcome.event('Warning', condition.reason, condition.message);
  }
  const next = {
    ...status,
    ...counters(context),
    conditions: setCondition(status.conditions ?? [], condition, now),
  };
  return outcome.decision(compact({ ...next, ...phaseOf(spec, next, now) }));
}

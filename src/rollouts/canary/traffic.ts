import { equal, type TrafficWeights } from '../../api/index.ts';
import { removeUnusedCanaryIngresses, routersFor, type TrafficSplit } from '../../traffic/index.ts';
import type { Outcome } from '../outcome.ts';
import { availableOf, hashOf } from '../replicasets.ts';
import type { CanaryContext } from './context.ts';
import { isReturningDynamically } from './services.ts';
import { weightBefore } from './steps.ts';
import { progressThresholdMet, targetsReached } from './targets.ts';
import { returningWeight } from './weights.ts';

/** What the traffic stage leaves for the status. */
export interface TrafficResult {
  /** The weights that hold once the effects are carried out; undefined: none were ever set. */
  weights: TrafficWeights | undefined;
  /** Why a router could not be configured; the update then does not go on to more traffic or promotion. */
  error: string | undefined;
}

/** Routers that could not confirm a weight are asked again after this. */
const VERIFY_RETRY_MS = 10_000;

/** Moves the traffic to where the current state of the rollout wants it (CAN §6.5, TRF §5, §6). */
export function reconcileTraffic(context: CanaryContext, outcome: Outcome): TrafficResult {
  const { rollout, canary, view, status } = context;
  const recorded = status.canary?.weights;
  const unused = removeUnusedCanaryIngresses(rollout, view.ingresses);
  outcome.effect(...unused.effects);
  if (!canary.trafficRouting) return { weights: undefined, error: undefined };

  const { weight, hash } = desiredWeight(context);
  if (!stableCanCarryTheRest(context, weight)) {
    outcome.because(
      'WaitingForStablePods',
      `The weight stays as it is until enough stable pods are available to carry the other ${context.maxWeight - weight}.`,
    );
    return { weights: recorded, error: undefined };
  }

  const split = splitFor(context, weight, hash);
  const request = { rollout, routing: canary.trafficRouting, split, ingresses: view.ingresses };
  const plans = routersFor(canary.trafficRouting).map((router) => router.plan(request));
  for (const plan of plans) {
    outcome.effect(...plan.effects);
    for (const event of plan.events) outcome.event(event.type, event.reason, event.message);
  }
  const errors = plans.flatMap((plan) => plan.errors);
  if (errors.length > 0) {
    const error = errors.join('; ');
    outcome.event('Warning', 'TrafficRoutingError', error);
    outcome.because('TrafficRoutingError', error);
    return { weights: recorded, error };
  }

  const answers = plans.map((plan) => plan.verified).filter((verified) => verified !== undefined);
  const weights = weightsOf(split, answers.length > 0 ? answers.every(Boolean) : undefined);
  if (weights.verified === false) outcome.wakeAt(context.now + VERIFY_RETRY_MS);
  reportChange(recorded, weights, outcome);
  return { weights, error: undefined };
}

/** The weight of the new version now, and the pods that it goes to; the first rule that applies (TRF §6). */
function desiredWeight(context: CanaryContext): { weight: number; hash: string } {
  const { status, canary, newRS, replicas, maxWeight, steps, stepIndex } = context;
  const recorded = status.canary?.weights;
  const hash = hashOf(newRS);
  const available = availableOf(newRS);
  const share = replicas > 0 ? Math.min(maxWeight, Math.floor((maxWeight * available) / replicas)) : 0;

  if (isReturningDynamically(context)) {
    return {
      weight: returningWeight(context, recorded),
      hash: recorded?.canary.podTemplateHash ?? hash,
    };
  }
  if (context.fullyPromoted) return { weight: 0, hash };
  if (context.aborted) return { weight: returningWeight(context, recorded), hash };
  if (available === 0) return { weight: 0, hash };
  if (status.promoteFull) {
    return { weight: canary.dynamicStableScale ? share : (recorded?.canary.weight ?? 0), hash };
  }
  if (steps.length === 0) return { weight: 0, hash };
  // A fast rollback skips the steps; its pods get what they can carry (CAN-101).
  if (context.withinRollbackWindow) return { weight: share, hash };
  if (!targetsReached(context)) return { weight: weightBefore(steps, stepIndex, false), hash };
  return { weight: stepIndex < steps.length ? weightBefore(steps, stepIndex, true) : maxWeight, hash };
}

/** The stable version must have the pods for what is left to it (TRF-027). */
function stableCanCarryTheRest(context: CanaryContext, weight: number): boolean {
  const { stableRS, replicas, maxWeight } = context;
  if (!stableRS) return false;
  const needed = Math.floor(((maxWeight - weight) * replicas) / maxWeight);
  if (availableOf(stableRS) >= needed) return true;
  return (
    context.canary.replicaProgressThreshold !== undefined && progressThresholdMet(context, stableRS, needed)
  );
}

function splitFor(context: CanaryContext, weight: number, hash: string): TrafficSplit {
  const { canary, maxWeight, stableRS } = context;
  return {
    maxWeight,
    canary: { weight, serviceName: canary.canaryService ?? '', hash },
    stable: { weight: maxWeight - weight, serviceName: canary.stableService ?? '', hash: hashOf(stableRS) },
  };
}

function weightsOf({ canary, stable }: TrafficSplit, verified: boolean | undefined): TrafficWeights {
  const entry = ({ weight, serviceName, hash }: TrafficSplit['canary']) => ({
    weight,
    ...(serviceName && { serviceName }),
    ...(hash && { podTemplateHash: hash }),
  });
  return { canary: entry(canary), stable: entry(stable), ...(verified !== undefined && { verified }) };
}

/** A new weight is an event; new hashes behind the same weight are not (TRF-042). */
function reportChange(before: TrafficWeights | undefined, after: TrafficWeights, outcome: Outcome): void {
  const weight = after.canary.weight;
  if (before && before.canary.weight === weight && equal(before.additional, after.additional)) return;
  const change = before ? `from ${before.canary.weight} to ${weight}` : `to ${weight}`;
  outcome.event('Normal', 'TrafficWeightUpdated', `Traffic weight updated ${change}`);
}

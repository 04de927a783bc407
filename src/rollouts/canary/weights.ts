import type { TrafficWeights } from '../../api/index.ts';
import { availableOf } from '../replicasets.ts';
import { podsFor } from './arithmetic.ts';
import type { CanaryContext } from './context.ts';
import { weightBefore } from './steps.ts';

/** What the current step wants of the new version: pods for a weight, or a number of pods by its own. */
export type CanaryScale =
  | {
      weight: number;
      /** The weight is that of the traffic, not one that `setCanaryScale` gives for the pods alone. */
      ofTraffic: boolean;
    }
  | { replicas: number };

/** What decides about the number of pods (CAN §5.2). */
export function scaleInForce(context: CanaryContext): CanaryScale {
  const { status, canary, steps, stepIndex, aborted } = context;
  if (status.promoteFull || !status.stableRS || context.fullyPromoted)
    return { weight: context.maxWeight, ofTraffic: true };
  const keptOnAbort = canary.abortScaleDownDelaySeconds === 0;
  if (context.routed && stepIndex < steps.length && (!aborted || keptOnAbort)) {
    const scale = steps.slice(0, stepIndex + 1).findLast((step) => step.setCanaryScale)?.setCanaryScale;
    if (scale && !scale.matchTrafficWeight) {
      if (scale.replicas !== undefined) return { replicas: scale.replicas };
      if (scale.weight !== undefined) return { weight: scale.weight, ofTraffic: false };
    }
  }
  return { weight: setWeightInForce(context), ofTraffic: true };
}

/** The traffic that the current step wants for the new version. */
export function setWeightInForce(context: CanaryContext): number {
  const { aborted, canary, steps, stepIndex, maxWeight } = context;
  if (aborted) return canary.dynamicStableScale ? abortStepWeight(context) : 0;
  return stepIndex >= steps.length ? maxWeight : weightBefore(steps, stepIndex, true);
}

/**
 * Down to which weight an abort with `dynamicStableScale` may go now: that of the last step whose pods the stable
 * version can do without (CAN §5.6).
 */
function abortStepWeight(context: CanaryContext): number {
  const { replicas, canary, steps, maxWeight } = context;
  const missing = replicas - availableOf(context.stableRS);
  const explicitDelay = (canary.abortScaleDownDelaySeconds ?? 0) > 0;
  const pods = explicitDelay ? missing : Math.max(missing, availableOf(context.newRS));
  const step = steps.findLast(
    ({ setWeight }) => setWeight !== undefined && podsFor(setWeight, replicas, maxWeight) < pods,
  );
  return step?.setWeight ?? 0;
}

/**
 * The router's weight on the way back to stable (CAN §5.6, TRF §6 "F"): never more for the stable pods than they can
 * carry, and never up because they are briefly fewer.
 */
export function returningWeight(context: CanaryContext, recorded: TrafficWeights | undefined): number {
  const { replicas, canary, stableRS, maxWeight } = context;
  if (!canary.dynamicStableScale || !stableRS || replicas === 0) return 0;
  const stableShare = Math.floor((maxWeight * availableOf(stableRS)) / replicas);
  const rest = Math.max(0, maxWeight - stableShare);
  const down = context.aborted ? abortStepWeight(context) : setWeightInForce(context);
  if (!recorded) return Math.max(rest, down);
  const current = recorded.canary.weight;
  if (down === 0) return Math.min(rest, current);
  return stableShare < maxWeight - down ? current : Math.min(down, current);
}

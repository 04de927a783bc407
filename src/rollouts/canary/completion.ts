import type { Outcome } from '../outcome.ts';
import { availableOf, nameOf, sizeOf } from '../replicasets.ts';
import type { AnalysisResult } from './analysis.ts';
import type { CanaryContext } from './context.ts';
import { pauseProgress } from './pause-step.ts';
import { stepText } from './steps.ts';
import { targetReplicas, targetsReached } from './targets.ts';
import type { TrafficResult } from './traffic.ts';
import { setWeightInForce } from './weights.ts';

/** Whether the current step is done (CAN §6.1); says what it waits for if not. */
export function isStepComplete(
  context: CanaryContext,
  traffic: TrafficResult,
  analysis: AnalysisResult,
  outcome: Outcome,
): boolean {
  const { step, stepIndex, steps, spec, status, aborted, fastTracked } = context;
  if (!step || aborted || fastTracked) return false;
  const label = `Step ${stepIndex + 1}/${steps.length} (${stepText(step)})`;
  if (spec.paused) {
    outcome.because('PausedManually', `${label} waits: spec.paused is true.`);
    return false;
  }
  const inconclusive = status.pauseConditions?.some(({ reason }) => reason.startsWith('Inconclusive'));
  if (inconclusive || analysis.inconclusive) return false;

  if (step.pause) {
    const progress = pauseProgress(context);
    if (progress.kind === 'waits' && progress.until === undefined) {
      outcome.because('WaitingForPromotion', `${label} waits until the Rollout is promoted.`);
    } else if (progress.kind === 'waits' && progress.until !== undefined) {
      outcome.wakeAt(progress.until);
      const seconds = Math.ceil((progress.until - context.now) / 1000);
      outcome.because('PauseRemaining', `${label} ends in ${seconds} seconds.`);
    }
    return progress.kind === 'over';
  }
  if (step.setCanaryScale || step.setWeight !== undefined) {
    if (!targetsReached(context)) {
      outcome.because('WaitingForReplicas', `${label} waits for pods: ${describeTargets(context)}.`);
      return false;
    }
    if (step.setCanaryScale || isWeightSet(context, traffic)) return true;
    outcome.because('WaitingForWeight', `${label} waits until the router has the weight.`);
    return false;
  }
  if (step.analysis) return !step.analysis.templates?.length || analysis.step?.status === 'Successful';
  return Boolean(step.setHeaderRoute || step.setMirrorRoute) && traffic.error === undefined;
}

/** Whether the router carries the step's weight. Without canary pods there is nothing to carry. */
function isWeightSet(context: CanaryContext, { weights, error }: TrafficResult): boolean {
  if (!context.routed || availableOf(context.newRS) === 0) return true;
  return (
    error === undefined && weights?.verified !== false && weights?.canary.weight === setWeightInForce(context)
  );
}

function describeTargets(context: CanaryContext): string {
  const { newRS, stableRS } = context;
  const target = targetReplicas(context);
  const canary = `${nameOf(newRS)} has ${sizeOf(newRS)}, ${availableOf(newRS)} available, of ${target.canary}`;
  if (!stableRS || stableRS === newRS) return canary;
  return `${canary}; ${nameOf(stableRS)} has ${sizeOf(stableRS)} of ${target.stable}`;
}

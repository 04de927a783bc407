import type { Outcome } from '../outcome.ts';
import { availableOf, nameOf } from '../replicasets.ts';
import type { CanaryContext } from './context.ts';
import { progressThresholdMet } from './targets.ts';
import type { TrafficResult } from './traffic.ts';

/** Why the new version becomes the stable one in this pass (CAN §4.5 S4); undefined when it does not. */
export function promotionReason(
  context: CanaryContext,
  traffic: TrafficResult,
  aborting: boolean,
  outcome: Outcome,
): string | undefined {
  const { status, steps, stepIndex, newRS, replicas } = context;
  if (!status.stableRS) return 'Initial deploy';
  if (context.aborted || aborting) return undefined;
  const isDone = steps.length === stepIndex;
  if (availableOf(newRS) < replicas && !thresholdMet(context)) {
    if (isDone) {
      outcome.because(
        'WaitingForAvailability',
        `All steps are done; ${availableOf(newRS)} of ${replicas} pods of ReplicaSet ${nameOf(newRS)} are available.`,
      );
    }
    return undefined;
  }
  if (traffic.error !== undefined) return undefined;
  if (status.promoteFull) return 'Full promotion requested';
  if (context.withinRollbackWindow) return 'Rollback within window';
  if (context.newIsStable) return 'Fast rollback';
  if (!isDone) return undefined;
  if (!hasAllTraffic(context, traffic)) {
    outcome.because(
      'WaitingForWeight',
      'All steps are done; the router does not send all traffic to the new pods yet.',
    );
    return undefined;
  }
  return `Completed all ${steps.length} canary steps`;
}

const thresholdMet = (context: CanaryContext): boolean =>
  context.canary.replicaProgressThreshold !== undefined &&
  progressThresholdMet(context, context.newRS, context.replicas);

/** With steps and a router, the old pods must be out of the traffic before they may go (TRF-045). */
function hasAllTraffic(context: CanaryContext, { weights }: TrafficResult): boolean {
  if (!context.routed || context.steps.length === 0 || availableOf(context.newRS) === 0) return true;
  return weights?.canary.weight === context.maxWeight && weights.verified !== false;
}

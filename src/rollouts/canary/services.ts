import type { Outcome } from '../outcome.ts';
import { availableOf, hashOf } from '../replicasets.ts';
import { pointService, releaseUnusedServices } from '../services.ts';
import type { CanaryContext } from './context.ts';

/** Points the canary's and the stable version's Services at their pods (CAN §11, TRF §4). */
export function reconcileServices(context: CanaryContext, outcome: Outcome): void {
  const { canary, stableRS, newRS } = context;
  releaseUnusedServices(context, outcome);
  pointService(context, outcome, canary.stableService, stableRS, true);
  if (context.aborted) {
    returnCanaryService(context, outcome);
  } else if (!isReturningDynamically(context)) {
    pointService(context, outcome, canary.canaryService, newRS, true);
  }
}

/**
 * After an abort the canary Service selects the stable pods. With a router it moves once, when no weight is left on it,
 * and stays (CAN-090).
 */
function returnCanaryService(context: CanaryContext, outcome: Outcome): void {
  const { canary, stableRS, status } = context;
  if (!context.routed) pointService(context, outcome, canary.canaryService, stableRS, true);
  else if ((status.canary?.weights?.canary.weight ?? 0) === 0) {
    pointService(context, outcome, canary.canaryService, stableRS, false);
  }
}

/**
 * Back on the stable template in the middle of an update with `dynamicStableScale`: traffic is still on the former
 * canary until the stable pods are complete (TRF §6, D1).
 */
export function isReturningDynamically(context: CanaryContext): boolean {
  const recorded = context.status.canary?.weights?.canary.podTemplateHash;
  return (
    context.fullyPromoted &&
    Boolean(context.canary.dynamicStableScale) &&
    recorded !== undefined &&
    recorded !== hashOf(context.newRS) &&
    availableOf(context.newRS) < context.replicas
  );
}

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { availableOf, podsOf, sizeOf, sum } from '../replicasets.ts';
import { approximateSplit, atLeast, boundedMove, podsFor, type Split } from './arithmetic.ts';
import type { CanaryContext } from './context.ts';
import { scaleInForce } from './weights.ts';

/** How many pods each version should have in the end, at the current step (CAN §5.3, §5.5, §5.6). */
export function targetReplicas(context: CanaryContext): Split {
  return context.routed ? routedTargets(context) : basicTargets(context);
}

/** How many it should have next, within surge and availability. */
export function nextReplicas(context: CanaryContext): Split {
  if (context.routed) return routedTargets(context);
  const { newRS, stableRS } = context;
  return boundedMove({
    replicas: context.replicas,
    limits: context.limits,
    target: basicTargets(context),
    canary: { size: sizeOf(newRS), available: availableOf(newRS) },
    stable:
      stableRS && stableRS !== newRS
        ? { size: sizeOf(stableRS), available: availableOf(stableRS) }
        : undefined,
    others: sum(context.otherRSs, sizeOf),
  });
}

function basicTargets(context: CanaryContext): Split {
  const { replicas, stableRS, newRS, maxWeight, limits } = context;
  if (!stableRS || stableRS === newRS) return { canary: replicas, stable: 0 };
  const scale = scaleInForce(context);
  return approximateSplit(replicas, 'weight' in scale ? scale.weight : 0, maxWeight, limits.surge);
}

function routedTargets(context: CanaryContext): Split {
  const { replicas, canary, stableRS, newRS, maxWeight, aborted } = context;
  const minimum = canary.minPodsPerReplicaSet;
  const scale = scaleInForce(context);
  const recorded = context.status.canary?.weights;

  let pods = 'replicas' in scale ? scale.replicas : podsFor(scale.weight, replicas, maxWeight);
  // On the way down the traffic goes first: pods stay for the weight that the router still has.
  const isServed =
    recorded?.canary.podTemplateHash === context.hash && 'ofTraffic' in scale && scale.ofTraffic;
  if (isServed && !aborted) pods = Math.max(pods, podsFor(recorded.canary.weight, replicas, maxWeight));
  if (!canary.dynamicStableScale) {
    const fixed = 'replicas' in scale ? pods : atLeast(pods, minimum, replicas);
    return { canary: fixed, stable: stableRS && stableRS !== newRS ? replicas : 0 };
  }
  if (aborted) pods = Math.max(pods, podsFor(recorded?.canary.weight ?? 0, replicas, maxWeight));
  const target = { canary: atLeast(pods, minimum, replicas), stable: 0 };
  if (!stableRS || stableRS === newRS) return target;

  const weight = 'weight' in scale ? Math.min(scale.weight, maxWeight) : 0;
  const stable = Math.max(
    podsFor(maxWeight - weight, replicas, maxWeight),
    podsFor(recorded?.stable.weight ?? maxWeight, replicas, maxWeight),
  );
  target.stable = Math.min(replicas, Math.max(atLeast(stable, minimum, replicas), leastStable(context)));
  return target;
}

/** ingress-nginx answers 503 without a stable pod even when all traffic goes to the canary (TRF-068). */
function leastStable({ canary, replicas }: CanaryContext): number {
  return canary.trafficRouting?.nginx && replicas > 0 ? 1 : 0;
}

/**
 * Whether the pods that the current step asks for are there (CAN §6.2). The stable ones need not be available: a
 * broken stable version must not hold up its successor (CAN-049).
 */
export function targetsReached(context: CanaryContext): boolean {
  const target = targetReplicas(context);
  const { newRS, stableRS, canary } = context;
  if (!progressThresholdMet(context, newRS, target.canary)) return false;
  if (stableRS && stableRS !== newRS && !(context.routed && canary.dynamicStableScale)) {
    if (sizeOf(stableRS) !== target.stable || podsOf(stableRS) !== target.stable) return false;
  }
  return context.routed || sum(context.otherRSs, availableOf) === 0;
}

/**
 * Whether enough pods of a wanted number are available: all, unless `replicaProgressThreshold` asks for fewer. It can
 * never ask for more than are wanted, nor for none.
 */
export function progressThresholdMet(
  { canary }: Pick<CanaryContext, 'canary'>,
  rs: ReplicaSet | undefined,
  wanted: number,
): boolean {
  const threshold = canary.replicaProgressThreshold;
  const available = availableOf(rs);
  if (!threshold || threshold.value < 0) return sizeOf(rs) === wanted && available === wanted;
  if (wanted === 0) return true;
  const needed = threshold.type === 'Percent' ? (wanted * threshold.value) / 100 : threshold.value;
  return available + 1e-10 >= Math.min(Math.max(needed, 1), wanted);
}

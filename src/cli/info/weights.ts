import type { Rollout } from '../../api/index.ts';
import type { ReplicaSetInfo } from './types.ts';

/** Step and weights of a Rollout as they are shown (CLI §3.3, CLI-066, CLI-067). */

/** `<index>/<number of steps>`; empty without an index or steps. */
export function stepText({ spec, status }: Rollout): string {
  const steps = spec.strategy?.canary?.steps ?? [];
  const index = status?.currentStepIndex;
  return index === undefined || steps.length === 0 ? '' : `${index}/${steps.length}`;
}

/** The weight that the steps up to now ask for. */
export function setWeightOf(rollout: Rollout): number {
  const steps = rollout.spec.strategy?.canary?.steps ?? [];
  const index = rollout.status?.currentStepIndex ?? 0;
  if (rollout.status?.abort) return 0;
  if (steps.length === 0 || index >= steps.length) return maxWeight(rollout);
  return steps.slice(0, index + 1).findLast((step) => step.setWeight !== undefined)?.setWeight ?? 0;
}

/** The share that the new version has: of the traffic with a router, else of the available pods. */
export function actualWeightOf(rollout: Rollout, replicaSets: readonly ReplicaSetInfo[]): number {
  const { strategy } = rollout.spec;
  const { availableReplicas = 0, currentStepIndex = 0, canary } = rollout.status ?? {};
  const steps = strategy?.canary?.steps ?? [];
  if (steps.length === 0 || currentStepIndex >= steps.length) return maxWeight(rollout);
  if (availableReplicas === 0) return 0;
  if (strategy?.canary?.trafficRouting) return canary?.weights?.canary.weight ?? setWeightOf(rollout);
  const available = replicaSets.find((replicaSet) => replicaSet.canary)?.available ?? 0;
  return Math.floor((available * maxWeight(rollout)) / availableReplicas);
}

function maxWeight({ spec }: Rollout): number {
  return spec.strategy?.canary?.trafficRouting?.maxTrafficWeight ?? 100;
}

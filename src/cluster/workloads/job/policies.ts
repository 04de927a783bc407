import type { Job, PodFailurePolicyRule } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { parseIndexes } from './indexes.ts';

/** What a Job says about single failures, and about when enough is done. */

export interface FailureMatch {
  action: string;
  /** Why a rule holds, in Kubernetes' words. */
  message: string;
}

/** The first rule of the pod failure policy that holds for a failed pod. */
export function matchFailure({ spec }: Job, pod: Pod): FailureMatch | undefined {
  for (const [i, rule] of (spec?.podFailurePolicy?.rules ?? []).entries()) {
    const why = matchRule(rule, pod);
    if (why) return { action: rule.action, message: `${why} matching ${rule.action} rule at index ${i}` };
  }
  return undefined;
}

function matchRule({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata ?? {};
  if (onExitCodes) {
    const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
    for (const status of [...containerStatuses, ...initContainerStatuses]) {
      const code = status.state?.terminated?.exitCode ?? 0;
      if (code === 0 || (onExitCodes.containerName && onExitCodes.containerName !== status.name)) continue;
      if (onExitCodes.values.includes(code) === (onExitCodes.operator === 'In')) {
        return `Container ${status.name} for pod ${namespace}/${name} failed with exit code ${code}`;
      }
    }
    return undefined;
  }
  for (const pattern of onPodConditions ?? []) {
    const found = pod.status?.conditions?.find(({ type }) => type === pattern.type);
    if (found && found.status === (pattern.status ?? 'True')) {
      return `Pod ${namespace}/${name} has condition ${pattern.type}`;
    }
  }
  return undefined;
}

/** The number of the first rule of the success policy that the parts that are done satisfy. */
export function matchSuccess({ spec }: Job, completed: readonly number[]): number | undefined {
  const index = (spec?.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return completed.length >= (succeededCount ?? 0);
    const wanted = parseIndexes(succeededIndexes, spec?.completions ?? 0);
    const done = wanted.filter((each) => completed.includes(each)).length;
    return done >= (succeededCount ?? wanted.length);
  });
  return index < 0 ? undefined : index;
}

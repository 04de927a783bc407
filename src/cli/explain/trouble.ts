import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.d.ts';
import { type AnalysisRun, isCompleted, type MetricResult } from '../../api/index.ts';
import type { RolloutView } from '../../rollouts/index.ts';
import { type PodInfo, rolloutInfo } from '../info/index.ts';

/** What a rollout waits for, or fails on: pods that are not ready, and analyses. */

/** One sentence for each state that pods which are not ready are in. */
export function podTroubles(view: RolloutView): string[] {
  const troubled = rolloutInfo(view)
    .replicaSets.flatMap((replicaSet) => replicaSet.pods)
    .filter(isNotReady);
  const bySentence = Map.groupBy(troubled, (pod) => sentence(pod, view.pods));
  return [...bySentence].map(([text, pods]) => {
    const [first] = pods;
    const others = pods.length > 1 ? ` and ${pods.length - 1} more` : '';
    return `${first?.objectMeta.name}${others}: ${text}`;
  });
}

/** One sentence for each metric of the runs that are under way or that have failed this revision. */
export function analysisTroubles(view: RolloutView): string[] {
  const { canary, blueGreen } = view.rollout.status ?? {};
  const current = [
    canary?.currentBackgroundAnalysisRunStatus?.name,
    canary?.currentStepAnalysisRunStatus?.name,
    blueGreen?.prePromotionAnalysisRunStatus?.name,
    blueGreen?.postPromotionAnalysisRunStatus?.name,
  ];
  return view.analysisRuns
    .filter((run) => current.includes(run.metadata.name) && run.status?.phase !== 'Successful')
    .flatMap(describeRun);
}

function describeRun({ metadata, spec, status }: AnalysisRun): string[] {
  const { name } = metadata;
  const phase = status?.phase ?? 'Pending';
  const results = status?.metricResults ?? [];
  if (results.length === 0) return [`${name} is ${phase}${status?.message ? `: ${status.message}` : ''}`];
  return results
    .filter((result) => !isCompleted(phase) || result.phase !== 'Successful')
    .map((result) => {
      const limit = spec.metrics.find((metric) => metric.name === result.name)?.failureLimit ?? 0;
      return `${name}, metric ${result.name} is ${result.phase}: ${counts(result)} (failureLimit ${limit})${last(result)}`;
    });
}

function counts({ successful = 0, failed = 0, inconclusive = 0, error = 0 }: MetricResult): string {
  return Object.entries({ successful, failed, inconclusive, error })
    .filter(([name, count]) => count > 0 || name === 'successful' || name === 'failed')
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function last({ measurements = [], message }: MetricResult): string {
  const { value, message: why } = measurements.at(-1) ?? {};
  const told = why || message;
  return `${value ? `; last measured ${value}` : ''}${told ? `; ${told}` : ''}`;
}

function isNotReady({ ready, status }: PodInfo): boolean {
  const [up, all] = ready.split('/');
  return up !== all && status !== 'Terminating' && status !== 'Completed' && status !== 'Succeeded';
}

/** The status, and what the kubelet or the scheduler has to say to it. */
function sentence({ objectMeta, status, ready }: PodInfo, pods: readonly Pod[]): string {
  const pod = pods.find(({ metadata }) => metadata?.uid === objectMeta.uid);
  const containers: ContainerStatus[] = [
    ...(pod?.status?.initContainerStatuses ?? []),
    ...(pod?.status?.containerStatuses ?? []),
  ];
  const why =
    containers.map(({ state }) => state?.waiting?.message ?? state?.terminated?.message).find(Boolean) ??
    containers.map(({ lastState }) => lastState?.terminated?.message).find(Boolean) ??
    pod?.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
      ?.message ??
    pod?.status?.message;
  return `${status}, ready ${ready}${why ? `: ${why}` : ''}`;
}

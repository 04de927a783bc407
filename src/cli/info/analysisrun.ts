import type { AnalysisRun, Measurement, MetricResult } from '../../api/index.ts';
import { analysisIcon } from './icons.ts';
import { byCreation, byName, byRevisionDown, childMeta, inOrder, isOwnedBy, revisionOf } from './meta.ts';
import type { AnalysisRunInfo, JobInfo, MetricInfo, NonJobInfo } from './types.ts';

/** Metadata of a measurement that a Job made. */
const JOB_NAME = 'job-name';
const JOB_NAMESPACE = 'job-namespace';

/** The AnalysisRuns of an owner: newest revision first, then in the order of their creation (CLI §3.5). */
export function analysisRunInfos(
  owner: { metadata: { uid?: string } },
  runs: readonly AnalysisRun[],
): AnalysisRunInfo[] {
  return runs
    .filter((run) => isOwnedBy(run, owner.metadata.uid))
    .map(analysisRunInfo)
    .sort(inOrder<AnalysisRunInfo>(byRevisionDown, byCreation, (a, b) => byName(b, a)));
}

function analysisRunInfo(run: AnalysisRun): AnalysisRunInfo {
  const results = run.status?.metricResults ?? [];
  const status = run.status?.phase ?? '';
  const sum = (count: (result: MetricResult) => number | undefined) =>
    results.reduce((total, result) => total + (count(result) ?? 0), 0);
  return {
    objectMeta: childMeta(run),
    icon: analysisIcon(status),
    revision: revisionOf(run),
    status,
    successful: sum((result) => result.successful),
    failed: sum((result) => result.failed),
    inconclusive: sum((result) => result.inconclusive),
    error: sum((result) => result.error),
    jobs: results.flatMap((result) => jobsOf(result, run)),
    nonJobInfo: results.flatMap(nonJobsOf),
    metrics: run.spec.metrics.map(
      (metric): MetricInfo => ({
        name: metric.name,
        successCondition: metric.successCondition ?? '',
        count: whole(metric.count),
        inconclusiveLimit: whole(metric.inconclusiveLimit),
        failureLimit: whole(metric.failureLimit),
      }),
    ),
    specAndStatus: { spec: run.spec, status: run.status },
  };
}

function jobsOf(result: MetricResult, run: AnalysisRun): JobInfo[] {
  return (result.measurements ?? []).flatMap((measurement: Measurement) => {
    const name = measurement.metadata?.[JOB_NAME];
    if (!name) return [];
    const namespace = measurement.metadata?.[JOB_NAMESPACE] || run.metadata.namespace;
    return [
      {
        objectMeta: { name, namespace, creationTimestamp: measurement.startedAt },
        status: measurement.phase,
        icon: analysisIcon(measurement.phase),
        metricName: result.name,
        startedAt: measurement.startedAt,
      },
    ];
  });
}

function nonJobsOf(result: MetricResult): NonJobInfo[] {
  return (result.measurements ?? [])
    .filter((measurement) => measurement.metadata === undefined)
    .map((measurement) => ({
      value: measurement.value ?? '',
      status: measurement.phase,
      metricName: result.name,
      startedAt: measurement.startedAt,
    }));
}

/** The number, or 0 when it is not a whole one. */
function whole(value: number | string | undefined): number {
  const text = String(value ?? '');
  return /^-?\d+$/.test(text) ? Number(text) : 0;
}

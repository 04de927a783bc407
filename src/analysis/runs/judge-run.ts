import {
  type AnalysisPhase,
  type AnalysisRun,
  type EventRecord,
  isCompleted,
  type MetricResult,
  type RunSummary,
} from '../../api/index.ts';
import { judgeMetric } from './judge-metric.ts';
import type { PreparedMetric } from './prepare.ts';
import { isTerminating } from './schedule.ts';

/** A run as its measurements so far make it. */
export interface RunVerdict {
  phase: AnalysisPhase;
  message: string;
  metricResults: MetricResult[];
  runSummary: RunSummary;
  dryRunSummary: RunSummary;
  /** One for each metric that is over since the last pass. */
  events: EventRecord[];
}

const fromBestToWorst: readonly AnalysisPhase[] = [
  'Successful',
  'Running',
  'Pending',
  'Inconclusive',
  'Error',
  'Failed',
];

/** Whether a phase is strictly worse than another (ANA §4.6). */
function isWorse(phase: AnalysisPhase, than: AnalysisPhase): boolean {
  return fromBestToWorst.indexOf(phase) > fromBestToWorst.indexOf(than);
}

/** Judges every metric and, from those that have a say, the run (ANA §4.5, §4.6). */
export function judgeRun(
  run: AnalysisRun,
  metrics: readonly PreparedMetric[],
  results: readonly MetricResult[],
): RunVerdict {
  const terminating = isTerminating({
    spec: run.spec,
    status: { phase: 'Running', metricResults: [...results] },
  });
  const judged = new Map(results.map((result) => [result.name, result]));
  const summaries = { normal: {} as RunSummary, dryRun: {} as RunSummary };
  const events: EventRecord[] = [];
  let worst: AnalysisPhase | undefined;
  let message = run.spec.terminate ? 'Run Terminated' : '';
  let complete = true;

  for (const { metric, dryRun } of metrics) {
    const summary = dryRun ? summaries.dryRun : summaries.normal;
    summary.count = (summary.count ?? 0) + 1;
    const before = judged.get(metric.name);
    if (!before) {
      complete = false;
      continue;
    }
    const { phase, reason } = judgeMetric(metric, before, terminating);
    const result = phase === before.phase ? before : withPhase(before, phase);
    judged.set(metric.name, result);
    if (!isCompleted(phase)) {
      complete = false;
      continue;
    }
    countIn(summary, phase);
    if (phase !== before.phase) events.push(metricEvent(metric.name, phase));
    if (dryRun) {
      worst ??= 'Successful';
      if (reason)
        judged.set(metric.name, { ...result, message: `Metric assessed ${phase} due to ${reason}` });
    } else if (worst === undefined || isWorse(phase, worst)) {
      worst = phase;
      if (reason) message = describe(metric.name, phase, reason, result.message);
    }
  }

  const verdict = terminating
    ? { phase: worst ?? 'Successful', message }
    : complete && worst
      ? { phase: worst, message }
      : { phase: 'Running' as const, message: '' };
  return {
    ...verdict,
    metricResults: [...judged.values()],
    runSummary: summaries.normal,
    dryRunSummary: summaries.dryRun,
    events,
  };
}

function withPhase(result: MetricResult, phase: AnalysisPhase): MetricResult {
  return { ...result, phase, message: result.measurements?.at(-1)?.message || undefined };
}

function countIn(summary: RunSummary, phase: AnalysisPhase): void {
  const key = phase.toLowerCase() as 'successful' | 'failed' | 'inconclusive' | 'error';
  summary[key] = (summary[key] ?? 0) + 1;
}

function describe(name: string, phase: AnalysisPhase, reason: string, detail: string | undefined): string {
  const suffix = detail ? `: "Error Message: ${detail}"` : '';
  return `Metric "${name}" assessed ${phase} due to ${reason}${suffix}`;
}

function metricEvent(name: string, phase: AnalysisPhase): EventRecord {
  return {
    type: phase === 'Failed' || phase === 'Error' ? 'Warning' : 'Normal',
    reason: `Metric${phase}`,
    message: `Metric '${name}' Completed. Result: ${phase}`,
  };
}

/** The event of a run that is over (ANA §4.13). */
export function runEvent(phase: AnalysisPhase): EventRecord {
  return {
    type: phase === 'Failed' || phase === 'Error' ? 'Warning' : 'Normal',
    reason: `AnalysisRun${phase}`,
    message: `Analysis Completed. Result: ${phase}`,
  };
}

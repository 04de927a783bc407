import {
  type AnalysisRun,
  type AnalysisRunStatus,
  type Decision,
  formatTime,
  type Instant,
  isCompleted,
} from '../../api/index.ts';
import { decideExpiry } from './expire.ts';
import { judgeRun, runEvent } from './judge-run.ts';
import { type PreparedMetric, prepareMetrics } from './prepare.ts';
import { recordMeasurement, trimMeasurements } from './record.ts';
import { dueMeasurements, isTerminating, nextWakeUp } from './schedule.ts';
import type { AnalysisRunView, RunDecision, TaskResult } from './types.ts';

/**
 * What to do about a run now (ANA §4.1). With measurements due the decision is to take them and to call `assess`;
 * without, it is complete.
 */
export function decideRun(view: AnalysisRunView, now: Instant): RunDecision {
  const { run } = view;
  if (run.metadata.deletionTimestamp) {
    const because = [{ code: 'Deleted', text: 'the run is being deleted' }];
    return { effects: [], events: [], because, measurements: [] };
  }
  if (isCompleted(run.status?.phase)) return { ...decideExpiry(run, now), events: [], measurements: [] };

  const metrics = prepareMetrics(run);
  if ('problem' in metrics) return { ...endInError(run, metrics.problem, now), measurements: [] };
  const measurements = dueMeasurements(run, metrics, now);
  if (measurements.length === 0) return { ...assessPrepared(run, metrics, [], now), measurements };
  const because = measurements.map(({ metricName, mode, attempt }) => ({
    code: 'MeasurementDue',
    text: mode === 'run' ? `measurement ${attempt} of ${metricName} is due` : `${metricName}: ${mode} is due`,
  }));
  return { effects: [], events: [], because, measurements };
}

/**
 * Folds what the measurements of `decideRun` came to into the run: counters, phases, messages, summaries, and when to
 * look again. `view` is the one that was decided on; `now` is the time after measuring.
 */
export function assess(
  { run }: AnalysisRunView,
  results: readonly TaskResult[],
  now: Instant,
): Decision<AnalysisRunStatus> {
  const metrics = prepareMetrics(run);
  return 'problem' in metrics
    ? endInError(run, metrics.problem, now)
    : assessPrepared(run, metrics, results, now);
}

function assessPrepared(
  run: AnalysisRun,
  metrics: readonly PreparedMetric[],
  results: readonly TaskResult[],
  now: Instant,
): Decision<AnalysisRunStatus> {
  const before = run.status;
  let metricResults = before?.metricResults ?? [];
  for (const result of results) {
    if ('unresolvable' in result) {
      return endInError(run, `Unable to resolve metric arguments: ${result.unresolvable}`, now);
    }
    const prepared = metrics.find(({ metric }) => metric.name === result.metricName);
    if (!prepared) continue;
    metricResults = recordMeasurement(metricResults, result, {
      mode: result.mode,
      dryRun: prepared.dryRun,
      now,
    });
  }

  const verdict = judgeRun(run, metrics, metricResults);
  const retentions = new Map(metrics.map(({ metric, retention }) => [metric.name, retention]));
  const changed = verdict.phase !== before?.phase;
  const over = isCompleted(verdict.phase);
  const message = changed ? verdict.message : (before?.message ?? '');
  const status: AnalysisRunStatus = {
    phase: verdict.phase,
    ...(message && { message }),
    startedAt: before?.startedAt ?? formatTime(now),
    ...(over && { completedAt: formatTime(now) }),
    runSummary: verdict.runSummary,
    dryRunSummary: verdict.dryRunSummary,
    ...(verdict.metricResults.length > 0 && {
      metricResults: trimMeasurements(
        verdict.metricResults,
        (name) => retentions.get(name) ?? Number.POSITIVE_INFINITY,
      ),
    }),
  };
  const after: AnalysisRun = { ...run, status };
  return {
    status,
    effects: [],
    events: [...verdict.events, ...(over ? [runEvent(verdict.phase)] : [])],
    ...(over ? afterwards(after, now) : meanwhile(after, metrics, now)),
  };
}

function afterwards(run: AnalysisRun, now: Instant): Pick<RunDecision, 'because' | 'wakeAt'> {
  const { because, wakeAt } = decideExpiry(run, now);
  return wakeAt === undefined ? { because } : { because, wakeAt };
}

/** A metric that has just been judged badly ends the run in the next pass, which is wanted at once (ANA §4.6). */
function meanwhile(
  run: AnalysisRun,
  metrics: readonly PreparedMetric[],
  now: Instant,
): Pick<RunDecision, 'because' | 'wakeAt'> {
  if (isTerminating(run)) {
    return {
      because: [{ code: 'Terminating', text: 'a metric has decided; the others are terminated' }],
      wakeAt: now,
    };
  }
  return nextWakeUp(run, metrics, now);
}

/** Always with a time of completion, so that the time to live applies (ANA-051). */
function endInError(run: AnalysisRun, message: string, now: Instant): Decision<AnalysisRunStatus> {
  const status: AnalysisRunStatus = {
    ...run.status,
    phase: 'Error',
    message,
    completedAt: formatTime(now),
  };
  const { wakeAt } = decideExpiry({ ...run, status }, now);
  return {
    status,
    effects: [],
    events: [runEvent('Error')],
    because: [{ code: 'RunError', text: message }],
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

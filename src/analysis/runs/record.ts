import {
  type AnalysisRunStatus,
  formatTime,
  type Instant,
  isCompleted,
  type Measurement,
  type MetricResult,
} from '../../api/index.ts';
import type { TaskResult } from './types.ts';

type Taken = Extract<TaskResult, { measurement: Measurement }>;

/** The metric results with one more measurement in them (ANA §4.4). A resumed or terminated one replaces the last. */
export function recordMeasurement(
  results: readonly MetricResult[],
  { metricName, measurement: taken, metadata }: Taken,
  context: { mode: 'run' | 'resume' | 'terminate'; dryRun: boolean; now: Instant },
): MetricResult[] {
  const known = results.find((result) => result.name === metricName);
  const before: MetricResult = known ?? {
    name: metricName,
    phase: 'Running',
    ...(context.dryRun && { dryRun: true }),
    ...(metadata && Object.keys(metadata).length > 0 && { metadata }),
  };
  const measurement = finish(taken, context);
  const earlier = before.measurements ?? [];
  const after: MetricResult = {
    ...before,
    measurements: [...(context.mode === 'run' ? earlier : earlier.slice(0, -1)), measurement],
    ...countersAfter(before, measurement),
  };
  return known ? results.map((result) => (result === known ? after : result)) : [...results, after];
}

function finish(
  measurement: Measurement,
  { mode, now }: { mode: 'run' | 'resume' | 'terminate'; now: Instant },
): Measurement {
  if (mode !== 'terminate') {
    return isCompleted(measurement.phase)
      ? { ...measurement, finishedAt: measurement.finishedAt || formatTime(now) }
      : measurement;
  }
  const phase = isCompleted(measurement.phase) ? measurement.phase : 'Inconclusive';
  return {
    ...measurement,
    phase,
    ...((phase === 'Successful' || phase === 'Inconclusive') && { message: 'Metric Terminated' }),
    finishedAt: measurement.finishedAt || formatTime(now),
  };
}

type Counters = Pick<
  MetricResult,
  'count' | 'successful' | 'failed' | 'inconclusive' | 'error' | 'consecutiveError' | 'consecutiveSuccess'
>;

/** The counters that a finished measurement changes. Counters at 0 are left out of a new result. */
function countersAfter(before: MetricResult, { phase }: Measurement): Counters {
  const one = (counter: keyof Counters) => (before[counter] ?? 0) + 1;
  switch (phase) {
    case 'Successful':
      return {
        successful: one('successful'),
        count: one('count'),
        consecutiveSuccess: one('consecutiveSuccess'),
        consecutiveError: undefined,
      };
    case 'Failed':
      return {
        failed: one('failed'),
        count: one('count'),
        consecutiveError: undefined,
        consecutiveSuccess: undefined,
      };
    case 'Inconclusive':
      return {
        inconclusive: one('inconclusive'),
        count: one('count'),
        consecutiveError: undefined,
        consecutiveSuccess: undefined,
      };
    case 'Error':
      return {
        error: one('error'),
        consecutiveError: one('consecutiveError'),
        consecutiveSuccess: undefined,
      };
    default:
      return {};
  }
}

/** The results with no more measurements than each metric keeps: the newest (ANA §4.9). Counters stay. */
export function trimMeasurements(
  results: readonly MetricResult[],
  retentionOf: (metricName: string) => number,
): NonNullable<AnalysisRunStatus['metricResults']> {
  return results.map((result) => {
    const measurements = result.measurements ?? [];
    const keep = retentionOf(result.name);
    return measurements.length > keep ? { ...result, measurements: measurements.slice(-keep) } : result;
  });
}

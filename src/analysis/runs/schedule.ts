import {
  type AnalysisRun,
  type Instant,
  isCompleted,
  type Measurement,
  type MetricResult,
  parseTime,
  type Reason,
} from '../../api/index.ts';
import { ERROR_RETRY_MS, effectiveCount, initialDelayMs, intervalMs } from '../metrics/metric.ts';
import type { PreparedMetric } from './prepare.ts';
import type { MeasurementTask } from './types.ts';

/** Interval of a metric that has none but is measured again (ANA §4.3). */
const DEFAULT_INTERVAL_MS = 10_000;

/** Whether the run is being brought to its end: by its user, or by a metric that has been judged (ANA §4.3). */
export function isTerminating({ spec, status }: Pick<AnalysisRun, 'spec' | 'status'>): boolean {
  return (
    spec.terminate === true ||
    (status?.metricResults ?? []).some(
      ({ dryRun, phase }) => !dryRun && isCompleted(phase) && phase !== 'Successful',
    )
  );
}

function resultOf({ status }: Pick<AnalysisRun, 'status'>, metricName: string): MetricResult | undefined {
  return status?.metricResults?.find((result) => result.name === metricName);
}

/** The next that happens to a metric. */
interface Next {
  mode: MeasurementTask['mode'];
  /** When; undefined: nothing but an event brings it on. */
  at: Instant | undefined;
  /** Due in every pass, but no reason for one: an unfinished measurement without `resumeAt`. */
  untimed?: true;
  why: Reason;
}

/** The measurements that are due (ANA §4.3), in the order of the spec. */
export function dueMeasurements(
  run: AnalysisRun,
  metrics: readonly PreparedMetric[],
  now: Instant,
): MeasurementTask[] {
  return metrics.flatMap((prepared) => {
    const next = nextMeasurement(run, prepared, now);
    if (next?.at === undefined || next.at > now) return [];
    const { metric, source, retention } = prepared;
    const result = resultOf(run, metric.name);
    const task: MeasurementTask = {
      metricName: metric.name,
      metric,
      source,
      retention,
      mode: next.mode,
      attempt: (result?.count ?? 0) + (result?.error ?? 0) + 1,
    };
    const unfinished = next.mode === 'run' ? undefined : result?.measurements?.at(-1);
    return unfinished ? [{ ...task, measurement: unfinished }] : [task];
  });
}

/** When a measurement is due next, over all metrics, and what each metric waits for (ANA §4.11). */
export function nextWakeUp(
  run: AnalysisRun,
  metrics: readonly PreparedMetric[],
  now: Instant,
): { wakeAt?: Instant; because: Reason[] } {
  const nexts = metrics.flatMap((prepared) => nextMeasurement(run, prepared, now) ?? []);
  const times = nexts.flatMap(({ at, untimed }) => (untimed ? [] : (at ?? [])));
  const because = nexts.map(({ why }) => why);
  return times.length > 0 ? { wakeAt: Math.min(...times), because } : { because };
}

function nextMeasurement(run: AnalysisRun, { metric }: PreparedMetric, now: Instant): Next | undefined {
  const result = resultOf(run, metric.name);
  const last = result?.measurements?.at(-1);
  if (isCompleted(result?.phase)) return undefined;
  const terminating = isTerminating(run);

  if (last && !last.finishedAt) {
    if (terminating) {
      return { mode: 'terminate', at: now, why: reason('Terminating', `${metric.name} is being terminated`) };
    }
    const why = reason('MeasurementUnfinished', `${metric.name}: a measurement is unfinished`);
    const resumeAt = parseTime(last.resumeAt);
    return resumeAt === undefined
      ? { mode: 'resume', at: now, untimed: true, why }
      : { mode: 'resume', at: resumeAt, why };
  }
  if (terminating) return undefined;

  if (!last) {
    const delay = initialDelayMs(metric);
    if (delay <= 0) return { mode: 'run', at: now, why: reason('FirstMeasurement', `${metric.name} is due`) };
    const startedAt = parseTime(run.status?.startedAt);
    const why = reason('InitialDelay', `${metric.name} waits for its initialDelay of ${metric.initialDelay}`);
    return { mode: 'run', at: startedAt === undefined ? undefined : startedAt + delay, why };
  }
  const count = effectiveCount(metric);
  if (count !== undefined && (result?.count ?? 0) >= count) return undefined;
  return {
    mode: 'run',
    at: (parseTime(last.finishedAt) ?? now) + waitAfter(last, intervalMs(metric)),
    why: waiting(last, metric),
  };
}

function waitAfter(last: Measurement, interval: number | undefined): number {
  return last.phase === 'Error' ? ERROR_RETRY_MS : (interval ?? DEFAULT_INTERVAL_MS);
}

function waiting(last: Measurement, metric: PreparedMetric['metric']): Reason {
  return last.phase === 'Error'
    ? reason('RetryAfterError', `${metric.name} is measured again ${ERROR_RETRY_MS / 1000} s after an error`)
    : reason('Interval', `${metric.name} is measured every ${metric.interval || '10s'}`);
}

function reason(code: string, text: string): Reason {
  return { code, text };
}

import { type Metric, parseDuration } from '../../api/index.ts';

/** Errors in a row that a metric survives when it does not say. */
const DEFAULT_CONSECUTIVE_ERROR_LIMIT = 4;
/** How soon an Error is tried again, whatever the interval (ANA §4.3). */
export const ERROR_RETRY_MS = 10_000;

/** The limits of a metric as numbers, with their defaults (ANA §1.2). */
export interface MetricLimits {
  /** -1: any number of failures. */
  failureLimit: number;
  inconclusiveLimit: number;
  consecutiveErrorLimit: number;
  /** 0: off. */
  consecutiveSuccessLimit: number;
}

/** An IntOrString as a number; undefined when it is text that is no integer. */
export function integerOf(value: number | string | undefined): number | undefined {
  if (typeof value !== 'string') return value;
  return /^[+-]?\d+$/.test(value) ? Number(value) : undefined;
}

export function limitsOf(metric: Metric): MetricLimits {
  return {
    failureLimit: integerOf(metric.failureLimit) ?? 0,
    inconclusiveLimit: integerOf(metric.inconclusiveLimit) ?? 0,
    consecutiveErrorLimit: integerOf(metric.consecutiveErrorLimit) ?? DEFAULT_CONSECUTIVE_ERROR_LIMIT,
    consecutiveSuccessLimit: integerOf(metric.consecutiveSuccessLimit) ?? 0,
  };
}

/** How many measurements a metric takes; undefined: no end (ANA §1.2). */
export function effectiveCount(metric: Metric): number | undefined {
  const count = integerOf(metric.count) ?? 0;
  if (count !== 0) return count;
  return metric.interval ? undefined : 1;
}

/** Milliseconds between measurements; undefined when the metric has no interval. */
export function intervalMs(metric: Metric): number | undefined {
  return metric.interval ? parseDuration(metric.interval) : undefined;
}

/** Milliseconds from the start of the run to the first measurement. */
export function initialDelayMs(metric: Metric): number {
  return metric.initialDelay ? parseDuration(metric.initialDelay) : 0;
}

/** The metric with whole numbers in `interval` and `initialDelay` read as seconds. */
export function normaliseMetric(metric: Metric): Metric {
  const { interval, initialDelay } = metric;
  return {
    ...metric,
    ...(interval !== undefined && { interval: durationText(interval) }),
    ...(initialDelay !== undefined && { initialDelay: durationText(initialDelay) }),
  };
}

function durationText(value: string | number): string {
  return typeof value === 'number' ? `${value}s` : value;
}

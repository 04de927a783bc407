import { DurationError, type Metric, parseDuration } from '../../api/index.ts';
import { integerOf, limitsOf } from './metric.ts';

/**
 * The first thing that is wrong with the metrics of a run, in the order of ANA §4.2; undefined when they are sound.
 * The metrics have their arguments in place.
 */
export function validateMetrics(metrics: readonly Metric[]): string | undefined {
  if (metrics.length === 0) return 'no metrics specified';
  for (const [i, metric] of metrics.entries()) {
    const problem = metrics.slice(0, i).some((other) => other.name === metric.name)
      ? `duplicate name '${metric.name}'`
      : validateMetric(metric);
    if (problem) return `metrics[${i}]: ${problem}`;
  }
  return undefined;
}

const integerFields = [
  'count',
  'failureLimit',
  'inconclusiveLimit',
  'consecutiveErrorLimit',
  'consecutiveSuccessLimit',
] as const;

function validateMetric(metric: Metric): string | undefined {
  const notInteger = integerFields.find((field) => {
    const value = metric[field];
    return value !== undefined && !Number.isSafeInteger(integerOf(value));
  });
  if (notInteger) {
    return `${notInteger} must be an integer, not ${JSON.stringify(metric[notInteger])}`;
  }
  return (
    validateLimits(metric) ??
    validateDuration('interval', metric.interval, metric.interval !== undefined && metric.interval !== '') ??
    validateDuration('startDelay', metric.initialDelay, false) ??
    validateProvider(metric)
  );
}

function validateLimits(metric: Metric): string | undefined {
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit, consecutiveSuccessLimit } =
    limitsOf(metric);
  const count = integerOf(metric.count) ?? 0;
  if (count < 0) return 'count must be >= 0';
  if (consecutiveSuccessLimit < 0) return 'consecutiveSuccessLimit must be >= 0';
  if (failureLimit < -1) return 'failureLimit must be >= 0, or -1 to be disabled';
  if (consecutiveSuccessLimit === 0 && failureLimit === -1) {
    return 'failureLimit and consecutiveSuccessLimit cannot both be disabled';
  }
  if (inconclusiveLimit < 0) return 'inconclusiveLimit must be >= 0';
  if (consecutiveErrorLimit < 0) return 'consecutiveErrorLimit must be >= 0';
  if (count > 0 && failureLimit >= 0 && count < failureLimit + consecutiveSuccessLimit) {
    return `count (${count}) must be >= failureLimit + consecutiveSuccessLimit (${failureLimit} + ${consecutiveSuccessLimit}) if both >= 0`;
  }
  if (count > 0 && failureLimit < 0 && count < consecutiveSuccessLimit) {
    return 'count must be >= consecutiveSuccessLimit';
  }
  if (count > 0 && count < inconclusiveLimit) return 'count must be >= inconclusiveLimit';
  if (count > 1 && !metric.interval) return 'interval must be specified when count > 1';
  return undefined;
}

function validateDuration(
  field: 'interval' | 'startDelay',
  text: string | undefined,
  mustBePositive: boolean,
): string | undefined {
  if (!text) return undefined;
  try {
    const ms = parseDuration(text);
    return mustBePositive && ms <= 0 ? `invalid ${field} string: must be > 0, not "${text}"` : undefined;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    return `invalid ${field} string: ${error.message}`;
  }
}

function validateProvider({ provider = {} }: Metric): string | undefined {
  const keys = Object.entries(provider).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    return key === 'plugin' ? Object.keys(value) : [key];
  });
  if (keys.length === 0) return 'no provider specified';
  return keys.length > 1 ? 'multiple providers specified' : undefined;
}

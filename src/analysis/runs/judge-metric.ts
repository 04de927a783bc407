import { type AnalysisPhase, isCompleted, type Metric, type MetricResult } from '../../api/index.ts';
import { effectiveCount, limitsOf } from '../metrics/metric.ts';

/** What a metric has come to, and why if a limit decided. */
export interface MetricVerdict {
  phase: AnalysisPhase;
  /** e.g. `failed (1) > failureLimit (0)`. */
  reason?: string;
}

/** The phase of a metric after its latest measurement (ANA §4.5). */
export function judgeMetric(metric: Metric, result: MetricResult, terminating: boolean): MetricVerdict {
  if (isCompleted(result.phase)) {
    const reason = exceededLimit(metric, result)?.reason ?? unmetSuccesses(metric, result)?.reason;
    return { phase: result.phase, ...(result.phase !== 'Successful' && reason && { reason }) };
  }
  const last = result.measurements?.at(-1);
  if (!last) return { phase: terminating ? 'Successful' : 'Pending' };
  if (!isCompleted(last.phase)) return { phase: 'Running' };

  const exceeded = exceededLimit(metric, result);
  if (exceeded) return exceeded;
  const { consecutiveSuccessLimit } = limitsOf(metric);
  if (consecutiveSuccessLimit > 0 && (result.consecutiveSuccess ?? 0) >= consecutiveSuccessLimit) {
    return { phase: 'Successful' };
  }
  const count = effectiveCount(metric);
  if (count !== undefined && (result.count ?? 0) >= count) {
    return unmetSuccesses(metric, result) ?? { phase: 'Successful' };
  }
  return { phase: terminating ? 'Successful' : 'Running' };
}

/** Error beats Inconclusive beats Failed when several limits are exceeded at once (ANA-034). */
function exceededLimit(metric: Metric, result: MetricResult): MetricVerdict | undefined {
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit } = limitsOf(metric);
  const { consecutiveError = 0, inconclusive = 0, failed = 0 } = result;
  if (consecutiveError > consecutiveErrorLimit) {
    return {
      phase: 'Error',
      reason: `consecutiveErrors (${consecutiveError}) > consecutiveErrorLimit (${consecutiveErrorLimit})`,
    };
  }
  if (inconclusive > inconclusiveLimit) {
    return {
      phase: 'Inconclusive',
      reason: `inconclusive (${inconclusive}) > inconclusiveLimit (${inconclusiveLimit})`,
    };
  }
  if (failureLimit >= 0 && failed > failureLimit) {
    return { phase: 'Failed', reason: `failed (${failed}) > failureLimit (${failureLimit})` };
  }
  return undefined;
}

/** All measurements taken, and too few successes in a row at the end (ANA-036). */
function unmetSuccesses(metric: Metric, { count: taken = 0 }: MetricResult): MetricVerdict | undefined {
  const { consecutiveSuccessLimit, failureLimit } = limitsOf(metric);
  if (consecutiveSuccessLimit <= 0) return undefined;
  return {
    phase: failureLimit >= 0 ? 'Inconclusive' : 'Failed',
    reason: `consecutiveSuccessLimit (${consecutiveSuccessLimit}) not reached after count (${taken})`,
  };
}

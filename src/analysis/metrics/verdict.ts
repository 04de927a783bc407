import type { AnalysisPhase, Instant, Metric } from '../../api/index.ts';
import { ExpressionError, evaluate, type Type, type Value } from '../expressions/index.ts';

/** What a provider measured. */
export interface Sample {
  result: Value;
  /** What is known of the result whatever it is today. Default: what its outermost level shows. */
  type?: Type;
  /** `measurement.value`. */
  text: string;
  /** For `measurement.metadata`. */
  metadata?: Record<string, string>;
}

/** What a metric's conditions say about a sample (ANA §4.4). */
export function judgeSample(
  { successCondition, failureCondition }: Pick<Metric, 'successCondition' | 'failureCondition'>,
  sample: Pick<Sample, 'result' | 'type'>,
  now: Instant,
): { phase: AnalysisPhase; message?: string } {
  const holds = (condition: string) =>
    evaluate(condition, { result: sample.result, now, ...(sample.type && { resultType: sample.type }) });
  let evaluating = 'successCondition';
  try {
    const success = successCondition ? holds(successCondition) : undefined;
    evaluating = 'failureCondition';
    const failure = failureCondition ? holds(failureCondition) : undefined;
    if (failure) return { phase: 'Failed' };
    if (success ?? (failure === false || !failureCondition)) return { phase: 'Successful' };
    return { phase: failureCondition ? 'Inconclusive' : 'Failed' };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const condition = evaluating === 'successCondition' ? successCondition : failureCondition;
    const detail = isEmpty(sample.result)
      ? 'metric result is nil or empty: no data returned from the metric provider'
      : error.message;
    return {
      phase: 'Error',
      message: `could not evaluate ${evaluating} ${JSON.stringify(condition)}: ${detail}`,
    };
  }
}

function isEmpty(result: Value): boolean {
  return result === null || (Array.isArray(result) && result.length === 0);
}

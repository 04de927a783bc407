import { RE2JS, RE2JSException } from 're2js';
import type { AnalysisRun, Metric } from '../../api/index.ts';
import { ArgumentError, argumentValues, resolveMetric } from '../metrics/resolve.ts';
import { validateMetrics } from '../metrics/validate.ts';

/** How many measurements of a metric are kept when nobody says (ANA §4.9). */
const DEFAULT_RETENTION = 10;

/** A metric of a run, ready to be scheduled and judged. */
export interface PreparedMetric {
  /** With its placeholders replaced; Secrets are represented by a stand-in. */
  metric: Metric;
  /** As it is in the spec. */
  source: Metric;
  /** Measured, but without a say. */
  dryRun: boolean;
  /** How many measurements are kept. */
  retention: number;
}

/**
 * The metrics of a run in the order of its spec, or the message with which the run ends in Error (ANA §4.1, steps 2–4).
 */
export function prepareMetrics(run: AnalysisRun): PreparedMetric[] | { problem: string } {
  const { spec } = run;
  let metrics: Metric[];
  try {
    const values = argumentValues(spec.args ?? [], run);
    metrics = (spec.metrics ?? []).map((metric) => resolveMetric(metric, values));
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return { problem: `Unable to resolve metric arguments: ${error.message}` };
  }
  const invalid = validateMetrics(metrics);
  if (invalid) return { problem: `Analysis spec invalid: ${invalid}` };
  try {
    const names = metrics.map((metric) => metric.name);
    const dryRun = matchRules('dryRun', spec.dryRun ?? [], names);
    const retention = matchRules('measurementRetention', spec.measurementRetention ?? [], names);
    return metrics.map((metric, i) => {
      const limit = retention.get(metric.name)?.limit ?? 0;
      return {
        metric,
        source: spec.metrics[i] as Metric,
        dryRun: dryRun.has(metric.name),
        retention: limit > 0 ? limit : DEFAULT_RETENTION,
      };
    });
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { problem: `Analysis spec invalid: ${error.message}` };
  }
}

class RuleError extends Error {
  override name = 'RuleError';
}

/** The last rule whose expression is found in each name; every rule must match at least one (ANA §4.8, §4.9). */
function matchRules<Rule extends { metricName: string }>(
  field: string,
  rules: readonly Rule[],
  names: readonly string[],
): Map<string, Rule> {
  const matched = new Map<string, Rule>();
  for (const [i, rule] of rules.entries()) {
    const pattern = compileRule(`${field}[${i}]`, rule.metricName);
    const hits = names.filter((name) => pattern.matcher(name).find());
    if (hits.length === 0) throw new RuleError(`${field}[${i}]: Rule didn't match any metric name(s)`);
    for (const name of hits) matched.set(name, rule);
  }
  return matched;
}

function compileRule(field: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern === '*' ? '.*' : pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new RuleError(`${field}: metricName is no regular expression: ${error.message}`);
  }
}

import type { AnalysisRunSpec, TemplateRef } from '../../api/index.ts';
import { normaliseMetric } from '../metrics/metric.ts';
import { collectTemplates } from './collect.ts';
import { FieldPathError } from './field-path.ts';
import { MergeError, mergeArguments, mergeRules, mergeTemplates } from './merge.ts';
import { resolveRolloutArguments } from './rollout-arguments.ts';
import type { RolloutRunSpecInput, RunSpecInput, TemplateError } from './types.ts';

/** The spec of the run that a Rollout asks for, or the first thing that is wrong with it (ANA §2.3, §2.4, §3). */
export function resolveRunSpec(
  input: RolloutRunSpecInput,
): { spec: AnalysisRunSpec } | { error: TemplateError } {
  try {
    const args = resolveRolloutArguments(input.args ?? [], input.values);
    return buildRunSpec({ ...input, args });
  } catch (error) {
    if (!(error instanceof FieldPathError)) throw error;
    return { error: { value: describeTemplates(input.templates), message: error.message } };
  }
}

/** The spec of a run whose arguments are values or Secret references (ANA §2.4, §3). */
export function buildRunSpec(input: RunSpecInput): { spec: AnalysisRunSpec } | { error: TemplateError } {
  const collected = collectTemplates(input.templates, input);
  if ('error' in collected) return collected;
  try {
    const merged = mergeTemplates([...collected.namespaced, ...collected.cluster]);
    const args = mergeArguments(merged.args, input.args ?? []);
    const dryRun = mergeRules('Dry-Run', input.dryRun ?? [], merged.dryRun);
    const measurementRetention = mergeRules(
      'Measurement Retention',
      input.measurementRetention ?? [],
      merged.measurementRetention,
    );
    return {
      spec: {
        metrics: merged.metrics.map(normaliseMetric),
        ...(args.length > 0 && { args }),
        ...(dryRun.length > 0 && { dryRun }),
        ...(measurementRetention.length > 0 && { measurementRetention }),
      },
    };
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    return { error: { value: describeTemplates(input.templates), message: error.message } };
  }
}

function describeTemplates(references: readonly TemplateRef[]): string {
  return `templateNames: [${references.map((reference) => reference.templateName ?? '').join(' ')}]`;
}

import type { AnalysisTemplate, Argument } from '../../api/index.ts';
import { effectiveCount, integerOf } from '../metrics/metric.ts';
import { ArgumentError, argumentValues, resolveMetric } from '../metrics/resolve.ts';
import { validateMetrics } from '../metrics/validate.ts';
import { collectTemplates } from './collect.ts';
import { FieldPathError } from './field-path.ts';
import { buildRunSpec } from './resolve.ts';
import { resolveRolloutArgument } from './rollout-arguments.ts';
import type { RolloutRunSpecInput, TemplateError } from './types.ts';

/** Stands in for an argument that has no value yet (ANA §3). */
const DUMMY_VALUE = 'dummy-value';

/**
 * What a user of a Rollout is told about the templates of its analysis, before anything is done (ANA §3): the first
 * error, or undefined. A background analysis may run without end; any other must come to one.
 */
export function validateTemplatesFor(
  input: RolloutRunSpecInput,
  { background }: { background: boolean },
): TemplateError | undefined {
  if (input.templates.length === 0) return undefined;
  const given = valuesKnownNow(input);
  const built = buildRunSpec({ ...input, args: given.args });
  if ('error' in built) return built.error;
  if (!background) {
    const collected = collectTemplates(input.templates, input);
    if ('error' in collected) return collected.error;
    for (const template of [...collected.namespaced, ...collected.cluster]) {
      const error = validateFiniteTemplate(template, given.args);
      if (error) return error;
    }
  }
  if (!given.complete) return undefined;
  return validateResolvedMetrics(built.spec.metrics, built.spec.args ?? [], input);
}

/** A field that the Rollout does not have yet counts as empty (ANA §2.3). */
function valuesKnownNow({ args = [], values }: RolloutRunSpecInput): { args: Argument[]; complete: boolean } {
  let complete = true;
  const resolved = args.map((arg) => {
    try {
      return { name: arg.name, value: resolveRolloutArgument(arg, values) };
    } catch (error) {
      if (!(error instanceof FieldPathError)) throw error;
      complete = false;
      return { name: arg.name, value: '' };
    }
  });
  return { args: resolved, complete };
}

function validateFiniteTemplate(
  template: AnalysisTemplate,
  given: readonly Argument[],
): TemplateError | undefined {
  const name = template.metadata.name ?? '';
  const invalid = (message: string): TemplateError => ({
    value: name,
    message: `AnalysisTemplate ${name}${message}`,
  });
  const args = template.spec.args ?? [];

  const ambiguous = args.find((arg) => arg.value !== undefined && arg.valueFrom);
  if (ambiguous) return invalid(`: arg '${ambiguous.name}' has both Value and ValueFrom fields`);

  const values = new Map(
    args.map((arg) => {
      const override = given.findLast((candidate) => candidate.name === arg.name);
      return [`args.${arg.name}`, override?.value ?? arg.value ?? DUMMY_VALUE];
    }),
  );
  for (const source of template.spec.metrics ?? []) {
    try {
      const metric = resolveMetric(source, values);
      const count = metric.count;
      if (effectiveCount(metric) === undefined && !(count !== undefined && integerOf(count) === undefined)) {
        return invalid(
          ` has metric ${metric.name} which runs indefinitely. Invalid value for count: ${count ?? '<nil>'}`,
        );
      }
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      return invalid(`: ${error.message}`);
    }
  }
  return undefined;
}

/**
 * What would end the run in Error as soon as it starts is told now, while nothing has been changed. Placeholders that
 * cannot be replaced yet are left to the run.
 */
function validateResolvedMetrics(
  metrics: Parameters<typeof validateMetrics>[0],
  args: readonly Argument[],
  { templates, values }: RolloutRunSpecInput,
): TemplateError | undefined {
  try {
    const known = argumentValues(args, values.rollout);
    const problem = validateMetrics(metrics.map((metric) => resolveMetric(metric, known)));
    if (problem === undefined) return undefined;
    const names = templates.map((template) => template.templateName ?? '').join(' ');
    return { value: `templateNames: [${names}]`, message: `Analysis spec invalid: ${problem}` };
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return undefined;
  }
}

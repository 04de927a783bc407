import { type AnalysisTemplate, type AnalysisTemplateSpec, type Argument, equal } from '../../api/index.ts';

/** What several templates ask for together. */
export type MergedTemplates = Required<
  Pick<AnalysisTemplateSpec, 'metrics' | 'args' | 'dryRun' | 'measurementRetention'>
>;

/** A clash between templates, or an argument without a value; the message is for the user. */
export class MergeError extends Error {
  override name = 'MergeError';
}

/**
 * One list of metrics, arguments and rules out of several templates (ANA §3).
 * @throws MergeError when two of them disagree
 */
export function mergeTemplates(templates: readonly AnalysisTemplate[]): MergedTemplates {
  const merged: MergedTemplates = { metrics: [], args: [], dryRun: [], measurementRetention: [] };
  for (const { spec } of templates) {
    merged.metrics.push(...(spec.metrics ?? []));
    merged.dryRun.push(...(spec.dryRun ?? []));
    merged.measurementRetention.push(...(spec.measurementRetention ?? []));
    for (const arg of spec.args ?? []) addArgument(merged.args, arg);
  }
  const twice = firstRepeated(merged.metrics.map((metric) => metric.name));
  if (twice !== undefined) throw new MergeError(`two metrics have the same name '${twice}'`);
  return merged;
}

function addArgument(args: Argument[], arg: Argument): void {
  const at = args.findIndex((other) => other.name === arg.name);
  const known = args[at];
  if (!known) {
    args.push({ ...arg });
    return;
  }
  if (known.value !== undefined && arg.value !== undefined && known.value !== arg.value) {
    throw new MergeError(
      `Argument \`${arg.name}\` specified multiple times with different values: '${known.value}', '${arg.value}'`,
    );
  }
  if (known.valueFrom && arg.valueFrom && !equal(known.valueFrom, arg.valueFrom)) {
    throw new MergeError(
      `Argument \`${arg.name}\` specified multiple times with different values: ` +
        `'${JSON.stringify(known.valueFrom)}', '${JSON.stringify(arg.valueFrom)}'`,
    );
  }
  args[at] = { ...arg, ...known };
}

/**
 * The template's arguments with the caller's values (ANA §2.4). A given value takes the place of a template's
 * `valueFrom`; a given argument that the templates do not declare is dropped.
 * @throws MergeError when an argument ends up without a value
 */
export function mergeArguments(declared: readonly Argument[], given: readonly Argument[]): Argument[] {
  return declared.map((arg) => {
    const override = given.findLast((candidate) => candidate.name === arg.name);
    const merged: Argument =
      override?.value !== undefined
        ? { name: arg.name, value: override.value }
        : override?.valueFrom
          ? { name: arg.name, valueFrom: override.valueFrom }
          : arg;
    if (merged.value === undefined && !merged.valueFrom) {
      throw new MergeError(`args.${arg.name} was not resolved`);
    }
    return merged;
  });
}

/**
 * The caller's rules, then the templates'.
 * @throws MergeError when two rules name the same metrics
 */
export function mergeRules<Rule extends { metricName: string }>(
  what: 'Dry-Run' | 'Measurement Retention',
  given: readonly Rule[],
  fromTemplates: readonly Rule[],
): Rule[] {
  const rules = [...given, ...fromTemplates];
  const twice = firstRepeated(rules.map((rule) => rule.metricName));
  if (twice !== undefined) throw new MergeError(`two ${what} metric rules have the same name '${twice}'`);
  return rules;
}

function firstRepeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) < i);
}

import type { Argument, RolloutAnalysisArg } from '../../api/index.ts';
import { readFieldPath } from './field-path.ts';
import type { RolloutValues } from './types.ts';

/**
 * The arguments of a Rollout's analysis as plain values (ANA §2.3). An argument without a value is the empty string
 * and still overrides the template's default.
 * @throws FieldPathError
 */
export function resolveRolloutArguments(
  args: readonly RolloutAnalysisArg[],
  values: RolloutValues,
): Argument[] {
  return args.map((arg) => ({ name: arg.name, value: resolveRolloutArgument(arg, values) }));
}

/** @throws FieldPathError */
export function resolveRolloutArgument(arg: RolloutAnalysisArg, values: RolloutValues): string {
  const { podTemplateHashValue, fieldRef } = arg.valueFrom ?? {};
  if (podTemplateHashValue === 'Latest') return values.latestHash ?? '';
  if (podTemplateHashValue === 'Stable') return values.stableHash ?? '';
  if (fieldRef) return readFieldPath(values.rollout, fieldRef.fieldPath);
  return arg.value ?? '';
}

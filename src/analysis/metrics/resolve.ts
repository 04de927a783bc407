import type { Argument, KubeObject, Metric } from '../../api/index.ts';
import { FieldPathError, readFieldPath } from '../templates/field-path.ts';
import { PlaceholderError, replacePlaceholders } from '../templates/placeholders.ts';
import { normaliseMetric } from './metric.ts';

/** What stands in for a Secret's value wherever that value must not be seen (ANA §2.2). */
const SECRET_STAND_IN = 'temp-for-secret';

/** An argument without a value, or a placeholder without an argument; the message is for the user. */
export class ArgumentError extends Error {
  override name = 'ArgumentError';
}

/**
 * The values of a run's arguments, keyed as placeholders name them (`args.<name>`). Values from Secrets come from
 * `secrets`, by argument name; without it a stand-in takes their place.
 * @throws ArgumentError when a declared argument has no value, used or not (ANA-009)
 */
export function argumentValues(
  args: readonly Argument[],
  run: KubeObject,
  secrets?: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map(args.map((arg) => [`args.${arg.name}`, argumentValue(arg, run, secrets)]));
}

function argumentValue(
  { name, value, valueFrom }: Argument,
  run: KubeObject,
  secrets?: ReadonlyMap<string, string>,
): string {
  const resolved = valueFrom?.secretKeyRef
    ? secrets
      ? secrets.get(name)
      : SECRET_STAND_IN
    : (value ?? (valueFrom?.fieldRef && runField(name, run, valueFrom.fieldRef.fieldPath)));
  if (resolved === undefined) throw new ArgumentError(`argument "${name}" was not supplied`);
  return resolved;
}

function runField(name: string, run: KubeObject, fieldPath: string): string {
  try {
    if (fieldPath.startsWith('metadata')) return readFieldPath(run, fieldPath);
  } catch (error) {
    if (!(error instanceof FieldPathError)) throw error;
    throw new ArgumentError(`argument "${name}": ${error.message}`);
  }
  throw new ArgumentError(
    `argument "${name}": fieldRef of a run must be a path in metadata, not ${fieldPath}`,
  );
}

/**
 * The metric with its placeholders replaced.
 * @throws ArgumentError
 */
export function resolveMetric(metric: Metric, values: ReadonlyMap<string, string>): Metric {
  try {
    return normaliseMetric(replacePlaceholders(metric, values));
  } catch (error) {
    if (!(error instanceof PlaceholderError)) throw error;
    throw new ArgumentError(error.message);
  }
}

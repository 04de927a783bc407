import type { Argument } from '../../api/index.ts';
import { isNotFound } from '../../kube/index.ts';
import type { MeasureContext } from './provider.ts';

/** A Secret, or a key of it, that does not exist: the run cannot go on (ANA-012). */
export class MissingSecretError extends Error {
  override name = 'MissingSecretError';
}

/**
 * The values of the arguments that come from Secrets of the run's namespace, by argument name.
 * @throws MissingSecretError, or what reading fails with
 */
export async function readSecretArguments(
  args: readonly Argument[],
  { run, readSecret }: Pick<MeasureContext, 'run' | 'readSecret'>,
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const secrets = new Map<string, Promise<Record<string, string>>>();
  for (const { name: argument, valueFrom } of args) {
    if (!valueFrom?.secretKeyRef) continue;
    const { name, key } = valueFrom.secretKeyRef;
    const reading = secrets.get(name) ?? readSecret(run.metadata.namespace ?? '', name);
    secrets.set(name, reading);
    const data = await reading.catch((error: unknown) => {
      throw isNotFound(error) ? new MissingSecretError(`secrets "${name}" not found`) : error;
    });
    const value = Object.hasOwn(data, key) ? data[key] : undefined;
    if (value === undefined) throw new MissingSecretError(`key '${key}' does not exist in secret '${name}'`);
    values.set(argument, value);
  }
  return values;
}

import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { applyDefaults, prune } from '../schema/index.ts';
import { builtinKinds } from './index.ts';
import type { Kind } from './kind.ts';

/** For tests: a kind by its plural and group. */
export function kindOf(plural: string, group = '', version?: string): Kind {
  const found = builtinKinds.find(
    (kind) => kind.plural === plural && kind.group === group && (!version || kind.version === version),
  );
  if (!found) throw new Error(`no kind ${plural}.${group}`);
  return found;
}

type Loose = KubeObject & Record<string, unknown>;

/** For tests: what a client sends, as it is stored. */
export function created(kind: Kind, sent: object): Loose {
  const { object } = prune(sent, kind.schema);
  const defaulted = applyDefaults(object, kind.schema) as KubeObject;
  const filled = kind.strategy.defaults?.(defaulted) ?? defaulted;
  return (kind.strategy.prepareForCreate?.(filled) ?? filled) as Loose;
}

/** For tests: an update of it, through the main resource or its status. */
export function updated(kind: Kind, old: KubeObject, sent: object, subresource?: 'status'): Loose {
  const filled = kind.strategy.defaults?.(sent as KubeObject) ?? (sent as KubeObject);
  return (kind.strategy.prepareForUpdate?.(filled, old, subresource) ?? filled) as Loose;
}

/** For tests: errors as `field Reason detail`. */
export const texts = (errors: readonly FieldError[] | undefined) =>
  (errors ?? []).map(({ field, type, detail }) =>
    `${field} ${type.replace('FieldValue', '')} ${detail}`.trim(),
  );

import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import type { Kind } from '../kinds/kind.ts';
import { validateFinalizerOwners, validateMetadata, validateSchema } from '../schema/index.ts';
import type { Core } from './core.ts';

/** Groups that are served beside Kubernetes' own, and do not have all of its rules. */
const EXTENSIONS = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io']);

/** What is wrong with an object that is to be stored; `live` is the object that it replaces. */
export function validateObject(
  core: Core,
  kind: Kind,
  object: KubeObject,
  live?: KubeObject,
  subresource?: 'status',
): FieldError[] {
  const custom = core.registry.isCustom(kind);
  const metadataErrors = live ? validateMetadataUpdate(object, live) : [];
  const errors = [
    ...validateMetadata(object, kind),
    ...metadataErrors,
    ...(custom || EXTENSIONS.has(kind.group) ? [] : validateFinalizerOwners(object)),
    ...(kind.strategy.validate?.(object) ?? []),
    ...(live ? (kind.strategy.validateUpdate?.(object, live, subresource) ?? []) : []),
  ];
  // A built-in kind's own rules say more than its schema; the schema is the net below them.
  // Kubernetes checks the metadata of those twice, and tells of both.
  if (errors.length > 0 && !custom) return [...unique(errors), ...metadataErrors];
  const misfits = validateSchema(object, kind.schema, live);
  return unique([...errors, ...(custom ? misfits : misfits.filter(isBinding))]);
}

/**
 * The keys of a list bind those who apply; whoever writes a built-in kind otherwise may give one twice: a variable of the
 * environment, a port. Where that is wrong, the kind's own rules say so.
 */
const isBinding = ({ type }: FieldError) => type !== 'FieldValueDuplicate';

/** What messages call an invalid object: events are validated as those of the core group, whichever they are. */
export const validatedAs = ({ kind, storage }: Kind) => ({ group: storage.group, kind });

function validateMetadataUpdate(next: KubeObject, live: KubeObject): FieldError[] {
  if (!live.metadata?.deletionTimestamp) return [];
  const before = new Set(live.metadata.finalizers);
  const added = (next.metadata?.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return [];
  const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
  return [
    {
      type: 'FieldValueForbidden',
      field: 'metadata.finalizers',
      detail: `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
    },
  ];
}

/** Strategy and schema may both find the same fault. */
function unique(errors: readonly FieldError[]): FieldError[] {
  const seen = new Set<string>();
  return errors.filter(({ type, field, detail }) => {
    const identity = `${type} ${field} ${detail}`;
    return !seen.has(identity) && seen.add(identity);
  });
}

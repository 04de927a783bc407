import type { Instant, KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ObjectList } from '../rest/read.ts';
import { badRequest } from '../status.ts';
import { toTable } from '../table/index.ts';
import type { Exchange } from './exchange.ts';
import type { Accepted } from './negotiate.ts';

/** What a client may ask of rows and lists beside the objects themselves. */
export interface ViewOptions {
  accepted: Accepted;
  /** `includeObject` of a Table. Default: Metadata. */
  includeObject?: 'None' | 'Metadata' | 'Object';
  now: Instant;
}

/** How much of each object goes with its row of a Table. @throws StatusError 400 */
export function includeObjectOf(
  { query }: Exchange,
  { as }: Accepted,
): NonNullable<ViewOptions['includeObject']> {
  const asked = query.get('includeObject') || 'Metadata';
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked;
  if (as !== 'Table') return 'Metadata';
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(asked)}: ` +
      "must be 'Metadata', 'Object', 'None', or empty",
  );
}

/** An object as Table or PartialObjectMetadata, or as it is. */
export function viewObject(
  kind: Kind,
  object: KubeObject,
  options: ViewOptions,
  withColumns = true,
): unknown {
  const { accepted, includeObject = 'Metadata', now } = options;
  if (accepted.as === 'Table') {
    const table = toTable(kind, [object], { now, includeObject, withColumns });
    return { ...table, metadata: { resourceVersion: object.metadata?.resourceVersion ?? '' } };
  }
  return accepted.as === 'PartialObjectMetadata' ? partial(object) : object;
}

/**
 * A list as Table or PartialObjectMetadataList, or as it is.
 * @param custom whether the kind comes from a CRD; lists of those name the kind in every item
 */
export function viewList(
  kind: Kind,
  list: Omit<ObjectList, 'metadata'> & { metadata: object },
  custom: boolean,
  options: ViewOptions,
): unknown {
  const { accepted, includeObject = 'Metadata', now } = options;
  if (accepted.as === 'Table') {
    const table = toTable(kind, list.items, { now, includeObject, withColumns: true });
    return { ...table, metadata: list.metadata };
  }
  if (accepted.as !== 'PartialObjectMetadataList') {
    return custom ? list : { ...list, items: list.items.map(withoutKind) };
  }
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: list.metadata,
    items: list.items.map(partial),
  };
}

/** Items of built-in lists leave out what the list says already. */
function withoutKind({ kind: _kind, apiVersion: _apiVersion, ...item }: KubeObject): KubeObject {
  return item;
}

const partial = ({ metadata }: KubeObject) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

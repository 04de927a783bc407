import { formatTime, type Instant, type KubeObject } from '../../../api/index.ts';
import { isObject, type Json } from '../schema/json.ts';
import { rootSchema } from '../schema/root.ts';
import type { Schema } from '../schema/schema.ts';
import { compare } from './compare.ts';
import { difference, isEmpty, union } from './field-set.ts';
import { isSameManager, type Manager, managersOf, withManagers, withoutUnowned } from './managers.ts';

export interface TrackOptions<T> {
  /** The stored object; undefined on create. */
  before?: T | undefined;
  /** The object as it will be stored, but for its `managedFields`. */
  after: T;
  manager: string;
  subresource?: string | undefined;
  /** Whether the status was made by the server, and so is nobody's. Default: false. */
  isStatusReset?: boolean;
  schema: Schema;
  /** Group and version in which the client writes, e.g. `apps/v1`. */
  apiVersion: string;
  now: Instant;
}

/**
 * The object with its `managedFields` brought up to date after a create, update or patch: who writes owns what they
 * changed or added, and nobody owns what is gone. A client may edit the entries themselves; an empty list or a single
 * empty entry clears them, and then nothing is recorded until the object is applied.
 */
export function trackUpdate<T extends KubeObject>(options: TrackOptions<T>): T {
  const { before, after, subresource, apiVersion, now } = options;
  const known = knownManagers(before, after, subresource);
  if (before && known.length === 0) return withManagers(after, []);
  const schema = rootSchema(options.schema);
  const { added, removed, modified } = compare(
    unmanaged(before ?? skeleton(after, schema)),
    options.isStatusReset ? withoutStatus(unmanaged(after)) : unmanaged(after),
    schema,
  );
  const taken = withoutUnowned(union(added, modified));
  const lost = union(taken, removed);
  const self: Omit<Manager, 'fields' | 'time'> = {
    manager: options.manager,
    operation: 'Update',
    apiVersion,
    subresource,
  };
  const mine = known.find((entry) => isSameManager(entry, self));
  const others = known
    .filter((entry) => entry !== mine)
    .map((entry) => ({ ...entry, fields: difference(entry.fields, lost) }));
  if (isEmpty(taken)) {
    const left = mine ? [{ ...mine, fields: difference(mine.fields, removed) }] : [];
    return withManagers(after, [...others, ...left]);
  }
  const fields = mine ? difference(union(mine.fields, taken), removed) : taken;
  return withManagers(after, [...others, { ...self, time: formatTime(now), fields }]);
}

/** The entries that count before this write: the client's if it sent any on the main resource, else the stored ones. */
function knownManagers(
  before: KubeObject | undefined,
  after: KubeObject,
  subresource: string | undefined,
): Manager[] {
  const sent = after.metadata?.managedFields;
  if (subresource || !sent) return managersOf(before);
  const isReset = sent.every((entry) => Object.keys(entry ?? {}).length === 0) && sent.length <= 1;
  if (isReset) return [];
  const managers = managersOf(after);
  return managers.length > 0 ? managers : managersOf(before);
}

export function unmanaged<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

function withoutStatus(object: KubeObject): KubeObject {
  const { status: _status, ...rest } = object as Json;
  return rest as KubeObject;
}

/**
 * What an object of a built-in kind has before anything is set: the parts that are written even when empty. Its author
 * does not own these by themselves, only what is in them.
 */
function skeleton(object: unknown, schema: Schema | undefined): Json {
  const result: Json = {};
  if (!isObject(object)) return result;
  for (const [key, value] of Object.entries(object)) {
    const child = schema?.properties?.[key];
    if (!child?.['x-kanari-always-present']) continue;
    result[key] = isObject(value) ? skeleton(value, child) : null;
  }
  return result;
}

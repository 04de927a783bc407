import { isObject } from './json.ts';
import type { Schema } from './schema.ts';

/**
 * What tells an element of an associative list from the others: the key fields with their values, or in a set the
 * element. Undefined in other lists, or when a key field is missing.
 */
export function elementKey(item: unknown, list: Schema): unknown {
  const type = list['x-kubernetes-list-type'];
  if (type === 'set') return item;
  if (type !== 'map' || !isObject(item)) return undefined;
  const key: Record<string, unknown> = {};
  for (const name of list['x-kubernetes-list-map-keys'] ?? []) {
    const value = item[name] ?? list.items?.properties?.[name]?.default;
    if (value === undefined) return undefined;
    key[name] = value;
  }
  return key;
}

/** The element of the old list that a new element continues; undefined when lists of this type have none. */
export function correlated(item: unknown, old: unknown, list: Schema): unknown {
  if (!Array.isArray(old) || list['x-kubernetes-list-type'] !== 'map') return undefined;
  const key = JSON.stringify(elementKey(item, list));
  if (key === undefined) return undefined;
  return old.find((candidate) => JSON.stringify(elementKey(candidate, list)) === key);
}

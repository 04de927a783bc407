import { elementKey } from '../schema/correlate.ts';
import { fieldSchema, hasProperty } from '../schema/fields.ts';
import { isObject } from '../schema/json.ts';
import type { Schema } from '../schema/schema.ts';
import { PatchError } from './error.ts';
import type { FieldSet } from './field-set.ts';

/** How ownership sees a value: as a whole (leaf), by its fields, or by its elements. */
export type Structure = 'leaf' | 'fields' | 'elements';

/** Where nothing is specified, objects are owned field by field and lists as a whole. */
export function structureOf(value: unknown, schema: Schema | undefined): Structure {
  if (isObject(value)) return schema?.['x-kubernetes-map-type'] === 'atomic' ? 'leaf' : 'fields';
  if (!Array.isArray(value)) return 'leaf';
  const type = schema?.['x-kubernetes-list-type'];
  return type === 'map' || type === 'set' ? 'elements' : 'leaf';
}

/** The schema of a field, and whether the schema names that field (and does not only allow any key). */
export function fieldOf(
  schema: Schema | undefined,
  key: string,
): { schema: Schema | undefined; named: boolean } {
  return { schema: fieldSchema(schema, key), named: hasProperty(schema, key) };
}

/** An element of an associative list or set with its path element. */
export interface Element {
  element: string;
  value: unknown;
}

/**
 * The elements of a list with their path elements.
 * @throws PatchError 500 when a key field is missing or (with `unique`) two elements have the same
 */
export function elementsOf(list: unknown[], schema: Schema, path: string, unique = false): Element[] {
  const seen = new Set<string>();
  return list.map((value, i) => {
    const key = elementKey(value, schema);
    if (key === undefined) {
      const names = schema['x-kubernetes-list-map-keys'] ?? [];
      const missing = names.find((name) => !isObject(value) || value[name] === undefined) ?? '';
      throw new PatchError(
        500,
        `${path}: element ${i}: associative list with keys has an element that omits key field "${missing}" (and doesn't have default value)`,
      );
    }
    const element =
      schema['x-kubernetes-list-type'] === 'set' ? `v:${JSON.stringify(key)}` : `k:${sortedJson(key)}`;
    if (unique && seen.has(element))
      throw new PatchError(500, `${path}: duplicate entries for key ${element.slice(2)}`);
    seen.add(element);
    return { element, value };
  });
}

function sortedJson(key: unknown): string {
  if (!isObject(key)) return JSON.stringify(key);
  return JSON.stringify(Object.fromEntries(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/**
 * The set with every field that leads to a member and that the schema names. Who owns `livenessProbe.httpGet.path` has
 * brought the probe about: without them it goes, with all that was defaulted in it.
 */
export function withNamedParents(set: FieldSet, schema: Schema | undefined): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const field = element.startsWith('f:') ? fieldOf(schema, element.slice(2)) : undefined;
    const below = withNamedParents(child, field ? field.schema : schema?.items);
    const leads = field?.named === true && child.children.size > 0;
    children.set(element, leads ? { ...below, member: true } : below);
  }
  return { member: set.member, children };
}

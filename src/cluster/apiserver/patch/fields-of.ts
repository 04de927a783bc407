import { isObject } from '../schema/json.ts';
import type { Schema } from '../schema/schema.ts';
import { descend, type FieldSet, type MutableFieldSet, newFieldSet } from './field-set.ts';
import { elementsOf, fieldOf, structureOf } from './structure.ts';

/**
 * The fields that an applied object names: its leaves, the elements of its associative lists, its empty objects.
 * @throws PatchError 500 when a list's elements cannot be told apart
 */
export function fieldsOf(object: unknown, schema: Schema): FieldSet {
  const set = newFieldSet();
  collect(object, schema, set, '');
  return set;
}

function collect(value: unknown, schema: Schema | undefined, set: MutableFieldSet, path: string): void {
  const structure = structureOf(value, schema);
  if (structure === 'elements') {
    for (const { element, value: item } of elementsOf(value as unknown[], schema!, path, true)) {
      const child = descend(set, element);
      child.member = true;
      if (isObject(item)) collect(item, schema?.items, child, `${path}[${element.slice(2)}]`);
    }
  } else if (structure === 'leaf' || Object.keys(value as object).length === 0) {
    if (path !== '') set.member = true;
  } else {
    for (const [key, child] of Object.entries(value as object)) {
      if (child === undefined) continue;
      const field = fieldOf(schema, key);
      const below = descend(set, `f:${key}`);
      collect(child, field.schema, below, `${path}.${key}`);
      // An entry of a map exists by itself; a field that the schema names exists anyway.
      if (!field.named) below.member = true;
    }
  }
}

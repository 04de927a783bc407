import { isObject, type Json } from '../schema/json.ts';
import type { Schema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { type Element, elementsOf, fieldOf, structureOf } from './structure.ts';

/** The live value with what is applied on top: maps and associative lists together, everything else replaced. */
export function mergeApplied(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  if (applied === undefined) return live;
  const structure = structureOf(applied, schema);
  if (structure !== structureOf(live, schema)) return applied;
  if (structure === 'fields') {
    const result = { ...(live as Json) };
    for (const [key, value] of Object.entries(applied as Json)) {
      result[key] = mergeApplied(result[key], value, fieldOf(schema, key).schema);
    }
    return result;
  }
  return structure === 'elements' ? mergeElements(live as unknown[], applied as unknown[], schema!) : applied;
}

/** Elements of both, in the order of the applied list; those that only the live one has stay where they were. */
function mergeElements(live: unknown[], applied: unknown[], schema: Schema): unknown[] {
  const left = elementsOf(live, schema, '');
  const right = elementsOf(applied, schema, '');
  const liveByElement = new Map(left.map(({ element, value }) => [element, value]));
  const isApplied = new Set(right.map(({ element }) => element));
  const result: unknown[] = [];
  const takeLiveOnly = () => {
    while (left[0] && !isApplied.has(left[0].element)) result.push((left.shift() as Element).value);
  };
  for (const { element, value } of right) {
    takeLiveOnly();
    if (left[0]?.element === element) left.shift();
    else {
      const at = left.findIndex((other) => other.element === element);
      if (at >= 0) left.splice(at, 1);
    }
    result.push(mergeApplied(liveByElement.get(element), value, schema.items));
  }
  takeLiveOnly();
  return [...result, ...left.map(({ value }) => value)];
}

/** The value without the members of the set; undefined when that leaves nothing of it. */
export function removeFields(value: unknown, set: FieldSet, schema: Schema | undefined): unknown {
  if (set.children.size === 0) return value;
  const structure = structureOf(value, schema);
  if (structure === 'fields') {
    const result: Json = {};
    for (const [key, child] of Object.entries(value as Json)) {
      const below = set.children.get(`f:${key}`);
      if (below?.member) continue;
      const kept = below ? removeFields(child, below, fieldOf(schema, key).schema) : child;
      if (kept !== undefined) result[key] = kept;
    }
    return isObject(value) && Object.keys(result).length === 0 ? undefined : result;
  }
  if (structure === 'elements') {
    const result = elementsOf(value as unknown[], schema!, '').flatMap(({ element, value: item }) => {
      const below = set.children.get(element);
      if (below?.member) return [];
      const kept = below ? removeFields(item, below, schema?.items) : item;
      return kept === undefined ? [] : [kept];
    });
    return result.length === 0 ? undefined : result;
  }
  return value;
}

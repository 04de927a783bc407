import { memberOf, setMember } from '../../../api/index.ts';
import type { Json } from '../schema/json.ts';
import type { Schema } from '../schema/schema.ts';
import { emptyFieldSet, type FieldSet } from './field-set.ts';
import { type Element, elementsOf, fieldOf, structureOf } from './structure.ts';

/** The live value with what is applied on top: maps and associative lists together, everything else replaced. */
export function mergeApplied(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  if (applied === undefined) return live;
  const structure = structureOf(applied, schema);
  if (structure !== structureOf(live, schema)) return applied;
  if (structure === 'fields') {
    const result = { ...(live as Json) };
    for (const [key, value] of Object.entries(applied as Json)) {
      setMember(result, key, mergeApplied(memberOf(result, key), value, fieldOf(schema, key).schema));
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

/**
 * The value without the members of the set; undefined when that leaves nothing of it.
 * @param named what is applied: an object that is named there by itself stays when it is emptied
 */
export function removeFields(
  value: unknown,
  set: FieldSet,
  schema: Schema | undefined,
  named: FieldSet = emptyFieldSet,
): unknown {
  if (set.children.size === 0) return value;
  const structure = structureOf(value, schema);
  const kept = (child: unknown, element: string, childSchema: Schema | undefined) => {
    const below = set.children.get(element);
    if (below?.member) return undefined;
    return below ? removeFields(child, below, childSchema, named.children.get(element)) : child;
  };
  if (structure === 'fields') {
    const result: Json = {};
    for (const [key, child] of Object.entries(value as Json)) {
      const left = kept(child, `f:${key}`, fieldOf(schema, key).schema);
      if (left !== undefined) setMember(result, key, left);
    }
    return Object.keys(result).length === 0 && !named.member ? undefined : result;
  }
  if (structure === 'elements') {
    const result = elementsOf(value as unknown[], schema!, '')
      .map(({ element, value: item }) => kept(item, element, schema?.items))
      .filter((item) => item !== undefined);
    return result.length === 0 && !named.member ? undefined : result;
  }
  return value;
}

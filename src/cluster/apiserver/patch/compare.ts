import { equal } from '../../../api/index.ts';
import { isObject } from '../schema/json.ts';
import type { Schema } from '../schema/schema.ts';
import { descend, type FieldSet, type MutableFieldSet, newFieldSet } from './field-set.ts';
import { elementsOf, fieldOf, structureOf } from './structure.ts';

/** What changed between two states of an object. */
export interface Comparison {
  added: FieldSet;
  removed: FieldSet;
  modified: FieldSet;
}

/** The path walked so far in each of the three sets; they are only filled where there is something to record. */
class Walk {
  readonly #sets: { added: MutableFieldSet; removed: MutableFieldSet; modified: MutableFieldSet };
  readonly #path: readonly string[];

  constructor(
    sets: { added: MutableFieldSet; removed: MutableFieldSet; modified: MutableFieldSet },
    path: readonly string[],
  ) {
    this.#sets = sets;
    this.#path = path;
  }

  into(element: string): Walk {
    return new Walk(this.#sets, [...this.#path, element]);
  }

  record(kind: keyof Comparison): void {
    if (this.#path.length > 0) this.#path.reduce(descend, this.#sets[kind]).member = true;
  }
}

export function compare(before: unknown, after: unknown, schema: Schema): Comparison {
  const sets = { added: newFieldSet(), removed: newFieldSet(), modified: newFieldSet() };
  walk(before, after, schema, new Walk(sets, []));
  return sets;
}

function walk(before: unknown, after: unknown, schema: Schema | undefined, at: Walk): void {
  if (before === undefined && after === undefined) return;
  const shape = structureOf(after === undefined || after === null ? before : after, schema);
  const other = structureOf(before === undefined || before === null ? after : before, schema);
  const bothEmpty = isVoid(before) && isVoid(after);
  if (shape === 'leaf' || shape !== other || bothEmpty) {
    if (before === undefined) at.record('added');
    else if (after === undefined) at.record('removed');
    else if (!equal(before, after)) at.record('modified');
    return;
  }
  if (shape === 'fields') walkFields(before, after, schema, at);
  else walkElements(before, after, schema, at);
  if (before === undefined) at.record('added');
  else if (after === undefined) at.record('removed');
}

function isVoid(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function walkFields(before: unknown, after: unknown, schema: Schema | undefined, at: Walk): void {
  const left = isObject(before) ? before : {};
  const right = isObject(after) ? after : {};
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    walk(left[key], right[key], fieldOf(schema, key).schema, at.into(`f:${key}`));
  }
}

function walkElements(before: unknown, after: unknown, schema: Schema | undefined, at: Walk): void {
  const byElement = (list: unknown) =>
    new Map(
      Array.isArray(list) && schema
        ? elementsOf(list, schema, '').map(({ element, value }) => [element, value])
        : [],
    );
  const [left, right] = [byElement(before), byElement(after)];
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    walk(left.get(element), right.get(element), schema?.items, at.into(element));
  }
}

import { elementKey } from '../schema/correlate.ts';
import { isObject } from '../schema/json.ts';
import { rootSchema } from '../schema/root.ts';
import type { Schema } from '../schema/schema.ts';

/**
 * What keeps an applied configuration from being of its schema, in the words of server-side apply; undefined when it is.
 * Unlike other writes, apply refuses fields that the schema does not know, whatever `fieldValidation` says.
 * @example .spec.foo: field not declared in schema
 */
export function typedProblem(object: object, schema: Schema): string | undefined {
  const problems = problemsOf(object, rootSchema(schema), '');
  if (problems.length < 2) return problems[0];
  return `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
}

function problemsOf(value: unknown, schema: Schema, path: string): string[] {
  if (value === null || value === undefined || isFree(schema)) return [];
  if (schema['x-kubernetes-embedded-resource']) return problemsOf(value, rootSchema(schema), path);
  switch (schema.type) {
    case 'object':
      return isObject(value)
        ? problemsWithin(value, schema, path)
        : [`${path}: expected map, got &{${goText(value)}}`];
    case 'array':
      return Array.isArray(value)
        ? [
            ...duplicatesIn(value, schema, path),
            ...value.flatMap((item, i) =>
              problemsOf(item, schema.items ?? {}, path + element(item, schema, i)),
            ),
          ]
        : [`${path}: expected list, got &{${goText(value)}}`];
    case 'string':
      return typeof value === 'string'
        ? []
        : [`${path}: expected string, got &value.valueUnstructured{Value:${goText(value)}}`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: expected boolean, got &{${goText(value)}}`];
    case 'integer':
    case 'number':
      return typeof value === 'number'
        ? []
        : [
            `${path}: expected numeric (int or float), got ${typeof value === 'boolean' ? 'bool' : typeof value}`,
          ];
    default:
      return [];
  }
}

/** Whether the schema lets everything be. */
const isFree = (schema: Schema) =>
  schema['x-kubernetes-int-or-string'] ||
  schema.format === 'quantity' ||
  (schema['x-kubernetes-preserve-unknown-fields'] && !schema.properties && !schema.items);

function problemsWithin(value: Record<string, unknown>, schema: Schema, path: string): string[] {
  const { properties, additionalProperties } = schema;
  return Object.entries(value).flatMap(([name, child]) => {
    const at = `${path}.${name}`;
    if (properties && Object.hasOwn(properties, name)) return problemsOf(child, properties[name]!, at);
    if (typeof additionalProperties === 'object') return problemsOf(child, additionalProperties, at);
    const known = additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'];
    return known ? [] : [`${at}: field not declared in schema`];
  });
}

/** Elements of a set or an associative list that cannot be told apart. */
function duplicatesIn(list: readonly unknown[], schema: Schema, path: string): string[] {
  const named = list
    .map((item, i) => (elementKey(item, schema) === undefined ? undefined : element(item, schema, i)))
    .filter((name) => name !== undefined);
  return named
    .filter((name, i) => named.indexOf(name) < i)
    .map((name) => `${path}: duplicate entries for key ${name}`);
}

/** An element of a list as paths name it: by its keys, its value, or its place. */
function element(item: unknown, schema: Schema, index: number): string {
  const key = elementKey(item, schema);
  if (key === undefined) return `[${index}]`;
  if (!isObject(key)) return `[=${JSON.stringify(key)}]`;
  const parts = Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1));
  return `[${parts.map(([name, part]) => `${name}=${JSON.stringify(part)}`).join(',')}]`;
}

/** A value as Go prints it. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (value === null) return '<nil>';
  if (!isObject(value)) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([name, child]) => `${name}:${goText(child)}`).join(' ')}]`;
}

import { formatTime, setMember } from '../../../api/index.ts';
import { isObject, type Json } from './json.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Schema } from './schema.ts';

/**
 * An object of a built-in kind as Kubernetes writes it after it has read it: null and empty fields left out where its
 * types cannot tell them from absent ones, values that are always written filled in, quantities and times in their
 * canonical form. The argument is not changed. (Custom resources are kept as they are sent.)
 */
export function canonical<T>(object: T, schema: Schema): T {
  return canonicalValue(object, schema) as T;
}

function canonicalValue(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => canonicalValue(item, items)) : value;
  }
  if (isObject(value)) {
    if (schema.properties) return canonicalObject(value, schema.properties);
    return typeof schema.additionalProperties === 'object'
      ? canonicalMap(value, schema.additionalProperties)
      : value;
  }
  return canonicalScalar(value, schema);
}

function canonicalObject(value: Json, properties: Record<string, Schema>): Json {
  const result: Json = {};
  for (const [key, child] of Object.entries(value)) {
    const schema = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!schema) {
      setMember(result, key, child);
      continue;
    }
    const next = child === null || child === undefined ? undefined : canonicalValue(child, schema);
    if (next !== undefined && !isAbsent(next, schema)) result[key] = next;
  }
  for (const [key, schema] of alwaysPresent(properties)) {
    if (result[key] === undefined) result[key] = zeroValue(schema);
    if (result[key] === undefined) delete result[key];
  }
  return result;
}

function canonicalMap(value: Json, schema: Schema): Json {
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(
    entries.map(([key, child]) => [key, child === null ? zeroValue(schema) : canonicalValue(child, schema)]),
  );
}

function canonicalScalar(value: unknown, schema: Schema): unknown {
  if (schema.format === 'quantity' && (typeof value === 'string' || typeof value === 'number')) {
    return canonicalQuantity(value);
  }
  if (typeof value !== 'string') return value;
  if (schema.format === 'date-time') return canonicalTime(value);
  return schema.format === 'date-time-micro' ? canonicalMicroTime(value) : value;
}

function canonicalTime(text: string): string {
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? text : formatTime(instant);
}

/** Six fraction digits, UTC; digits beyond are cut off. */
function canonicalMicroTime(text: string): string {
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) return text;
  const digits = /\.(\d+)/.exec(text)?.[1] ?? '';
  return `${new Date(instant).toISOString().slice(0, 19)}.${digits.slice(0, 6).padEnd(6, '0')}Z`;
}

/** Whether a value says no more than the absence of the field. */
function isAbsent(value: unknown, schema: Schema): boolean {
  if (schema['x-kanari-always-present']) return false;
  if (value === '') return !schema['x-kanari-empty-is-kept'] && schema.type === 'string';
  if (value === 0 || value === false) return schema['x-kanari-zero-is-absent'] === true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && schema.additionalProperties !== undefined && Object.keys(value).length === 0;
}

const alwaysPresentOf = new WeakMap<Record<string, Schema>, [string, Schema][]>();

function alwaysPresent(properties: Record<string, Schema>): [string, Schema][] {
  let found = alwaysPresentOf.get(properties);
  if (!found) {
    found = Object.entries(properties).filter(([, schema]) => schema['x-kanari-always-present']);
    alwaysPresentOf.set(properties, found);
  }
  return found;
}

/** What is written for a field that is always written; undefined where Kubernetes has no value to write. */
function zeroValue(schema: Schema): unknown {
  if (schema.format?.startsWith('date-time')) return null;
  if (schema.type === 'string') return '';
  if (schema.type === 'integer' || schema.type === 'number') return 0;
  if (schema.type === 'boolean') return false;
  // Objects that are only there because they are required are pointers; {} would mean something else than nothing.
  if (schema.type === 'object' && schema.properties && schema['x-kanari-by-value']) {
    return canonicalObject({}, schema.properties);
  }
  return undefined;
}

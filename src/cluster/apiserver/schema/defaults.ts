import { memberOf, setMember } from '../../../api/index.ts';
import { isObject } from './json.ts';
import type { Schema } from './schema.ts';

/**
 * The object with the schema's defaults filled in; the argument is not changed. Defaults reach into objects and list
 * elements that are there, and into objects that are there by default. An explicit null of a field that may not be null
 * gives way to the default.
 */
export function applyDefaults<T>(object: T, schema: Schema): T {
  return defaulted(object, schema) as T;
}

function defaulted(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items && hasDefaults(items) ? value.map((item) => defaulted(item, items)) : value;
  }
  if (!isObject(value) || !hasDefaults(schema)) return value;
  const result = { ...value };
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const given = result[key];
    const missing = given === undefined || (given === null && !child.nullable);
    if (missing && child.default !== undefined) result[key] = structuredClone(child.default);
    if (result[key] !== undefined && result[key] !== null) result[key] = defaulted(result[key], child);
  }
  const extra = schema.additionalProperties;
  if (typeof extra === 'object') {
    for (const key of Object.keys(result)) {
      if (!schema.properties || !Object.hasOwn(schema.properties, key)) {
        setMember(result, key, defaulted(memberOf(result, key), extra));
      }
    }
  }
  return result;
}

const known = new WeakMap<Schema, boolean>();

/** Whether there is a default anywhere below; most branches have none and need not be walked or copied. */
function hasDefaults(schema: Schema): boolean {
  const answer = known.get(schema);
  if (answer !== undefined) return answer;
  known.set(schema, false); // a recursive type adds nothing to itself
  const children = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ];
  const result = children.some((child) => child.default !== undefined || hasDefaults(child));
  known.set(schema, result);
  return result;
}

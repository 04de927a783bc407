import { setMember } from '../../../api/index.ts';
import { fieldSchema } from './fields.ts';
import { childPath, isObject, type Json } from './json.ts';
import { rootSchema } from './root.ts';
import type { Schema } from './schema.ts';

/** An object without the fields that its schema does not know, and the paths of those. */
export interface Pruned<T> {
  object: T;
  /** E.g. `spec.strategy.canary.steps[0].setWieght`; for `fieldValidation=Strict|Warn`. */
  unknown: string[];
}

/**
 * Drops the fields that the schema does not specify, as the API server does before it stores. A copy is returned where
 * something was dropped; the argument is never changed. apiVersion, kind and metadata are always known.
 */
export function prune<T>(object: T, schema: Schema): Pruned<T> {
  const unknown: string[] = [];
  return { object: pruneValue(object, rootSchema(schema), '', unknown) as T, unknown };
}

function pruneValue(value: unknown, schema: Schema, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item, i) => pruneValue(item, items, `${path}[${i}]`, unknown)) : value;
  }
  return isObject(value) ? pruneObject(value, schema, path, unknown) : value;
}

function pruneObject(value: Json, schema: Schema, path: string, unknown: string[]): Json {
  const result: Json = {};
  for (const [key, child] of Object.entries(value)) {
    const known = knownField(schema, key);
    if (known) setMember(result, key, pruneValue(child, known, childPath(path, key), unknown));
    else if (keepsUnknown(schema)) setMember(result, key, child);
    else unknown.push(childPath(path, key));
  }
  return result;
}

/** The schema of an object's field: from `properties`, from what an embedded resource always has, or from the map. */
function knownField(schema: Schema, key: string): Schema | undefined {
  if (schema['x-kubernetes-embedded-resource']) {
    const implied = rootSchema({}).properties ?? {};
    if (Object.hasOwn(implied, key)) return implied[key];
  }
  return fieldSchema(schema, key);
}

function keepsUnknown(schema: Schema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
}

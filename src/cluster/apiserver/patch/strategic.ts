import { equal, memberOf, setMember } from '../../../api/index.ts';
import { fieldSchema } from '../schema/fields.ts';
import { isObject, type Json } from '../schema/json.ts';
import type { Schema } from '../schema/schema.ts';
import { PatchError } from './error.ts';
import { goText } from './typed.ts';

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

/**
 * The object after a strategic merge patch: lists with a merge key in the schema are merged by it, and the patch may
 * hold directives ($patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder). The argument is not changed.
 * @throws PatchError 400 when the patch is no object or a directive has no list, 422 when it sets more than it retains,
 * 500 when an element has no merge key or a directive is unknown
 */
export function applyStrategicMergePatch<T>(object: T, patch: unknown, schema: Schema): T {
  if (!isObject(patch)) {
    throw new PatchError(400, 'error decoding patch: a strategic merge patch is a JSON object');
  }
  return mergeMap(isObject(object) ? object : {}, patch, schema) as T;
}

function mergeMap(original: Json, patch: Json, schema: Schema | undefined): Json {
  const { [directive]: wanted, [retainKeys]: retained, ...changes } = patch;
  if (wanted === 'replace') return withoutDirectives(changes) as Json;
  if (wanted === 'delete') return {};
  if (wanted !== undefined) throw badDirective(patch);

  const result = retained === undefined ? { ...original } : retain(original, retained, changes);
  for (const [key, value] of Object.entries(changes)) {
    if (key.startsWith(deletePrefix)) deleteFromList(result, key.slice(deletePrefix.length), value);
    else if (!key.startsWith(orderPrefix)) mergeField(result, key, value, patch, schema);
  }
  for (const [key, order] of Object.entries(changes)) {
    // The patch may give an order without changing an element.
    const field = key.startsWith(orderPrefix) ? key.slice(orderPrefix.length) : undefined;
    if (field === undefined || Object.hasOwn(changes, field) || !Array.isArray(memberOf(original, field)))
      continue;
    const child = fieldSchema(schema, field);
    result[field] = inOrder(
      result[field] as unknown[],
      asList(order, 'setElementOrder list'),
      original[field],
      mergeKeyOf(child),
    );
  }
  return result;
}

function mergeField(
  result: Json,
  key: string,
  value: unknown,
  patch: Json,
  schema: Schema | undefined,
): void {
  const child = fieldSchema(schema, key);
  const before = memberOf(result, key);
  const strategies = child?.['x-kubernetes-patch-strategy']?.split(',') ?? [];
  if (value === null) delete result[key];
  else if (isObject(value)) {
    const merges = isObject(before) && !strategies.includes('replace');
    // Merged even into nothing, so that the directives in the patch are carried out and do not stay.
    setMember(result, key, mergeMap(merges ? before : {}, value, child));
  } else if (Array.isArray(value) && strategies.includes('merge')) {
    const order = patch[`${orderPrefix}${key}`];
    const list = Array.isArray(before) ? before : [];
    result[key] = mergeList(
      list,
      value,
      child,
      order === undefined ? undefined : asList(order, 'setElementOrder list'),
    );
  } else setMember(result, key, withoutDirectives(value));
}

const mergeKeyOf = (schema: Schema | undefined) => schema?.['x-kubernetes-patch-merge-key'];

function retain(original: Json, retained: unknown, changes: Json): Json {
  const keys = asList(retained, 'retainKeys');
  for (const key of Object.keys(changes)) {
    if (!key.startsWith('$') && changes[key] !== null && !keys.includes(key)) {
      throw new PatchError(422, "patch content doesn't match retainKeys list");
    }
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

function deleteFromList(result: Json, field: string, values: unknown): void {
  const list = result[field];
  if (!Array.isArray(list)) return;
  const gone = asList(values, 'primitive list');
  result[field] = list.filter((item) => !gone.some((other) => equal(item, other)));
}

function mergeList(
  original: unknown[],
  patch: unknown[],
  schema: Schema | undefined,
  order?: unknown[],
): unknown[] {
  const key = mergeKeyOf(schema);
  if (key === undefined) {
    const merged = [...original, ...patch.filter((item) => !original.some((other) => equal(item, other)))];
    return inOrder(merged, order ?? patch, original, undefined);
  }
  const elements = patch.map((item) => {
    if (isObject(item)) return item;
    throw new PatchError(
      400,
      `a list that is merged by ${key} holds ${JSON.stringify(item)}, which is no object`,
    );
  });
  if (elements.some((item) => item[directive] === 'replace')) {
    return elements.filter((item) => item[directive] === undefined).map(withoutDirectives);
  }
  let merged = original;
  const changed: Json[] = [];
  for (const item of elements) {
    if (item[directive] === 'merge') {
      throw new PatchError(500, 'merging lists cannot yet be specified in the patch');
    }
    if (item[key] === undefined) {
      throw new PatchError(500, `map: ${goText(item)} does not contain declared merge key: ${key}`);
    }
    const isSame = (other: unknown) => isObject(other) && equal(other[key], item[key]);
    if (item[directive] === 'delete') {
      merged = merged.filter((other) => !isSame(other));
      continue;
    }
    changed.push(item);
    const before = merged.find(isSame);
    const after = mergeMap(isObject(before) ? before : {}, item, schema?.items);
    merged =
      before === undefined ? [...merged, after] : merged.map((other) => (other === before ? after : other));
  }
  return inOrder(merged, order ?? changed, original, key);
}

/**
 * Elements in the order of the patch; those that only the server has go between them, where they were before as far as
 * that can be told.
 */
function inOrder(items: unknown[], order: unknown[], original: unknown, key: string | undefined): unknown[] {
  const identity = (item: unknown) =>
    JSON.stringify(key === undefined ? item : isObject(item) ? item[key] : item);
  const wanted = order.map(identity);
  const before = (Array.isArray(original) ? original : []).map(identity);
  const ordered = items
    .filter((item) => wanted.includes(identity(item)))
    .sort((a, b) => wanted.indexOf(identity(a)) - wanted.indexOf(identity(b)));
  const others = items.filter((item) => !wanted.includes(identity(item)));
  const result: unknown[] = [];
  let next = 0;
  for (const other of others) {
    while (next < ordered.length && !isBefore(before, identity(other), identity(ordered[next]))) {
      result.push(ordered[next++]);
    }
    result.push(other);
  }
  return [...result, ...ordered.slice(next)];
}

function isBefore(order: string[], a: string, b: string): boolean {
  const [i, j] = [order.indexOf(a), order.indexOf(b)];
  return i >= 0 && j >= 0 && i < j;
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !isObject(item) || item[directive] !== 'delete').map(withoutDirectives);
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, child]) =>
      child !== null &&
      key !== directive &&
      key !== retainKeys &&
      !key.startsWith(deletePrefix) &&
      !key.startsWith(orderPrefix),
  );
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutDirectives(child)]));
}

function asList(value: unknown, directiveOf: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new PatchError(400, `invalid patch format of ${directiveOf}`);
}

const badDirective = (patch: Json) =>
  new PatchError(500, `unknown patch type: ${String(patch[directive])} in map: ${goText(patch)}`);

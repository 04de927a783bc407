import { memberOf, setMember } from './members.ts';

/** JSON merge patch (RFC 7386). */

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The target with the patch applied; neither argument is changed. */
export function mergePatch<T>(target: T, patch: unknown): T {
  if (!isObject(patch)) return patch as T;
  const result: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) setMember(result, key, mergePatch(memberOf(result, key), value));
  }
  return result as T;
}

/** The smallest merge patch that makes `to` out of `from`; undefined when they are equal. */
export function diffMergePatch(from: unknown, to: unknown): Json | undefined {
  const before = isObject(from) ? from : {};
  const after = isObject(to) ? to : {};
  const patch: Json = {};
  for (const key of Object.keys(before)) {
    if (before[key] !== undefined && memberOf(after, key) === undefined) setMember(patch, key, null);
  }
  for (const [key, value] of Object.entries(after)) {
    const old = memberOf(before, key);
    if (value === undefined || equal(old, value)) continue;
    setMember(patch, key, isObject(value) && isObject(old) ? diffMergePatch(old, value) : value);
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** Whether two JSON values are the same; members that are undefined count as absent, their order does not matter. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  for (const key in a) if (!equal(a[key], memberOf(b, key))) return false;
  for (const key in b) if (b[key] !== undefined && memberOf(a, key) === undefined) return false;
  return true;
}

/** JSON merge patch (RFC 7386). */

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of its own: an object may have one that is called `valueOf`. */
const member = (object: Json, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Sets a member of its own, even one that is called `__proto__`. */
function setMember(object: Json, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The target with the patch applied; neither argument is changed. */
export function mergePatch<T>(target: T, patch: unknown): T {
  if (!isObject(patch)) return patch as T;
  const result: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) setMember(result, key, mergePatch(member(result, key), value));
  }
  return result as T;
}

/** The smallest merge patch that makes `to` out of `from`; undefined when they are equal. */
export function diffMergePatch(from: unknown, to: unknown): Json | undefined {
  const before = isObject(from) ? from : {};
  const after = isObject(to) ? to : {};
  const patch: Json = {};
  for (const key of Object.keys(before)) {
    if (before[key] !== undefined && member(after, key) === undefined) setMember(patch, key, null);
  }
  for (const [key, value] of Object.entries(after)) {
    const old = member(before, key);
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
  for (const key in a) if (!equal(a[key], member(b, key))) return false;
  for (const key in b) if (b[key] !== undefined && member(a, key) === undefined) return false;
  return true;
}

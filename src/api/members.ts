type Json = Record<string, unknown>;

/** A member of an object's own: what is parsed may lack `valueOf` and still answer to it. */
export const memberOf = (object: Json, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** Sets a member of an object's own, even one that is called `__proto__`. */
export function setMember(object: Json, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The object without the members that are undefined, so that it equals what is read back from storage. */
export function compact<T extends object>(object: T): T {
  const result = { ...object };
  for (const key of Object.keys(result) as (keyof T)[]) if (result[key] === undefined) delete result[key];
  return result;
}

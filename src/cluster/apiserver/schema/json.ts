/** Helpers over plain JSON values. Nothing here changes its arguments. */
export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Child of a path as Kubernetes prints it: `spec.ports[0]`, and `metadata.labels[a.b/c]` for keys that are no names. */
export function childPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

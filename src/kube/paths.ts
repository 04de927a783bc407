import type { ObjectRef, ResourceType } from '../api/index.ts';

/** The path of all objects of a type, of one namespace or of all, e.g. `/apis/apps/v1/namespaces/a/replicasets`. */
export function collectionPath(type: ResourceType, namespace?: string | undefined): string {
  const root = type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`;
  const scope = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${type.plural}`;
}

/** The path of one object or of a subresource of it. */
export function objectPath(ref: ObjectRef, subresource?: string | undefined): string {
  if (!ref.name) throw new TypeError(`${ref.type.kind} without a name`);
  if (ref.type.namespaced && !ref.namespace) {
    throw new TypeError(`${ref.type.kind} ${ref.name} without a namespace`);
  }
  const path = `${collectionPath(ref.type, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

/** `?a=1&b=2` of those that have a value; empty without any. */
export function queryString(parameters: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}

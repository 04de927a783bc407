/** What a path of the API means. */
export interface ApiPath {
  /** Empty for the core group. */
  group: string;
  version: string;
  namespace?: string;
  /** Plural; undefined for `/api`, `/apis`, `/apis/<group>` and `/apis/<group>/<version>`. */
  plural?: string;
  name?: string;
  subresource?: string;
  /** What follows the subresource, for proxies. */
  rest?: string;
}

/** Subresources of namespaces; `/namespaces/x/<anything else>` names a namespaced resource. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/**
 * Reads `/api/v1/…` and `/apis/<group>/<version>/…`; undefined for every other path, discovery included, which has
 * paths of its own.
 */
export function parseApiPath(pathname: string): ApiPath | undefined {
  const parts = pathname.split('/').slice(1);
  if (parts.at(-1) === '') parts.pop();
  let decoded: string[];
  try {
    decoded = parts.map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const [root, ...rest] = decoded;
  if (root === 'api' && rest.length >= 2) return resourcePath('', rest[0]!, rest.slice(1));
  if (root === 'apis' && rest.length >= 3) return resourcePath(rest[0]!, rest[1]!, rest.slice(2));
  return undefined;
}

function resourcePath(group: string, version: string, parts: string[]): ApiPath {
  const [first, namespace, third] = parts;
  const inNamespace =
    first === 'namespaces' && namespace !== undefined && third !== undefined
      ? group !== '' || !NAMESPACE_SUBRESOURCES.has(third)
      : false;
  const [plural, name, subresource, ...rest] = inNamespace ? parts.slice(2) : parts;
  return {
    group,
    version,
    ...(inNamespace && { namespace }),
    ...(plural !== undefined && { plural }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
    ...(rest.length > 0 && { rest: rest.join('/') }),
  };
}

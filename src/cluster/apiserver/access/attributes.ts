import type { ApiPath } from '../http/request.ts';
import { parseFlag } from '../rest/options.ts';
import { fieldTerms } from '../rest/selectors.ts';
import { StatusError } from '../status.ts';
import type { User } from './users.ts';

/** What a request wants to do with a resource; `*` as any other word, matched by rules that have it. */
export interface ResourceAttributes {
  verb: string;
  /** Empty for the core group. */
  group: string;
  resource: string;
  subresource?: string | undefined;
  /** Undefined: at the cluster scope, or in all namespaces. */
  namespace?: string | undefined;
  name?: string | undefined;
}

/** What a request wants of a path that is no resource. */
export interface PathAttributes {
  /** The method, in lower case. */
  verb: string;
  path: string;
}

/** What authorization decides about. */
export type Attributes = ResourceAttributes | PathAttributes;

export const isPath = (attributes: Attributes): attributes is PathAttributes => 'path' in attributes;

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources that run something: a WebSocket opens them with GET, which must not be enough. */
const SESSIONS = new Set(['exec', 'attach', 'portforward']);

/** The attributes of a request, as kube-apiserver derives them from its method and URL. */
export function requestAttributes(method: string, url: URL, path: ApiPath | undefined): Attributes {
  if (path?.plural === undefined) return { verb: method.toLowerCase(), path: url.pathname };
  const { group, plural, subresource } = path;
  // A single namespace is an object within itself, so that its members may be let read it.
  const namespace = path.namespace ?? (group === '' && plural === 'namespaces' ? path.name : undefined);
  const verb = VERBS[method] ?? '';
  const session = group === '' && plural === 'pods' && SESSIONS.has(subresource ?? '');
  const name =
    path.name ?? (verb === 'get' || verb === 'delete' ? selectedName(url.searchParams) : undefined);
  return {
    verb: session ? 'create' : path.name === undefined ? collectionVerb(verb, url.searchParams) : verb,
    group,
    resource: plural,
    subresource,
    namespace,
    name,
  };
}

function collectionVerb(verb: string, query: URLSearchParams): string {
  if (verb === 'delete') return 'deletecollection';
  if (verb !== 'get') return verb;
  return parseFlag(query, 'watch') ? 'watch' : 'list';
}

/**
 * A collection narrowed to one name is judged by that name, so that rules with `resourceNames` can allow it. A selector
 * that cannot be read names nothing here; who may list all the same is told so then.
 */
function selectedName(query: URLSearchParams): string | undefined {
  try {
    const terms = fieldTerms(query.get('fieldSelector') ?? '');
    return terms.find(({ field, equal }) => equal && field === 'metadata.name')?.value;
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** The refusal of what a user may not do. `reason` follows when there is one. */
export function forbiddenRequest(user: User, attributes: Attributes, reason = ''): StatusError {
  const why = reason && `: ${reason}`;
  if (isPath(attributes)) {
    const { verb, path } = attributes;
    const message = `forbidden: User ${quote(user.name)} cannot ${verb} path ${quote(path)}${why}`;
    return new StatusError(403, 'Forbidden', message, {});
  }
  const { verb, group, resource, subresource, namespace, name } = attributes;
  const qualified = group ? `${resource}.${group}` : resource;
  const combined = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${quote(namespace)}` : 'at the cluster scope';
  return new StatusError(
    403,
    'Forbidden',
    `${qualified}${name ? ` ${quote(name)}` : ''} is forbidden: User ${quote(user.name)} cannot ${verb} resource ` +
      `${quote(combined)} in API group ${quote(group)} ${where}${why}`,
    { ...(name && { name }), ...(group && { group }), kind: resource },
  );
}

const quote = (text: string) => JSON.stringify(text);

import type { ApiPath } from '../http/request.ts';
import { StatusError } from '../status.ts';
import { isAnonymous, type User } from './users.ts';

/** Paths that need no token. */
const PUBLIC = /^\/(healthz|livez|readyz)(\/|$)|^\/version\/?$/;

/**
 * Whether a user may make a request. Every authenticated user may do everything: there is no RBAC yet.
 * @throws StatusError 403
 */
export function authorize(user: User, verb: string, pathname: string, path: ApiPath | undefined): void {
  if (!isAnonymous(user) || PUBLIC.test(pathname)) return;
  if (!path?.plural) {
    throw new StatusError(
      403,
      'Forbidden',
      `forbidden: User "${user.name}" cannot ${verb} path ${JSON.stringify(pathname)}`,
      {},
    );
  }
  const { group, plural, name, namespace, subresource } = path;
  const resource = subresource ? `${plural}/${subresource}` : plural;
  const qualified = group ? `${plural}.${group}` : plural;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  throw new StatusError(
    403,
    'Forbidden',
    `${qualified}${name ? ` "${name}"` : ''} is forbidden: User "${user.name}" cannot ${verb} resource ` +
      `"${resource}" in API group "${group}" ${where}`,
    { ...(name && { name }), ...(group && { group }), kind: plural },
  );
}

import { badRequest, StatusError } from '../status.ts';
import type { ResourceAttributes } from './attributes.ts';
import type { Authorizer } from './authorize.ts';
import { ANONYMOUS, AUTHENTICATED, serviceAccountUser, UNAUTHENTICATED, type User } from './users.ts';

type Headers = Record<string, string | string[] | undefined>;

const EXTRA = 'impersonate-extra-';
const AUTHENTICATION = 'authentication.k8s.io';

/**
 * The user that a request is made as: its own, or the one that its `Impersonate-` headers name, when it has the
 * `impersonate` right for each part of that.
 * @throws StatusError 403 without the right, 500 when groups or extras are asked for without a user
 */
export function impersonated(own: User, headers: Headers, authorizer: Authorizer): User {
  const name = valuesOf(headers['impersonate-user'])[0] ?? '';
  const groups = valuesOf(headers['impersonate-group']);
  const uid = valuesOf(headers['impersonate-uid'])[0] ?? '';
  const extra = extraOf(headers);
  const extras = Object.entries(extra).flatMap(([key, values]) => values.map((value) => ({ key, value })));
  if (!name) {
    const asked = [...groups, ...(uid ? [uid] : []), ...extras.map(({ value }) => value)];
    if (asked.length === 0) return own;
    const message = `requested ${JSON.stringify(asked)} without impersonating a user`;
    throw new StatusError(500, 'InternalError', `Internal error occurred: ${message}`);
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const demand = (attributes: Omit<ResourceAttributes, 'verb'>) =>
    authorizer.authorize(own, { verb: 'impersonate', ...attributes });
  if (account) demand({ group: '', resource: 'serviceaccounts', namespace: account[1], name: account[2] });
  else demand({ group: '', resource: 'users', name });
  for (const group of groups) demand({ group: '', resource: 'groups', name: group });
  for (const { key, value } of extras) {
    demand({ group: AUTHENTICATION, resource: 'userextras', subresource: key, name: value });
  }
  if (uid) demand({ group: AUTHENTICATION, resource: 'uids', name: uid });
  const given = account && groups.length === 0 ? accountGroups(account) : groups;
  return {
    name,
    groups: completeGroups(name, given),
    ...(uid && { uid }),
    ...(extras.length > 0 && { extra }),
  };
}

const accountGroups = ([, namespace = '', account = '']: RegExpExecArray) =>
  serviceAccountUser(namespace, account).groups.filter((group) => group !== AUTHENTICATED);

/** Everybody is authenticated but for the anonymous, also when it is somebody's part that is played. */
function completeGroups(name: string, groups: readonly string[]): string[] {
  const distinct = [...new Set(groups)];
  if (name === ANONYMOUS.name) return [...new Set([...distinct, UNAUTHENTICATED])];
  const said = distinct.includes(AUTHENTICATED) || distinct.includes(UNAUTHENTICATED);
  return said ? distinct : [...distinct, AUTHENTICATED];
}

/** Node joins headers that are given several times. */
const valuesOf = (header: string | string[] | undefined): string[] =>
  (Array.isArray(header) ? header : (header ?? '').split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');

function extraOf(headers: Headers): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (header.startsWith(EXTRA)) found[unescaped(header.slice(EXTRA.length))] = valuesOf(value);
  }
  return found;
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    throw badRequest(`the header ${EXTRA}${key} is not percent-encoded rightly`);
  }
}

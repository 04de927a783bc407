import { createHash } from 'node:crypto';
import type { Clock } from '../../../api/index.ts';
import { StatusError, unauthorized } from '../status.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import { ANONYMOUS, AUTHENTICATED, MASTERS, type User } from './users.ts';

/** What authentication knows. */
export interface Credentials {
  /** Bearer tokens and whose they are. */
  tokens: ReadonlyMap<string, User>;
  serviceAccounts: ServiceAccountTokens;
  /** Whether a service account of this uid still exists. */
  accountExists(user: User & { uid: string }): boolean;
  clock: Clock;
}

type Headers = Record<string, string | string[] | undefined>;

/** Tells by its headers who makes a request. */
export class Authenticator {
  readonly #credentials: Credentials;
  /** By digest, so that a lookup's time says nothing of the tokens. */
  readonly #byDigest: ReadonlyMap<string, User>;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
    this.#byDigest = new Map([...credentials.tokens].map(([token, user]) => [digest(token), user]));
  }

  /** Without a token: anonymous. @throws StatusError 401 for a wrong token, 403 for impersonation by a non-admin */
  user(headers: Headers): User {
    const own = this.#own(headers.authorization as string | undefined);
    return impersonated(own, headers);
  }

  /** The user of a bearer token; undefined when it is unknown. */
  tokenUser(token: string): User | undefined {
    const known = this.#byDigest.get(digest(token));
    if (known) return known;
    const { serviceAccounts, accountExists, clock } = this.#credentials;
    const user = serviceAccounts.verify(token, clock());
    return user && accountExists(user) ? user : undefined;
  }

  #own(authorization: string | undefined): User {
    if (!authorization) return ANONYMOUS;
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const user = token && this.tokenUser(token);
    if (!user) throw unauthorized();
    return user;
  }
}

const digest = (token: string) => createHash('sha256').update(token).digest('base64');

function impersonated(own: User, headers: Headers): User {
  const name = headers['impersonate-user'];
  const groups = headers['impersonate-group'];
  const uid = headers['impersonate-uid'];
  if (name === undefined && groups === undefined && uid === undefined) return own;
  if (typeof name !== 'string' || name === '') {
    throw new StatusError(
      500,
      'InternalError',
      `Internal error occurred: requested ${JSON.stringify([groups, uid])} without impersonating a user`,
    );
  }
  if (!own.groups.includes(MASTERS)) {
    throw new StatusError(
      403,
      'Forbidden',
      `users "${name}" is forbidden: User "${own.name}" cannot impersonate resource "users" in API group "" at the cluster scope`,
      { name, kind: 'users' },
    );
  }
  const asked = groups === undefined ? [] : Array.isArray(groups) ? groups : groups.split(',');
  const named = asked.map((group) => group.trim());
  return {
    name,
    groups: [...new Set([...named, AUTHENTICATED])],
    ...(typeof uid === 'string' && { uid }),
  };
}

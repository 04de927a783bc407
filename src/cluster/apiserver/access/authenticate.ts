import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../../api/index.ts';
import { unauthorized } from '../status.ts';
import type { Authorizer } from './authorize.ts';
import { certificateUser } from './client-certificates.ts';
import { impersonated } from './impersonate.ts';
import { DEFAULT_AUDIENCE, type ServiceAccountTokens, type TokenIdentity } from './service-account-tokens.ts';
import { ANONYMOUS, type User } from './users.ts';

/** What authentication knows. */
export interface Credentials {
  /** Bearer tokens and whose they are. */
  tokens: ReadonlyMap<string, User>;
  serviceAccounts: ServiceAccountTokens;
  /** Whether the account of a token, and what the token is bound to, still exist. */
  isLive(identity: TokenIdentity): boolean;
  /** Decides who may act as another. */
  authorizer: Authorizer;
  clock: Clock;
}

/** The user of a token, and whom the token is meant for. */
export interface Authenticated {
  user: User;
  audiences: readonly string[];
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

  /**
   * Whose request it is: by the certificate of the connection, else by the token; without either: anonymous.
   * @throws StatusError 401 for a wrong token or certificate, 403 for impersonation without the right
   */
  user(headers: Headers, socket: Socket): User {
    const own = this.#own(headers.authorization as string | undefined, socket);
    return impersonated(own, headers, this.#credentials.authorizer);
  }

  /** Whose a bearer token is, for whatever audience; undefined when it is unknown. */
  identify(token: string): Authenticated | undefined {
    const known = this.#byDigest.get(digest(token));
    if (known) return { user: known, audiences: [DEFAULT_AUDIENCE] };
    const { serviceAccounts, isLive, clock } = this.#credentials;
    const identity = serviceAccounts.verify(token, clock());
    return identity && isLive(identity) ? identity : undefined;
  }

  #own(authorization: string | undefined, socket: Socket): User {
    if (!authorization) return certificateUser(socket) ?? ANONYMOUS;
    const certified = attempt(() => certificateUser(socket));
    if (certified) return certified;
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const found = token === undefined ? undefined : this.identify(token);
    // A token for somebody else's server is not one for this one.
    if (!found?.audiences.includes(DEFAULT_AUDIENCE)) throw unauthorized();
    return found.user;
  }
}

/** A token may make up for a certificate that is refused. */
function attempt<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}

const digest = (token: string) => createHash('sha256').update(token).digest('base64');

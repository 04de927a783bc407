import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Instant } from '../../../api/index.ts';
import { serviceAccountUser, type User } from './users.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
export const DEFAULT_AUDIENCE = ISSUER;

/** An object by name and uid; a token that is bound to one ends with it. */
export interface Reference {
  name: string;
  uid: string;
}

/** What a token may be bound to, by the resource that it is in. */
export type BoundTo = Partial<Record<'pod' | 'secret' | 'node', Reference>>;

interface Claims {
  iss: string;
  aud: string[];
  sub: string;
  iat: number;
  nbf: number;
  exp: number;
  jti: string;
  'kubernetes.io': { namespace: string; serviceaccount: Reference } & BoundTo;
}

/** What a valid token says of its bearer; whether its objects still exist is for the caller to see. */
export interface TokenIdentity {
  user: User;
  audiences: readonly string[];
  namespace: string;
  account: Reference;
  boundTo: BoundTo;
}

/** What a token is issued for. */
export interface TokenRequest {
  namespace: string;
  name: string;
  uid: string;
  audiences: string[];
  boundTo?: BoundTo;
  issuedAt: Instant;
  expiresAt: Instant;
}

/** Issues and checks JSON Web Tokens of service accounts, signed with a key that only this server has. */
export class ServiceAccountTokens {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  issue({ namespace, name, uid, audiences, boundTo, issuedAt, expiresAt }: TokenRequest): string {
    const claims: Claims = {
      iss: ISSUER,
      aud: audiences,
      sub: `system:serviceaccount:${namespace}:${name}`,
      iat: Math.floor(issuedAt / 1000),
      nbf: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      jti: randomUUID(),
      'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...boundTo },
    };
    const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${content}.${this.#sign(content)}`;
  }

  /** What a token says; undefined when it is not ours, or has expired. */
  verify(token: string, now: Instant): TokenIdentity | undefined {
    const [header, payload, signature, ...rest] = token.split('.');
    if (!header || !payload || !signature || rest.length > 0) return undefined;
    const expected = Buffer.from(this.#sign(`${header}.${payload}`));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    const { aud, exp, jti, 'kubernetes.io': claims } = decode(payload);
    if (exp * 1000 <= now) return undefined;
    const { namespace, serviceaccount: account, ...boundTo } = claims;
    const user = {
      ...serviceAccountUser(namespace, account.name, account.uid),
      extra: extraOf(jti, boundTo),
    };
    return { user, audiences: aud, namespace, account, boundTo };
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#key).update(content).digest('base64url');
  }
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (payload: string) => JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims;

/** As kube-apiserver tells those who ask for the user of a token. */
function extraOf(id: string | undefined, { pod, node }: BoundTo): Record<string, string[]> {
  const of = (key: string, value: string | undefined) =>
    value === undefined ? {} : { [`authentication.kubernetes.io/${key}`]: [value] };
  return {
    ...of('credential-id', id && `JTI=${id}`),
    ...of('pod-name', pod?.name),
    ...of('pod-uid', pod?.uid),
    ...of('node-name', node?.name),
    ...of('node-uid', node?.uid),
  };
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Instant } from '../../../api/index.ts';
import { serviceAccountUser, type User } from './users.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
export const DEFAULT_AUDIENCE = ISSUER;

interface Claims {
  iss: string;
  aud: string[];
  sub: string;
  iat: number;
  exp: number;
  'kubernetes.io': { namespace: string; serviceaccount: { name: string; uid: string } };
}

/** What a token is issued for. */
export interface TokenRequest {
  namespace: string;
  name: string;
  uid: string;
  audiences: string[];
  issuedAt: Instant;
  expiresAt: Instant;
}

/** Issues and checks JSON Web Tokens of service accounts, signed with a key that only this server has. */
export class ServiceAccountTokens {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  issue({ namespace, name, uid, audiences, issuedAt, expiresAt }: TokenRequest): string {
    const claims: Claims = {
      iss: ISSUER,
      aud: audiences,
      sub: `system:serviceaccount:${namespace}:${name}`,
      iat: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      'kubernetes.io': { namespace, serviceaccount: { name, uid } },
    };
    const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${content}.${this.#sign(content)}`;
  }

  /** The user of a token; undefined when it is not ours, or has expired. */
  verify(token: string, now: Instant): (User & { uid: string }) | undefined {
    const [header, payload, signature, ...rest] = token.split('.');
    if (!header || !payload || !signature || rest.length > 0) return undefined;
    const expected = Buffer.from(this.#sign(`${header}.${payload}`));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims;
    if (claims.exp * 1000 <= now) return undefined;
    const { namespace, serviceaccount } = claims['kubernetes.io'];
    return { ...serviceAccountUser(namespace, serviceaccount.name), uid: serviceaccount.uid };
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#key).update(content).digest('base64url');
  }
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

import { formatTime } from '../../../api/index.ts';
import { isAnonymous, type User } from '../access/users.ts';
import { decodeBody } from '../http/body.ts';
import type { ApiContext } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';

/** A kind that is asked, not stored: POST it, and the answer has a status. */
export interface Review {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  namespaced: boolean;
  answer(context: ApiContext, spec: Record<string, unknown>, user: User): object;
}

const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';

function review(group: string, kind: string, answer: Review['answer'], namespaced = false): Review {
  const singular = kind.toLowerCase();
  return { group, version: 'v1', kind, plural: `${singular}s`, singular, namespaced, answer };
}

/** Every authenticated user may do everything: there is no RBAC yet. */
const access = (user: User) =>
  isAnonymous(user)
    ? { allowed: false, reason: 'anonymous requests may not do anything' }
    : { allowed: true, reason: 'every authenticated user may do everything' };

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

const userInfo = ({ name, groups, uid, extra }: User) => ({
  username: name,
  ...(uid && { uid }),
  groups,
  ...(extra && { extra }),
});

export const reviews: readonly Review[] = [
  review(AUTHENTICATION, 'SelfSubjectReview', (_context, _spec, user) => ({ userInfo: userInfo(user) })),
  review(AUTHENTICATION, 'TokenReview', ({ authenticator }, spec) => {
    const user = authenticator.tokenUser(String(spec.token ?? ''));
    return user
      ? {
          authenticated: true,
          user: userInfo(user),
          ...(spec.audiences ? { audiences: spec.audiences } : {}),
        }
      : { authenticated: false, error: 'the token is unknown or has expired' };
  }),
  review(
    AUTHORIZATION,
    'LocalSubjectAccessReview',
    (_context, spec) => access({ name: String(spec.user ?? ''), groups: [] }),
    true,
  ),
  review(AUTHORIZATION, 'SelfSubjectAccessReview', (_context, _spec, user) => access(user)),
  review(AUTHORIZATION, 'SelfSubjectRulesReview', () => everything),
  review(AUTHORIZATION, 'SubjectAccessReview', (_context, spec) =>
    access({ name: String(spec.user ?? ''), groups: [] }),
  ),
];

export const findReview = (group: string, version: string, plural: string) =>
  reviews.find((known) => known.group === group && known.version === version && known.plural === plural);

/** Answers a POST of a review. */
export async function answerReview(context: ApiContext, exchange: Exchange, found: Review): Promise<void> {
  const body = decodeBody(await exchange.body(), exchange.header('content-type'), found.kind);
  const { spec = {} } = (body ?? {}) as { spec?: Record<string, unknown> };
  const selfReview = found.kind === 'SelfSubjectReview';
  exchange.sendValue(201, {
    kind: found.kind,
    apiVersion: `${found.group}/${found.version}`,
    metadata: selfReview ? { creationTimestamp: formatTime(context.clock()) } : {},
    ...(!selfReview && { spec }),
    status: found.answer(context, spec, exchange.user),
  });
}

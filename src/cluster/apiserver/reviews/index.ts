import { formatTime, type KubeObject } from '../../../api/index.ts';
import { decodeBody } from '../http/body.ts';
import type { ApiContext } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { badRequest } from '../status.ts';
import { accessReview, localAccessReview, rulesReview, selfAccessReview } from './access.ts';
import { tokenReview, userInfo } from './identity.ts';
import type { Question } from './question.ts';

/** A kind that is asked, not stored: POST it, and the answer has a status. */
export interface Review {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  namespaced: boolean;
  /** @throws StatusError */
  answer(context: ApiContext, question: Question): object;
}

const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';

function review(group: string, kind: string, answer: Review['answer'], namespaced = false): Review {
  const singular = kind.toLowerCase();
  return { group, version: 'v1', kind, plural: `${singular}s`, singular, namespaced, answer };
}

export const reviews: readonly Review[] = [
  review(AUTHENTICATION, 'SelfSubjectReview', (_context, { user }) => ({ userInfo: userInfo(user) })),
  review(AUTHENTICATION, 'TokenReview', tokenReview),
  review(AUTHORIZATION, 'LocalSubjectAccessReview', localAccessReview, true),
  review(AUTHORIZATION, 'SelfSubjectAccessReview', selfAccessReview),
  review(AUTHORIZATION, 'SelfSubjectRulesReview', rulesReview),
  review(AUTHORIZATION, 'SubjectAccessReview', accessReview),
];

export const findReview = (group: string, version: string, plural: string) =>
  reviews.find((known) => known.group === group && known.version === version && known.plural === plural);

/** Answers a POST of a review. */
export async function answerReview(
  context: ApiContext,
  exchange: Exchange,
  found: Review,
  namespace: string | undefined,
): Promise<void> {
  const body = decodeBody(await exchange.body(), exchange.header('content-type'), found.kind);
  const { spec = {} } = (body ?? {}) as { spec?: unknown };
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) {
    throw badRequest(
      `${found.kind} in version "${found.version}" cannot be handled as a ${found.kind}: spec must be an object`,
    );
  }
  const question: Question = { spec: spec as Record<string, unknown>, namespace, user: exchange.user };
  const status = found.answer(context, question);
  const selfReview = found.kind === 'SelfSubjectReview';
  const metadata: KubeObject['metadata'] = {
    ...(selfReview && { creationTimestamp: formatTime(context.clock()) }),
    ...(namespace && { namespace }),
  };
  exchange.sendValue(201, {
    kind: found.kind,
    apiVersion: `${found.group}/${found.version}`,
    metadata,
    ...(!selfReview && { spec }),
    status,
  });
}

import { DEFAULT_AUDIENCE } from '../access/service-account-tokens.ts';
import type { User } from '../access/users.ts';
import type { ApiContext } from '../http/context.ts';
import { badRequest } from '../status.ts';
import { type Question, strings, text } from './question.ts';

/** A user as reviews tell it. */
export const userInfo = ({ name, groups, uid, extra }: User) => ({
  username: name,
  ...(uid && { uid }),
  groups,
  ...(extra && { extra }),
});

/** Whose a token is, if it is meant for one of the audiences that are asked for; default: this API server. */
export function tokenReview({ authenticator }: ApiContext, { spec }: Question): object {
  const token = text(spec, 'token');
  if (!token) throw badRequest('token is required for TokenReview in authentication');
  const asked = strings(spec, 'audiences');
  const wanted = asked.length > 0 ? asked : [DEFAULT_AUDIENCE];
  const found = authenticator.identify(token);
  if (!found) return { user: {}, error: '[invalid bearer token, the token is unknown, expired or revoked]' };
  const audiences = wanted.filter((audience) => found.audiences.includes(audience));
  if (audiences.length === 0) {
    const list = (names: readonly string[]) => JSON.stringify(names);
    return {
      user: {},
      error: `token audiences ${list(found.audiences)} is invalid for the target audiences ${list(wanted)}`,
    };
  }
  return { authenticated: true, user: userInfo(found.user), audiences };
}

import type { Clock, WebMetric } from '../../../api/index.ts';
import { MeasurementError } from '../error.ts';
import { basicAuthorization, type HttpClient, type HttpRequest } from './client.ts';

type OAuth2 = NonNullable<NonNullable<WebMetric['authentication']>['oauth2']>;

/** A token is taken for expired this long before it is. */
const EARLY_MS = 10_000;
/** Without `expires_in` a token is used for one measurement only. */
const tokens = new WeakMap<HttpClient, Map<string, { token: string; expiresAt: number }>>();

/**
 * The Authorization header of a client-credentials grant; empty when OAuth2 is not set up. Tokens are kept until they
 * expire.
 * @throws MeasurementError
 */
export async function oauth2Headers(
  oauth2: OAuth2 | undefined,
  http: HttpClient,
  request: Pick<HttpRequest, 'timeoutMs' | 'insecure' | 'signal' | 'headers'>,
  clock: Clock,
): Promise<Record<string, string>> {
  if (!oauth2?.tokenUrl) return {};
  if (!oauth2.clientId || !oauth2.clientSecret) {
    throw new MeasurementError('missing mandatory parameter in metric for OAuth2 setup');
  }
  const known = tokens.get(http) ?? new Map();
  tokens.set(http, known);
  const key = JSON.stringify(oauth2);
  const cached = known.get(key);
  if (cached && clock() < cached.expiresAt) return { authorization: `Bearer ${cached.token}` };
  const { token, lifetimeMs } = await fetchToken(oauth2, http, request);
  if (lifetimeMs > EARLY_MS) known.set(key, { token, expiresAt: clock() + lifetimeMs - EARLY_MS });
  else known.delete(key);
  return { authorization: `Bearer ${token}` };
}

/** The client authenticates itself by HTTP Basic first, by form fields when that is refused. */
async function fetchToken(
  { tokenUrl = '', clientId = '', clientSecret = '', scopes = [] }: OAuth2,
  http: HttpClient,
  request: Pick<HttpRequest, 'timeoutMs' | 'insecure' | 'signal' | 'headers'>,
): Promise<{ token: string; lifetimeMs: number }> {
  const form = { grant_type: 'client_credentials', ...(scopes.length > 0 && { scope: scopes.join(' ') }) };
  const ask = (headers: Record<string, string>, fields: Record<string, string>) =>
    http.request(tokenUrl, {
      ...request,
      method: 'POST',
      headers: { ...request.headers, ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    });
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  let answer = await ask({ authorization: basicAuthorization(credentials) }, form);
  if (answer.status === 400 || answer.status === 401) {
    answer = await ask({}, { ...form, client_id: clientId, client_secret: clientSecret });
  }
  if (answer.status < 200 || answer.status > 299) {
    throw new MeasurementError(`oauth2: cannot fetch token: ${answer.status} ${answer.statusText}`.trimEnd());
  }
  return readToken(answer.body);
}

function readToken(body: string): { token: string; lifetimeMs: number } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new MeasurementError('oauth2: cannot parse the answer of the token endpoint: it is not JSON');
  }
  const { access_token: token, expires_in: seconds } = (parsed ?? {}) as Record<string, unknown>;
  if (typeof token !== 'string' || token === '') {
    throw new MeasurementError('oauth2: the answer of the token endpoint has no access_token');
  }
  return { token, lifetimeMs: (Number(seconds) || 0) * 1000 };
}

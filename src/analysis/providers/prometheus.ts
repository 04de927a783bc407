import { DurationError, type Metric, type PrometheusMetric, parseDuration } from '../../api/index.ts';
import { ExpressionError, evaluateTime, FLOAT, formatFloat, listOf } from '../expressions/index.ts';
import type { Sample } from '../metrics/verdict.ts';
import { MeasurementError } from './error.ts';
import { basicAuthorization, type HttpRequest } from './http/client.ts';
import { oauth2Headers } from './http/oauth2.ts';
import type { MeasureContext, QueryProvider } from './provider.ts';

const DEFAULT_TIMEOUT_SECONDS = 30;
const ADDRESS_VARIABLE = 'ARGO_ROLLOUTS_PROMETHEUS_ADDRESS';

/** Asks Prometheus: an instant query, or a range query (ANA §6.1). */
export const prometheus: QueryProvider = {
  kind: 'query',
  async query({ provider }: Metric, context) {
    const metric = provider.prometheus as PrometheusMetric;
    const address = baseAddress(metric, context);
    if ((metric.timeout ?? 0) < 0) throw new MeasurementError('prometheus timeout should not be negative');
    const common = {
      timeoutMs: (metric.timeout ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
      insecure: metric.insecure ?? false,
      signal: context.signal,
    };
    const headers = await requestHeaders(metric, address, common, context);
    const { path, form } = queryForm(metric, context);
    return readAnswer(await ask(`${address}${path}`, form, { ...common, headers }, context));
  },
  metadata: ({ provider }) => ({ ResolvedPrometheusQuery: provider.prometheus?.query ?? '' }),
};

function baseAddress({ address }: PrometheusMetric, { env }: MeasureContext): string {
  const configured = address || env[ADDRESS_VARIABLE];
  if (!configured) throw new MeasurementError('prometheus address is not configured');
  const url = URL.parse(configured);
  if (!url?.host || !/^https?:$/.test(url.protocol)) {
    throw new MeasurementError('prometheus address is not is url format');
  }
  return configured.replace(/\/+$/, '');
}

/** Basic authentication where OAuth2 has not already authorised; the metric's own headers last, so that they win. */
async function requestHeaders(
  { authentication = {}, headers = [] }: PrometheusMetric,
  address: string,
  common: Pick<HttpRequest, 'timeoutMs' | 'insecure' | 'signal'>,
  { http, clock }: MeasureContext,
): Promise<Record<string, string>> {
  const { sigv4, basicAuth } = authentication;
  if (address.includes('aps-workspaces') && (sigv4?.region || sigv4?.profile || sigv4?.roleArn)) {
    throw new MeasurementError('authentication.sigv4 is not supported by this version of Kanari');
  }
  const own = Object.fromEntries(headers.map(({ key, value }) => [key.toLowerCase(), value]));
  const oauth2 = await oauth2Headers(authentication.oauth2, http, { ...common, headers: own }, clock);
  return { ...basicAuthHeaders(basicAuth), ...oauth2, ...own };
}

function basicAuthHeaders(
  basicAuth: { username?: string; password?: string } | undefined,
): Record<string, string> {
  if (!basicAuth?.username && !basicAuth?.password) return {};
  const missing = !basicAuth.username ? 'username' : !basicAuth.password ? 'password' : undefined;
  if (missing) {
    throw new MeasurementError(`missing mandatory parameter in metric for basic auth setup: ${missing}`);
  }
  return { authorization: basicAuthorization(`${basicAuth.username}:${basicAuth.password}`) };
}

function queryForm(
  { query = '', rangeQuery }: PrometheusMetric,
  { clock }: MeasureContext,
): { path: string; form: Record<string, string> } {
  const now = clock();
  if (!rangeQuery) return { path: '/api/v1/query', form: { query, time: String(now / 1000) } };
  const { start = '', end = '', step = '' } = rangeQuery;
  return {
    path: '/api/v1/query_range',
    form: {
      query,
      start: String(rangeTime('start', start, now) / 1000),
      end: String(rangeTime('end', end, now) / 1000),
      step: String(rangeStep(step) / 1000),
    },
  };
}

function rangeTime(field: 'start' | 'end', expression: string, now: number): number {
  try {
    return evaluateTime(expression, now);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new MeasurementError(`failed to parse rangeQuery.${field} as time: ${error.message}`);
  }
}

function rangeStep(text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms > 0) return ms;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw new MeasurementError(`failed to parse rangeQuery.step as duration: ${error.message}`);
  }
  throw new MeasurementError(
    `failed to parse rangeQuery.step as duration: must be > 0, not ${JSON.stringify(text)}`,
  );
}

/** What the HTTP API of Prometheus answers. */
interface Answer {
  status?: 'success' | 'error';
  data?: { resultType: string; result: unknown };
  errorType?: string;
  error?: string;
  warnings?: string[];
}

/** POST, since queries are long; GET for servers that do not know that. */
async function ask(
  url: string,
  form: Record<string, string>,
  request: HttpRequest,
  { http }: MeasureContext,
): Promise<Answer> {
  const query = new URLSearchParams(form).toString();
  let answer = await http.request(url, {
    ...request,
    method: 'POST',
    headers: { ...request.headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: query,
  });
  if (answer.status === 405 || answer.status === 501) answer = await http.request(`${url}?${query}`, request);

  // The API reports its own errors as JSON with these codes only.
  const speaks = (answer.status >= 200 && answer.status <= 299) || [400, 422, 503].includes(answer.status);
  const parsed = speaks ? parseAnswer(answer.body) : undefined;
  if (parsed?.status === 'error') throw new MeasurementError(`${parsed.errorType}: ${parsed.error}`);
  if (parsed?.status === 'success') return parsed;
  if (answer.status >= 500) throw new MeasurementError(`server_error: server error: ${answer.status}`);
  if (answer.status >= 400) throw new MeasurementError(`client_error: client error: ${answer.status}`);
  throw new MeasurementError(
    `bad_response: the answer with status ${answer.status} is not that of Prometheus`,
  );
}

function parseAnswer(body: string): Answer | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Answer) : undefined;
  } catch {
    return undefined;
  }
}

type Point = [time: number, value: string];

function readAnswer({ data, warnings = [] }: Answer): Sample {
  const metadata = warnings.length > 0 && {
    warnings: warnings.map((text) => JSON.stringify(text)).join(', '),
  };
  switch (data?.resultType) {
    case 'scalar': {
      const result = sampleValue(data.result as Point);
      return { result, type: FLOAT, text: formatFloat(result), ...(metadata && { metadata }) };
    }
    case 'vector':
      return list(
        (data.result as { value: Point }[]).map(({ value }) => value),
        metadata,
      );
    case 'matrix':
      return list(
        (data.result as { values: Point[] }[]).flatMap(({ values }) => values),
        metadata,
      );
    default:
      throw new MeasurementError('Prometheus metric type not supported');
  }
}

function list(points: readonly Point[], metadata: { warnings: string } | false): Sample {
  const result = points.map(sampleValue);
  const text = `[${result.map(formatFloat).join(',')}]`;
  return { result, type: listOf(FLOAT), text, ...(metadata && { metadata }) };
}

/** Prometheus writes `NaN`, `+Inf` and `-Inf`. */
function sampleValue([, text]: Point): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

import type { Metric, WebMetric } from '../../api/index.ts';
import type { Value } from '../expressions/index.ts';
import { STRING } from '../expressions/index.ts';
import { compileJsonPath, type JsonPath, JsonPathMissing } from '../jsonpath/jsonpath.ts';
import { JsonPathSyntaxError } from '../jsonpath/parse.ts';
import type { Sample } from '../metrics/verdict.ts';
import { MeasurementError } from './error.ts';
import { compactJson } from './format.ts';
import { oauth2Headers } from './http/oauth2.ts';
import type { QueryProvider } from './provider.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;

/** Requests a URL and takes its answer, or a part of it, for the result (ANA §6.2). */
export const web: QueryProvider = {
  kind: 'query',
  async query({ provider }: Metric, { http, clock, signal }) {
    const metric = provider.web as WebMetric;
    const path = compilePath(metric.jsonPath || '{$}');
    const { method, body, headers } = payload(metric);
    const seconds = metric.timeoutSeconds ?? 0;
    const common = {
      timeoutMs: (seconds > 0 ? seconds : DEFAULT_TIMEOUT_SECONDS) * 1000,
      insecure: metric.insecure ?? false,
      signal,
    };
    const authorization = await oauth2Headers(metric.authentication?.oauth2, http, common, clock);
    const answer = await http.request(metric.url, {
      ...common,
      method,
      headers: { ...authorization, ...headers },
      ...(body !== undefined && { body }),
    });
    if (answer.status < 200 || answer.status > 299) {
      throw new MeasurementError(`received non 2xx response code: ${answer.status}`);
    }
    return readAnswer(answer.body, path);
  },
};

function compilePath(template: string): JsonPath {
  try {
    return compileJsonPath(template);
  } catch (error) {
    if (!(error instanceof JsonPathSyntaxError)) throw error;
    throw new MeasurementError(`jsonPath: ${error.message}`);
  }
}

function payload(metric: WebMetric): { method: string; body?: string; headers: Record<string, string> } {
  const method = metric.method || 'GET';
  if (!['GET', 'POST', 'PUT'].includes(method)) {
    throw new MeasurementError(`method must be GET, POST or PUT, not ${JSON.stringify(method)}`);
  }
  const json = metric.jsonBody === undefined ? undefined : JSON.stringify(metric.jsonBody);
  if (metric.body && json !== undefined) {
    throw new MeasurementError('use either Body or JSONBody; both cannot exists for WebMetric payload');
  }
  const body = json ?? (metric.body || undefined);
  if (body !== undefined && method === 'GET') {
    throw new MeasurementError('Body/JSONBody can only be used with POST or PUT WebMetric Method types');
  }
  const headers: Record<string, string> = {};
  for (const { key, value } of metric.headers ?? []) headers[key.toLowerCase()] = value;
  if (json !== undefined) headers['content-type'] = 'application/json';
  return { method, headers, ...(body !== undefined && { body }) };
}

/** A body that is no JSON is the result as it is. */
function readAnswer(body: string, path: JsonPath): Sample {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return { result: body, text: body, type: STRING };
  }
  try {
    const found = path.select(document);
    if (found.length === 0) throw new MeasurementError('result of web metric produced no value');
    const result = (found[0] ?? null) as Value;
    return { result, text: compactJson(result) };
  } catch (error) {
    if (!(error instanceof JsonPathMissing)) throw error;
    throw new MeasurementError(`Could not find JSONPath in body: ${error.message}`);
  }
}

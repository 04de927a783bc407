import { afterEach, describe, expect, it } from 'vitest';
import type { Metric, PrometheusMetric } from '../../api/index.ts';
import { metric, run } from '../testing/build.ts';
import { START } from '../testing/simulate.ts';
import { type SeenRequest, type ServerAnswer, startServer } from './testing/http-server.ts';
import { measurementOf, take } from './testing/take.ts';

const servers: Awaited<ReturnType<typeof startServer>>[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function ask(
  answer: (request: SeenRequest) => ServerAnswer,
  prometheus: Partial<PrometheusMetric> = {},
  fields: Partial<Metric> = {},
) {
  const server = await startServer(answer);
  servers.push(server);
  const provider = { prometheus: { address: server.url, query: 'up', ...prometheus } };
  const result = await take(run({ metrics: [metric({ ...fields, provider })] }));
  return { result, measurement: measurementOf(result), seen: server.seen };
}

const success =
  (resultType: string, result: unknown, rest = {}) =>
  () => ({
    body: JSON.stringify({ status: 'success', data: { resultType, result }, ...rest }),
  });
const vector = (...values: string[]) =>
  success(
    'vector',
    values.map((value) => ({ metric: {}, value: [1, value] })),
  );

describe('prometheus', () => {
  it.each<[string, () => ServerAnswer, string, string]>([
    ['scalar', success('scalar', [1, '0.95']), '0.95', 'result > 0.9'],
    ['a scalar that is no number', success('scalar', [1, 'NaN']), 'NaN', 'isNaN(result)'],
    ['infinity', success('scalar', [1, '-Inf']), '-Inf', 'isInf(result)'],
    ['large', success('scalar', [1, '1e+21']), '1000000000000000000000', 'result > 1'],
    ['vector', vector('0.95', '1', '+Inf'), '[0.95,1,+Inf]', 'result[0] == 0.95 and len(result) == 3'],
    ['empty', vector(), '[]', 'len(result) == 0 || result[0] >= 0.95'],
    [
      'matrix',
      success('matrix', [
        {
          values: [
            [1, '1'],
            [2, '2'],
          ],
        },
        { values: [[1, '3']] },
      ]),
      '[1,2,3]',
      'all(result, # < 4) and mean(result) == 2',
    ],
  ])('ANA-062 %s', async (_, answer, value, successCondition) => {
    const { measurement } = await ask(answer, {}, { successCondition });
    expect(measurement).toMatchObject({ phase: 'Successful', value });
  });

  it('ANA-062 a string is not supported; ANA-059 an empty vector has no first element', async () => {
    expect((await ask(success('string', [1, 'x']))).measurement.message).toBe(
      'Prometheus metric type not supported',
    );
    expect((await ask(vector(), {}, { successCondition: 'result[0] > 1' })).measurement.message).toMatch(
      /metric result is nil or empty: no data returned from the metric provider$/,
    );
  });

  it('knows that elements are floats before it runs', async () => {
    const { measurement } = await ask(vector('1'), {}, { successCondition: 'true or result[0] == "a"' });
    expect(measurement.message).toContain('invalid operation: == (mismatched types float64 and string)');
  });

  it('ANA-066 POST first, GET when that is not allowed', async () => {
    const { seen, measurement } = await ask((request) =>
      request.method === 'POST' ? { status: 405 } : vector('1')(),
    );
    expect(measurement.phase).toBe('Successful');
    const form = `query=up&time=${START / 1000}`;
    expect(seen).toMatchObject([
      { method: 'POST', path: '/api/v1/query', body: form },
      { method: 'GET', path: `/api/v1/query?${form}` },
    ]);
  });

  it('ANA-066 warnings and the resolved query', async () => {
    const { result } = await ask(success('scalar', [1, '1'], { warnings: ['slow "x"', 'w2'] }));
    expect(result).toMatchObject({
      metadata: { ResolvedPrometheusQuery: 'up' },
      measurement: { metadata: { warnings: '"slow \\"x\\"", "w2"' } },
    });
  });

  it.each<[string, ServerAnswer, string]>([
    [
      'its own error',
      {
        status: 400,
        body: '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"query\\""}',
      },
      'bad_data: invalid parameter "query"',
    ],
    ['not found', { status: 404 }, 'client_error: client error: 404'],
    ['unavailable', { status: 503 }, 'server_error: server error: 503'],
    [
      'something else',
      { body: '<html>' },
      'bad_response: the answer with status 200 is not that of Prometheus',
    ],
  ])('reports %s', async (_, answer, message) => {
    expect((await ask(() => answer)).measurement).toMatchObject({ phase: 'Error', message });
  });

  it('ANA-063 the address', async () => {
    const unset = run({ metrics: [metric({ provider: { prometheus: { query: 'up' } } })] });
    expect(measurementOf(await take(unset)).message).toBe('prometheus address is not configured');
    const server = await startServer(vector('1'));
    servers.push(server);
    const env = { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: `${server.url}/prefix/` };
    expect(measurementOf(await take(unset, { env })).phase).toBe('Successful');
    expect(server.seen[0]?.path).toBe('/prefix/api/v1/query');
    expect((await ask(vector('1'), { address: 'prometheus:9090' })).measurement.message).toBe(
      'prometheus address is not is url format',
    );
  });

  it('ANA-064 range queries', async () => {
    const rangeQuery = { start: 'now() - duration("1h")', end: 'now()', step: '1m' };
    const { seen } = await ask(success('matrix', []), { rangeQuery });
    const end = START / 1000;
    expect(seen[0]).toMatchObject({
      path: '/api/v1/query_range',
      body: `query=up&start=${end - 3600}&end=${end}&step=60`,
    });
    const messageOf = async (changed: Partial<typeof rangeQuery>) =>
      (await ask(success('matrix', []), { rangeQuery: { ...rangeQuery, ...changed } })).measurement.message;
    expect(await messageOf({ start: '1' })).toBe(
      'failed to parse rangeQuery.start as time: expected time.Time, but got int',
    );
    expect(await messageOf({ end: 'x' })).toMatch(/^failed to parse rangeQuery.end as time: unknown name x/);
    expect(await messageOf({ step: '' })).toBe(
      'failed to parse rangeQuery.step as duration: time: invalid duration ""',
    );
  });

  it('ANA-065 the own headers win over authentication', async () => {
    const basicAuth = { username: 'u', password: 'p' };
    const { seen } = await ask(vector('1'), { authentication: { basicAuth } });
    expect(seen[0]?.headers.authorization).toBe('Basic dTpw');
    const headers = [{ key: 'Authorization', value: 'own' }];
    expect(
      (await ask(vector('1'), { authentication: { basicAuth }, headers })).seen[0]?.headers.authorization,
    ).toBe('own');
  });

  it.each<[Partial<PrometheusMetric>, string]>([
    [{ timeout: -1 }, 'prometheus timeout should not be negative'],
    [
      { authentication: { basicAuth: { username: 'u' } } },
      'missing mandatory parameter in metric for basic auth setup: password',
    ],
    [
      { authentication: { basicAuth: { password: 'p' } } },
      'missing mandatory parameter in metric for basic auth setup: username',
    ],
    [
      { address: 'https://aps-workspaces.eu.amazonaws.com/x', authentication: { sigv4: { region: 'eu' } } },
      'authentication.sigv4 is not supported by this version of Kanari',
    ],
  ])('ANA-065 %j', async (fields, message) => {
    expect((await ask(vector('1'), fields)).measurement.message).toBe(message);
  });

  it('ANA-065 a timeout of 0 is over at once', async () => {
    expect((await ask(() => ({ hang: true }), { timeout: 0 })).measurement.message).toMatch(/within 0 s$/);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import type { Metric, WebMetric } from '../../api/index.ts';
import { metric, run } from '../testing/build.ts';
import { type SeenRequest, type ServerAnswer, startServer } from './testing/http-server.ts';
import { measurementOf, take } from './testing/take.ts';

const servers: Awaited<ReturnType<typeof startServer>>[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(answer: ServerAnswer | ((request: SeenRequest) => ServerAnswer)) {
  const server = await startServer(typeof answer === 'function' ? answer : () => answer);
  servers.push(server);
  return server;
}

const webMetric = (web: WebMetric, fields: Partial<Metric> = {}) => metric({ ...fields, provider: { web } });

/** Phase, value and message of one measurement of a server that answers this. */
async function measured(answer: ServerAnswer, web: Partial<WebMetric> = {}, fields: Partial<Metric> = {}) {
  const server = await serve(answer);
  const metrics = [webMetric({ url: server.url, ...web }, fields)];
  const { phase, value, message } = measurementOf(await take(run({ metrics })));
  return { phase, value, message };
}

describe('web', () => {
  it.each<[string, string, string | undefined, unknown]>([
    ['{"status":"ok"}', '{$.status}', '"ok"', 'result == "ok"'],
    [
      '{"b":{"z":1.50,"a":"<&>"},"a":1}',
      '{$}',
      String.raw`{"a":1,"b":{"a":"\u003c\u0026\u003e","z":1.5}}`,
      'result.b.z == 1.5',
    ],
    ['{"items":[{"v":1},{"v":2}]}', '{$.items[*].v}', '1', 'result == 1'],
    ['[1,2]', '{$}', '[1,2]', 'len(result) == 2'],
    ['null', '{$}', 'null', 'result == nil'],
    ['OK', '{$.status}', 'OK', 'result == "OK"'],
    ['', '{$.status}', undefined, 'result == ""'],
    ['{"a":1}', '$.a', '"$.a"', 'result == "$.a"'],
  ])('ANA-061 ANA-069 ANA-070 body %s, jsonPath %s', async (body, jsonPath, value, condition) => {
    expect(await measured({ body }, { jsonPath }, { successCondition: String(condition) })).toEqual({
      phase: 'Successful',
      value,
      message: undefined,
    });
  });

  it.each<[string, ServerAnswer, Partial<WebMetric>, string | RegExp]>([
    ['ANA-068 a status that is no success', { status: 503 }, {}, 'received non 2xx response code: 503'],
    [
      'ANA-069 a missing key',
      { body: '{}' },
      { jsonPath: '{$.a}' },
      'Could not find JSONPath in body: a is not found',
    ],
    [
      'ANA-069 no match',
      { body: '{"a":[]}' },
      { jsonPath: '{$.a[*]}' },
      'result of web metric produced no value',
    ],
    ['a malformed path', { body: '{}' }, { jsonPath: '{$.a' }, /^jsonPath: unclosed action/],
    ['a method that is not known', {}, { method: 'DELETE' }, 'method must be GET, POST or PUT, not "DELETE"'],
    [
      'ANA-067 two bodies',
      {},
      { method: 'POST', body: 'a', jsonBody: {} },
      'use either Body or JSONBody; both cannot exists for WebMetric payload',
    ],
    [
      'ANA-067 a body with GET',
      {},
      { jsonBody: {} },
      'Body/JSONBody can only be used with POST or PUT WebMetric Method types',
    ],
    ['ANA-071 no answer in time', { hang: true }, { timeoutSeconds: 1 }, /no complete answer within 1 s$/],
    ['a body without end', { body: 'x'.repeat(9 * 1024 * 1024) }, {}, /the answer is larger than 8 MiB$/],
    ['no http URL', {}, { url: 'ftp://x/' }, '"ftp://x/" is not an http or https URL'],
    [
      'nobody there',
      {},
      { url: 'http://127.0.0.1:1/' },
      /^GET http:\/\/127.0.0.1:1\/: .*(refused|bad port)/i,
    ],
  ])('%s', async (_, answer, web, message) => {
    const result = await measured(answer, web);
    expect(result).toMatchObject({ phase: 'Error', value: undefined });
    expect(result.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it('ANA-067 sends body, headers and JSON', async () => {
    const server = await serve({});
    const headers = [
      { key: 'X-Token', value: 't' },
      { key: 'Content-Type', value: 'text/plain' },
    ];
    await take(run({ metrics: [webMetric({ url: server.url, method: 'POST', body: 'hello', headers })] }));
    await take(
      run({ metrics: [webMetric({ url: server.url, method: 'PUT', jsonBody: { a: [1] }, headers })] }),
    );
    expect(server.seen).toMatchObject([
      { method: 'POST', body: 'hello', headers: { 'x-token': 't', 'content-type': 'text/plain' } },
      { method: 'PUT', body: '{"a":[1]}', headers: { 'x-token': 't', 'content-type': 'application/json' } },
    ]);
  });

  it('ANA-060 a condition that cannot be evaluated leaves no value', async () => {
    expect(await measured({ body: '"1.2"' }, {}, { successCondition: 'result > 1' })).toEqual({
      phase: 'Error',
      value: undefined,
      message: expect.stringContaining(
        'could not evaluate successCondition "result > 1": invalid operation: > (mismatched types string and int)',
      ),
    });
  });

  it('ANA-071 gets an OAuth2 token: by Basic first, by form when that is refused', async () => {
    const server = await serve(({ path, headers, body }) => {
      if (path !== '/token') return { body: headers.authorization === 'Bearer abc' ? '1' : '0' };
      if (!body.includes('client_secret')) return { status: 401 };
      return { body: '{"access_token":"abc","expires_in":3600}' };
    });
    const oauth2 = { tokenUrl: `${server.url}/token`, clientId: 'id', clientSecret: 's', scopes: ['a', 'b'] };
    const metrics = [
      webMetric({ url: server.url, authentication: { oauth2 } }, { successCondition: 'result == 1' }),
    ];
    expect(measurementOf(await take(run({ metrics }))).phase).toBe('Successful');
    expect(server.seen.map(({ body }) => body)).toEqual([
      'grant_type=client_credentials&scope=a+b',
      'grant_type=client_credentials&scope=a+b&client_id=id&client_secret=s',
      '',
    ]);
    const incomplete = [webMetric({ url: server.url, authentication: { oauth2: { tokenUrl: server.url } } })];
    expect(measurementOf(await take(run({ metrics: incomplete }))).message).toBe(
      'missing mandatory parameter in metric for OAuth2 setup',
    );
  });

  it('reaches Services of the cluster by their names', async () => {
    const server = await serve({ body: '"ok"' });
    const metrics = [
      webMetric(
        { url: 'http://colorapi.ns.svc.cluster.local/status' },
        { successCondition: 'result == "ok"' },
      ),
    ];
    const asked: unknown[] = [];
    const resolveService = (host: string, port: number) => {
      asked.push([host, port]);
      return { host: '127.0.0.1', port: server.port };
    };
    expect(measurementOf(await take(run({ metrics }), { httpOptions: { resolveService } })).phase).toBe(
      'Successful',
    );
    expect(asked).toEqual([['colorapi.ns.svc.cluster.local', 80]]);
    expect(server.seen[0]).toMatchObject({
      path: '/status',
      headers: { host: 'colorapi.ns.svc.cluster.local' },
    });
  });

  it('goes through a proxy if there is one, but not to Services', async () => {
    const proxy = await serve({ body: '"by proxy"' });
    const service = await serve({ body: '"direct"' });
    const resolveService = (host: string) =>
      host.endsWith('.svc') ? { host: '127.0.0.1', port: service.port } : undefined;
    const httpOptions = { resolveService, env: { HTTP_PROXY: proxy.url } };
    const answered = async (url: string) =>
      measurementOf(await take(run({ metrics: [webMetric({ url })] }), { httpOptions })).value;
    expect(await answered('http://a.b.svc/')).toBe('"direct"');
    expect(await answered('http://metrics.example/')).toBe('"by proxy"');
    const metadata = run({ metrics: [webMetric({ url: 'http://169.254.169.254/' })] });
    expect(measurementOf(await take(metadata, { httpOptions })).message).toMatch(/are refused/);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://0xa9fea9fe/',
    'http://[::ffff:169.254.169.254]/',
  ])('refuses metadata addresses: %s', async (url) => {
    const { phase, message } = measurementOf(await take(run({ metrics: [webMetric({ url })] })));
    expect(phase).toBe('Error');
    expect(message).toMatch(/are refused: it is a link-local or cloud metadata address$/);
  });

  it('refuses metadata addresses after a redirect, too', async () => {
    const { message } = await measured({ status: 302, headers: { location: 'http://169.254.169.254/' } });
    expect(message).toMatch(/are refused: it is a link-local or cloud metadata address$/);
  });
});

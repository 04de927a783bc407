import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { request } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { type SendOptions, TestServer } from './testing/client.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';

let api: TestServer;
const sessions: ClientHttp2Session[] = [];

afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await api.stop();
});

/** HTTP/2 connections, as client-go makes them: many requests on each. */
function connections(count: number): ClientHttp2Session[] {
  const opened = Array.from({ length: count }, () => connect(api.server.url, { ca: api.server.caPem }));
  sessions.push(...opened);
  return opened;
}

function open(session: ClientHttp2Session | undefined, target: string, body?: unknown): ClientHttp2Stream {
  const [method, path] = target.split(' ');
  const headers = { ':method': method, ':path': path, authorization: `Bearer ${api.server.adminToken}` };
  const stream = (session as ClientHttp2Session).request(
    { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(JSON.stringify(body));
  stream.setEncoding('utf8');
  return stream;
}

async function answerOf(
  stream: ClientHttp2Stream,
): Promise<{ status: number; retry: unknown; text: string }> {
  let text = '';
  const [headers] = await once(stream, 'response');
  for await (const chunk of stream) text += chunk;
  return { status: headers[':status'], retry: headers['retry-after'], text };
}

const create = (session: ClientHttp2Session | undefined, name: string, data = {}) =>
  answerOf(open(session, `POST ${CONFIGMAPS}`, { metadata: { name }, data }));

describe('1,000 open watches', () => {
  it('all see all, in order, and one that never reads holds up none of them', async () => {
    api = await TestServer.start();
    const clients = connections(10);
    const lazy = open(clients[0], `GET ${CONFIGMAPS}?watch=true`);
    const seen = await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const stream = open(clients[i % clients.length], `GET ${CONFIGMAPS}?watch=true&resourceVersion=1`);
        await once(stream, 'response');
        return stream;
      }),
    ).then((streams) => streams.map(namesIn));
    const names = Array.from({ length: 10 }, (_, i) => `c${i}`);
    for (const name of names) await create(clients[1], name, { k: 'x'.repeat(1000) });
    for (const watch of seen) expect(await watch(names.length)).toEqual(names);
    expect(lazy.readableFlowing).not.toBe(true);
  });
});

/** The names in a watch's events; resolves once there are so many. */
function namesIn(stream: ClientHttp2Stream): (count: number) => Promise<string[]> {
  let text = '';
  stream.on('data', (chunk: string) => {
    text += chunk;
  });
  return async (count) => {
    const names = () => [...text.matchAll(/"name":"(c\d+)"/g)].map(([, name]) => name as string);
    while (names().length < count) await once(stream, 'data');
    return names();
  };
}

describe('thousands of requests at once', () => {
  it('are all answered, and their writes all kept', async () => {
    api = await TestServer.start();
    const clients = connections(10);
    const answers = await Promise.all(
      Array.from({ length: 2000 }, (_, i) => create(clients[i % clients.length], `c${i}`)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const versions = answers.map(({ text }) => JSON.parse(text).metadata.resourceVersion);
    expect(new Set(versions).size).toBe(2000);
    expect((await api.send(`GET ${CONFIGMAPS}`)).body.items).toHaveLength(2000);
  });

  it('beyond the bounds are told to come again, and change nothing', async () => {
    api = await TestServer.start({ inFlight: { running: 3, waiting: 10 } });
    const clients = connections(4);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => create(clients[i % clients.length], `c${i}`)),
    );
    const created = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status === 429);
    expect(created.length).toBeGreaterThanOrEqual(13);
    expect(refused.length).toBeGreaterThan(0);
    expect(created.length + refused.length).toBe(200);
    expect(refused[0]).toMatchObject({ retry: '1', text: 'Too many requests, please try again later.\n' });
    expect((await api.send(`GET ${CONFIGMAPS}`)).body.items).toHaveLength(created.length);
  });
});

describe('a body of 20 MB', () => {
  const body = JSON.stringify({ metadata: { name: 'big' }, data: { k: 'x'.repeat(20_000_000) } });

  it.each<[string, SendOptions['headers']]>([
    ['that tells its length', {}],
    ['that does not', { 'transfer-encoding': 'chunked' }],
  ])('%s is answered 413 while it is still being sent', async (_what, headers) => {
    api = await TestServer.start();
    const outgoing = request(`${api.server.url}${CONFIGMAPS}`, {
      method: 'POST',
      ca: api.server.caPem,
      agent: false,
      headers: {
        authorization: `Bearer ${api.server.adminToken}`,
        'content-type': 'application/json',
        ...(headers?.['transfer-encoding'] ? headers : { 'content-length': body.length }),
      },
    });
    // The server stops before all is sent.
    outgoing.on('error', () => {});
    outgoing.end(body);
    const [answer] = await once(outgoing, 'response');
    let text = '';
    for await (const chunk of answer) text += chunk;
    expect(JSON.parse(text)).toMatchObject({
      code: 413,
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    });
    expect((await api.send(`GET ${CONFIGMAPS}`)).body.items).toEqual([]);
  });
});

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

let api: TestServer;
/** Stands in for a node agent and for the program of a pod. */
let backend: Server;
let port: number;
let seen: IncomingMessage[] = [];

const POD = '/api/v1/namespaces/default/pods';

beforeAll(async () => {
  backend = createServer(async (incoming, response) => {
    seen.push(incoming);
    let body = '';
    for await (const chunk of incoming) body += chunk;
    if (incoming.url === '/moved') response.writeHead(302, { location: '/elsewhere' });
    else response.writeHead(201, { 'x-own': 'yes', connection: 'x-hop', 'x-hop': 'no' });
    response.end(`${incoming.method} ${incoming.url} ${body}`);
  });
  backend.on('upgrade', (incoming: IncomingMessage, socket: Duplex) => {
    seen.push(incoming);
    if (incoming.url?.includes('refuse')) {
      socket.end(
        'HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbusy',
      );
      return;
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n');
    socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
    socket.on('end', () => socket.end());
    socket.on('error', () => {});
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  port = (backend.address() as { port: number }).port;
  api = await TestServer.start();
  await create('/api/v1/nodes', { metadata: { name: 'n1' } });
  await status('/api/v1/nodes/n1', {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  });
  const container = (name: string) => ({ name, image: 'busybox' });
  await create(POD, { metadata: { name: 'web' }, spec: { nodeName: 'n1', containers: [container('main')] } });
  await status(`${POD}/web`, { phase: 'Running', podIP: '127.0.0.1' });
  await create(POD, { metadata: { name: 'two' }, spec: { containers: [container('a'), container('b')] } });
  const ports = [{ name: 'http', port: 80, targetPort: port }];
  await create('/api/v1/namespaces/default/services', { metadata: { name: 'web' }, spec: { ports } });
  await create('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  });
  await create('/api/v1/namespaces/default/services', { metadata: { name: 'idle' }, spec: { ports } });
});
afterAll(async () => {
  backend.close();
  await api.stop();
});

async function create(path: string, body: object): Promise<void> {
  const answer = await api.send(`POST ${path}`, { body });
  expect(answer.body).toMatchObject({ kind: expect.not.stringMatching('^Status$') });
}

async function status(path: string, value: object): Promise<void> {
  const type = 'application/merge-patch+json';
  expect(await api.send(`PATCH ${path}/status`, { body: { status: value }, type })).toMatchObject({
    status: 200,
  });
}

/** A request to upgrade: the connection when it is granted, else the answer. */
async function upgrade(path: string, token = api.server.adminToken) {
  const outgoing = request(`${api.server.url}${path}`, {
    method: 'POST',
    ca: api.server.caPem,
    headers: { connection: 'Upgrade', upgrade: 'shout', ...(token && { authorization: `Bearer ${token}` }) },
  }).end();
  const granted = once(outgoing, 'upgrade').then(([, socket]) => ({
    socket: socket as Duplex,
    answer: undefined,
  }));
  const answered = once(outgoing, 'response').then(async ([response]) => {
    let text = '';
    for await (const chunk of response as IncomingMessage) text += chunk;
    return { socket: undefined, answer: { status: (response as IncomingMessage).statusCode, text } };
  });
  return Promise.race([granted, answered]);
}

describe('exec, attach and port-forward', () => {
  it.each([
    [`${POD}/web/exec?command=ls&stdout=true`, '/exec/default/web/main?command=ls&stdout=true'],
    [`${POD}/web/attach?container=main&stdin=1`, '/attach/default/web/main?stdin=1'],
    [`${POD}/web/portforward`, '/portForward/default/web'],
  ])('%s goes to the agent, as do the bytes that follow', async (path, asked) => {
    seen = [];
    const { socket } = await upgrade(path);
    socket!.write('hello');
    expect(String((await once(socket!, 'data'))[0])).toBe('HELLO');
    socket!.end();
    await once(socket!, 'close');
    expect(seen[0]?.url).toBe(asked);
    expect(seen[0]?.headers.authorization).toBe(`Bearer ${api.server.nodeToken}`);
  });

  it.each([
    [`${POD}/none/exec?command=ls`, 404, 'pods \\"none\\" not found'],
    [`${POD}/web/exec?container=x&command=ls`, 400, 'container x is not valid for pod web'],
    [
      `${POD}/two/exec?command=ls`,
      400,
      'a container name must be specified for pod two, choose one of: [a b]',
    ],
    [`${POD}/two/portforward`, 400, 'pod two does not have a host assigned'],
    [`${POD}/web/exec?command=refuse`, 500, 'busy'],
    [`${POD}/web/nothing`, 404, 'could not find the requested resource'],
  ])('%s is refused', async (path, code, message) => {
    const { answer } = await upgrade(path);
    expect(answer?.text).toContain(message);
    expect(answer?.status).toBe(code);
  });

  it('need a user, and an upgrade', async () => {
    expect((await upgrade(`${POD}/web/exec?command=ls`, 'wrong')).answer?.status).toBe(401);
    const { answer } = await upgrade(`${POD}/web/exec?command=ls`, '');
    expect(answer?.text).toContain('User \\"system:anonymous\\" cannot create resource \\"pods/exec\\"');
    expect(answer?.status).toBe(403);
    expect(await api.send(`GET ${POD}/web/exec?command=ls`)).toMatchObject({
      status: 400,
      body: { message: 'Upgrade request required' },
    });
  });

  it('end with the server', async () => {
    const { socket } = await upgrade(`${POD}/web/portforward`);
    const closed = once(socket!, 'close');
    await api.restart();
    await closed;
  });
});

describe('proxy', () => {
  const SERVICES = '/api/v1/namespaces/default/services';

  it.each(['web:80', 'web:http', 'http:web:80'])('services/%s', async (name) => {
    seen = [];
    const answer = await api.send(`POST ${SERVICES}/${name}/proxy/a%20b?c=d`, { body: { e: 1 } });
    expect(answer.status).toBe(201);
    expect(answer.body).toBe('POST /a%20b?c=d {"e":1}');
    expect(answer.headers).toMatchObject({ 'x-own': 'yes' });
    expect(answer.headers['x-hop']).toBeUndefined();
    expect(seen[0]?.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' });
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  it('pods, upgrades too, and redirects through itself', async () => {
    expect((await api.send(`GET ${POD}/web:${port}/proxy/x`)).body).toBe('GET /x ');
    const moved = await api.send(`GET ${POD}/web:${port}/proxy/moved`);
    expect(moved.headers.location).toBe(`${POD}/web:${port}/proxy/elsewhere`);
    const bare = await api.send(`GET ${POD}/web:${port}/proxy?a=b`);
    expect(bare).toMatchObject({ status: 301, headers: { location: `${POD}/web:${port}/proxy/?a=b` } });
    const { socket } = await upgrade(`${POD}/web:${port}/proxy/socket`);
    socket!.write('hello');
    expect(String((await once(socket!, 'data'))[0])).toBe('HELLO');
    socket!.destroy();
  });

  it.each([
    [`${SERVICES}/idle:http/proxy/`, 503, 'no endpoints available for service "idle"'],
    [`${SERVICES}/web:81/proxy/`, 503, 'no service port 81 found for service "web"'],
    [`${SERVICES}/ftp:web:80/proxy/`, 400, 'invalid service request "ftp:web:80"'],
    [`${SERVICES}/none/proxy/`, 404, 'services "none" not found'],
    [
      `${POD}/web:1/proxy/`,
      503,
      'error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    [`${POD}/two:80/proxy/`, 400, 'address not allowed'],
  ])('%s fails', async (path, code, message) => {
    expect(await api.send(`GET ${path}`)).toMatchObject({ status: code, body: { kind: 'Status', message } });
  });
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';
import { formatWindow } from './usage.ts';

const METRICS = '/apis/metrics.k8s.io/v1beta1';

let api: TestServer;
let agent: Server;
let summary: object;
let now: number;

beforeEach(async () => {
  now = Date.parse('2026-03-02T09:00:00Z');
  summary = {};
  agent = createServer((_request, response) => response.end(JSON.stringify(summary)));
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  api = await TestServer.start({ metrics: true, clock: () => now });
  await addNode('n', (agent.address() as AddressInfo).port);
  await addPod('a', { app: 'x' });
  await addPod('b', { app: 'y' });
});

afterEach(async () => {
  await api.stop();
  await new Promise((resolve) => agent.close(resolve));
});

async function addNode(name: string, port: number): Promise<void> {
  await api.send('POST /api/v1/nodes', { body: { metadata: { name } } });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await api.send(`PATCH /api/v1/nodes/${name}/status`, {
    body: { status },
    type: 'application/merge-patch+json',
  });
}

async function addPod(name: string, labels: Record<string, string>): Promise<void> {
  const spec = { containers: [{ name: 'main', image: 'i' }] };
  const { status } = await api.send('POST /api/v1/namespaces/default/pods', {
    body: { metadata: { name, labels }, spec },
  });
  expect(status).toBe(201);
}

const stats = (nanocores: number, bytes: number) => ({
  cpu: { time: '2026-03-02T08:59:58.500Z', usageNanoCores: nanocores, windowMilliseconds: 15_012 },
  memory: { workingSetBytes: bytes },
});
const podStats = (name: string, containers: object[]) => ({
  podRef: { name, namespace: 'default' },
  containers,
});
const main = { name: 'main', ...stats(12_000_000, 3 << 20) };

it('serves what the agents measured of pods, with their labels', async () => {
  summary = { pods: [podStats('b', [main]), podStats('a', [main]), podStats('gone', [main])] };
  const { status, body } = await api.send(`GET ${METRICS}/namespaces/default/pods`);
  expect(status).toBe(200);
  expect(body).toEqual({
    kind: 'PodMetricsList',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: {},
    items: ['a', 'b'].map((name) => ({
      metadata: {
        name,
        namespace: 'default',
        creationTimestamp: '2026-03-02T09:00:00Z',
        labels: { app: name === 'a' ? 'x' : 'y' },
      },
      timestamp: '2026-03-02T08:59:58Z',
      window: '15.012s',
      containers: [{ name: 'main', usage: { cpu: '12000000n', memory: '3072Ki' } }],
    })),
  });
});

it('selects by labels and namespaces', async () => {
  summary = { pods: [podStats('a', [main]), podStats('b', [main])] };
  const names = async (path: string) => {
    const { body } = await api.send(`GET ${METRICS}/${path}`);
    return body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  };
  expect(await names('pods')).toEqual(['a', 'b']);
  expect(await names('pods?labelSelector=app%3Dy')).toEqual(['b']);
  expect(await names('namespaces/default/pods?fieldSelector=metadata.name%3Da')).toEqual(['a']);
  expect(await names('namespaces/other/pods')).toEqual([]);
  expect((await api.send(`GET ${METRICS}/pods?labelSelector=%3D`)).status).toBe(400);
});

it('says what is not measured, and what does not exist', async () => {
  summary = { pods: [podStats('a', [main, { name: 'side' }])] };
  const missing = await api.send(`GET ${METRICS}/namespaces/default/pods/a`);
  expect(missing.status).toBe(404);
  expect(missing.body.message).toBe('podmetrics.metrics.k8s.io "default/a" not found');
  const unknown = await api.send(`GET ${METRICS}/namespaces/default/pods/z`);
  expect(unknown.body.message).toBe('pods "default/z" not found');
  expect((await api.send(`GET ${METRICS}/nodes/n`)).body.message).toBe(
    'nodemetrics.metrics.k8s.io "n" not found',
  );
});

it('serves nodes, without those that do not answer', async () => {
  await addNode('down', 1);
  summary = { node: stats(1_500_000_000, 1 << 30) };
  const { body } = await api.send(`GET ${METRICS}/nodes`);
  expect(body.items).toHaveLength(1);
  expect(body.items[0]).toMatchObject({
    metadata: { name: 'n' },
    usage: { cpu: '1500000000n', memory: '1048576Ki' },
  });
});

it('asks the agents as often as they may have something new to say', async () => {
  let asked = 0;
  agent.on('request', () => {
    asked += 1;
  });
  summary = { node: stats(1, 1) };
  await Promise.all([api.send(`GET ${METRICS}/pods`), api.send(`GET ${METRICS}/nodes`)]);
  now += 3700;
  await api.send(`GET ${METRICS}/pods`);
  expect(asked).toBe(1);
  now += 100;
  await api.send(`GET ${METRICS}/pods`);
  expect(asked).toBe(2);
});

it('passes on what is asked of a node through its proxy', async () => {
  summary = { node: stats(1, 2) };
  const seen: (string | undefined)[] = [];
  agent.on('request', ({ url, headers }) => seen.push(url, headers.authorization));
  const { status, body } = await api.send('GET /api/v1/nodes/n/proxy/stats/summary?only=cpu');
  expect(status).toBe(200);
  expect(JSON.parse(body)).toEqual(summary);
  await addNode('proxy', (agent.address() as AddressInfo).port);
  await api.send('GET /api/v1/nodes/proxy/proxy/a');
  const authorization = `Bearer ${api.server.nodeToken}`;
  expect(seen).toEqual(['/stats/summary?only=cpu', authorization, '/a', authorization]);
  expect((await api.send('GET /api/v1/nodes/gone/proxy/stats/summary')).body.message).toBe(
    'nodes "gone" not found',
  );
  await addNode('down', 1);
  const unreachable = await api.send('GET /api/v1/nodes/down/proxy/healthz');
  expect([unreachable.status, unreachable.body.message]).toEqual([
    503,
    expect.stringMatching(/^error trying to reach service: .*ECONNREFUSED/),
  ]);
});

it('can only be read', async () => {
  for (const request of [
    `DELETE ${METRICS}/nodes`,
    `DELETE ${METRICS}/nodes/n`,
    `POST ${METRICS}/namespaces/default/pods`,
    `GET ${METRICS}/pods?watch=true`,
    `GET ${METRICS}/nodes/n/status`,
  ]) {
    expect((await api.send(request, request.startsWith('POST') ? { body: {} } : {})).status).toBe(405);
  }
});

it('is discovered where it is served only', async () => {
  const { body } = await api.send(`GET ${METRICS}`);
  expect(body.resources.map(({ name, kind, verbs }: Record<string, unknown>) => [name, kind, verbs])).toEqual(
    [
      ['nodes', 'NodeMetrics', ['get', 'list']],
      ['pods', 'PodMetrics', ['get', 'list']],
    ],
  );
  const without = await TestServer.start();
  expect((await without.send(`GET ${METRICS}`)).status).toBe(404);
  expect((await without.send(`GET ${METRICS}/nodes`)).status).toBe(404);
  await without.stop();
});

it.each([
  [15_012, '15.012s'],
  [90_000, '1m30s'],
  [7_200_000, '2h0m0s'],
])('writes %i ms as %s', (ms, text) => {
  expect(formatWindow(ms)).toBe(text);
});

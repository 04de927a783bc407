import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import type { ServicePort, ServiceSpec } from 'kubernetes-types/core/v1.d.ts';
import type { Endpoint, EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EndpointSlices, Services } from '../../../api/index.ts';
import { Informers } from '../../../kube/index.ts';
import { FakeApi } from '../testing/fakeapi.ts';
import { silent, until } from '../testing/harness.ts';
import { endpointsOf } from './endpoints.ts';
import { parseServiceName } from './names.ts';
import { type ServiceProxy, startServiceProxy } from './proxy.ts';

let api: FakeApi;
let informers: Informers;
let proxy: ServiceProxy;
const servers: Server[] = [];

beforeEach(async () => {
  api = new FakeApi();
  informers = new Informers(api);
  proxy = await startServiceProxy({ informers, log: silent });
});
afterEach(async () => {
  await proxy.stop();
  await informers.stop();
  for (const server of servers.splice(0)) server.close();
});

const service = (spec: Partial<ServiceSpec>, name = 'web') =>
  api.create(Services, {
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: '127.97.0.1', ...spec },
  });

const port = (number: number, more: Partial<ServicePort> = {}): ServicePort => ({ port: number, ...more });

const ready = (host: string, more: Partial<Endpoint['conditions']> = {}): Endpoint => ({
  addresses: [host],
  conditions: { ready: true, serving: true, terminating: false, ...more },
});

function slice(endpoints: Endpoint[], number: number, name = '') {
  const object = {
    addressType: 'IPv4',
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    endpoints,
    ports: [{ name, port: number }],
  };
  const exists = api.find(EndpointSlices, 'default', 'web-1');
  return exists ? api.update(EndpointSlices, { ...exists, ...object }) : api.create(EndpointSlices, object);
}

/** An HTTP server that answers its own address. */
async function backend(host: string): Promise<number> {
  const server = createServer((_request, response) => response.end(host));
  servers.push(server);
  server.listen({ host, port: servers.length > 1 ? (servers[0]!.address() as AddressInfo).port : 0 });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function get(url: string): Promise<string> {
  return (await fetch(url, { headers: { connection: 'close' } })).text();
}

const listening = (number: number, name = 'web') => until(() => proxy.addressOf('default', name, number));

describe('a Service with an address', () => {
  it('shares connections among its ready endpoints in turn', async () => {
    const number = await backend('127.71.0.1');
    await backend('127.71.0.2');
    await slice([ready('127.71.0.1'), ready('127.71.0.2'), ready('127.71.0.3', { ready: false })], number);
    await service({ ports: [port(18080)] });
    await listening(18080);
    const answers = [];
    for (let n = 0; n < 4; n++) answers.push(await get('http://127.97.0.1:18080/'));
    expect(answers.sort()).toEqual(['127.71.0.1', '127.71.0.1', '127.71.0.2', '127.71.0.2']);
  });

  it('passes over an endpoint that does not accept, without the client noticing', async () => {
    const number = await backend('127.71.0.1');
    await slice([ready('127.71.0.9'), ready('127.71.0.1')], number);
    await service({ ports: [port(18081)] });
    await listening(18081);
    for (let n = 0; n < 4; n++) expect(await get('http://127.97.0.1:18081/')).toBe('127.71.0.1');
  });

  it('resets a connection that no endpoint takes', async () => {
    await service({ ports: [port(18082)] });
    await listening(18082);
    await expect(get('http://127.97.0.1:18082/')).rejects.toThrow();
  });

  it('lets established connections finish when their endpoint goes', async () => {
    const echo = createTcpServer((socket) => socket.pipe(socket));
    echo.listen({ host: '127.71.0.1', port: 0 });
    await once(echo, 'listening');
    const { port: number } = echo.address() as AddressInfo;
    await slice([ready('127.71.0.1')], number);
    await service({ ports: [port(18083)] });
    await listening(18083);
    const client = connect({ host: '127.97.0.1', port: 18083 });
    client.write('before');
    expect(String(await once(client, 'data'))).toBe('before');
    await slice([], number);
    await api.delete({ type: Services, namespace: 'default', name: 'web' });
    await until(() => proxy.addressOf('default', 'web', 18083) === undefined);
    client.write('after');
    expect(String(await once(client, 'data'))).toBe('after');
    client.destroy();
    echo.close();
  });

  it('listens elsewhere when its port is in use, and on its node port', async () => {
    const number = await backend('127.71.0.1');
    const blocker = createTcpServer().listen({ host: '127.97.0.1', port: 18084 });
    await once(blocker, 'listening');
    await slice([ready('127.71.0.1')], number);
    await service({ type: 'NodePort', ports: [port(18084, { nodePort: 31984 })] });
    const { host, port: real } = await listening(18084);
    expect(real).not.toBe(18084);
    expect(await get(`http://${host}:${real}/`)).toBe('127.71.0.1');
    expect(proxy.resolve('web.default.svc', 18084)).toEqual({ host, port: real });
    expect(await until(() => get('http://127.0.0.1:31984/').catch(() => undefined))).toBe('127.71.0.1');
    blocker.close();
  });
});

describe('names', () => {
  it('resolve in all their forms, and by address', async () => {
    await service({ ports: [port(18085)] });
    await listening(18085);
    const address = { host: '127.97.0.1', port: 18085 };
    for (const host of [
      'web',
      'web.default',
      'web.default.svc',
      'web.default.svc.cluster.local.',
      '127.97.0.1',
    ]) {
      expect(proxy.resolve(host, 18085)).toEqual(address);
    }
    expect(proxy.resolve('web', 1)).toBeUndefined();
    expect(proxy.resolve('example.com', 18085)).toBeUndefined();
    expect(parseServiceName('a.b.svc.example')).toBeUndefined();
  });
});

describe('endpoints', () => {
  it('are those that end but still serve when none is ready', () => {
    const slices = [
      {
        addressType: 'IPv4',
        metadata: {},
        ports: [{ name: 'http', port: 80 + 8000 }],
        endpoints: [
          ready('127.0.0.1', { ready: false, terminating: true }),
          ready('127.0.0.2', { ready: false, serving: false }),
        ],
      },
    ];
    expect(endpointsOf(slices, 'http').map(({ host }) => host)).toEqual(['127.0.0.1']);
    expect(endpointsOf(slices, 'other')).toEqual([]);
  });

  it('are none when a slice names none, as the API writes an empty list', () => {
    const empty = { addressType: 'IPv4', ports: [{ port: 8080 }] } as unknown as EndpointSlice;
    const nothing = { addressType: 'IPv4', endpoints: null, ports: null } as unknown as EndpointSlice;
    expect(endpointsOf([empty, nothing], '')).toEqual([]);
  });
});

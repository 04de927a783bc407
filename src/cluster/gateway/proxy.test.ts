import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Endpoint } from '../node/index.ts';
import { forward, type Outcome } from './proxy.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function listen(server: net.Server): Promise<Endpoint> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.close();
    if (server instanceof http.Server) server.closeAllConnections();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const upstream = (handler: http.RequestListener) => listen(http.createServer(handler));

/** An address that nothing listens on. */
async function deadAddress(): Promise<Endpoint> {
  const server = net.createServer();
  const address = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

async function gatewayTo(addresses: Endpoint[]) {
  const outcomes: Outcome[] = [];
  const address = await listen(
    http.createServer(async (req, res) => {
      outcomes.push(await forward(req, res, addresses, req.url ?? '/'));
    }),
  );
  return { outcomes, url: `http://127.0.0.1:${address.port}` };
}

describe('forward', () => {
  test('passes method, path, headers and body on and streams the answer back', async () => {
    const echo = await upstream((req, res) => {
      res.writeHead(201, {
        'x-path': req.url,
        'x-host': req.headers['x-forwarded-host'],
        connection: 'close',
      });
      req.pipe(res);
    });
    const { url, outcomes } = await gatewayTo([echo]);
    const answer = await fetch(`${url}/a?b=c`, { method: 'PUT', body: 'x'.repeat(100_000) });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-path')).toBe('/a?b=c');
    expect(answer.headers.get('x-host')).toBe(new URL(url).host);
    expect((await answer.text()).length).toBe(100_000);
    await expect
      .poll(() => outcomes[0])
      .toMatchObject({ status: 201, requestBytes: 100_000, responseBytes: 100_000 });
  });

  test('TRF §13 passes over an address that cannot be connected to', async () => {
    const alive = await upstream((_req, res) => res.end('alive'));
    const { url } = await gatewayTo([await deadAddress(), alive]);
    expect(await (await fetch(url, { method: 'POST', body: 'body' })).text()).toBe('alive');
  });

  test('TRF §13 no endpoint is 503, a connect failure 502', async () => {
    expect((await fetch((await gatewayTo([])).url)).status).toBe(503);
    expect((await fetch((await gatewayTo([await deadAddress()])).url)).status).toBe(502);
  });

  test('a request on a connection that the upstream is just closing is sent again', async () => {
    let connections = 0;
    const address = await listen(
      net.createServer((socket) => {
        connections += 1;
        let requests = 0;
        socket.on('error', () => {});
        socket.on('data', () => {
          requests += 1;
          if (requests === 2) socket.destroy();
          else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        });
      }),
    );
    const { url } = await gatewayTo([address]);
    for (let i = 0; i < 3; i++) expect((await fetch(url)).status).toBe(200);
    expect(connections).toBeGreaterThan(1);
  });

  test('a request that may have had an effect is not sent twice', async () => {
    let requests = 0;
    const address = await upstream((req) => {
      requests += 1;
      req.socket.destroy();
    });
    const { url } = await gatewayTo([address, address]);
    expect((await fetch(url, { method: 'POST', body: 'order' })).status).toBe(502);
    expect(requests).toBe(1);
  });

  test('an answer that breaks off is broken off for the client too', async () => {
    const address = await upstream((_req, res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('half');
      setImmediate(() => res.destroy());
    });
    const { url } = await gatewayTo([address]);
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
  });

  test('a client that goes away ends the request to the upstream', async () => {
    let closed = false;
    const address = await upstream((_req, res) => {
      res.write('first');
      res.on('close', () => {
        closed = true;
      });
    });
    const { url } = await gatewayTo([address]);
    const abort = new AbortController();
    await fetch(url, { signal: abort.signal });
    abort.abort();
    await expect.poll(() => closed).toBe(true);
  });
});

import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority, issueServerCertificate } from '../access/certificates.ts';
import { streamOf } from './drain.ts';
import { type Listener, listen } from './listen.ts';

const BOUNDS = { headersMs: 200, idleMs: 300 };

let listener: Listener;
let ca: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  const now = Date.now();
  const authority = await createAuthority(now);
  const certificate = await issueServerCertificate(authority, ['127.0.0.1'], now);
  ca = authority.certPem;
  listener = await listen(
    { host: '127.0.0.1', port: 0, certificate, authority, bounds: BOUNDS },
    (request, response) => {
      // A stream stays open.
      if (request.url === '/stream') streamOf(response).write('begun');
      else streamOf(response).end(String(request.url?.length));
    },
  );
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.close();
});

const where = () => ({ host: '127.0.0.1', port: listener.port });

/** What a connection is told until it is closed. */
async function toldOn(socket: Socket): Promise<string> {
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  await once(socket, 'close');
  return text;
}

const http1 = () => connectTls({ ...where(), ca, ALPNProtocols: ['http/1.1'] });

describe('a connection', () => {
  it('that does not shake hands is closed', async () => {
    expect(await toldOn(connectTcp(where()))).toBe('');
  });

  it('whose headers never end is told so and closed', async () => {
    const socket = http1();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => socket.write('X-A: b\r\n'), 20);
    expect(await toldOn(socket)).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  it('whose request is followed by nothing is answered and closed', async () => {
    const socket = http1();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await toldOn(socket)).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it('of HTTP/2 that asks nothing is closed, one with an open stream is not', async () => {
    const url = `https://127.0.0.1:${listener.port}`;
    const [silent, streaming] = [connectHttp2(url, { ca }), connectHttp2(url, { ca })];
    const stream = streaming.request({ ':path': '/stream' });
    await once(stream, 'response');
    const answered = silent.request({ ':path': '/' });
    answered.resume();
    await once(answered, 'close');
    await once(silent, 'close');
    expect([stream.closed, streaming.closed]).toEqual([false, false]);
    stream.close();
    await once(streaming, 'close');
  });

  it('may have a URL far longer than usual', async () => {
    const path = `/?labelSelector=${'x'.repeat(100_000)}`;
    const socket = http1();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await toldOn(socket)).toMatch(new RegExp(`${path.length}`));
  });
});

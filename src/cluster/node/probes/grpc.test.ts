import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkGrpc } from './grpc.ts';

let server: Http2Server | undefined;

afterEach(() => server?.close());

/** A server that answers a health check with this status, or refuses it. */
async function serve(answer: (service: string, stream: ServerHttp2Stream) => void): Promise<number> {
  server = createServer();
  server.on('stream', async (stream, headers) => {
    expect(headers[':path']).toBe('/grpc.health.v1.Health/Check');
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    answer(Buffer.concat(chunks).subarray(7).toString(), stream);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function reply(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(status === 0 ? Buffer.from([0, 0, 0, 0, 0]) : Buffer.from([0, 0, 0, 0, 2, 8, status]));
}

const check = (port: number, service?: string) =>
  checkGrpc({ port, ...(service && { service }) }, '127.0.0.1', port, 1000);

describe('a gRPC probe', () => {
  it('succeeds when the service serves', async () => {
    const port = await serve((service, stream) => reply(stream, service === 'shop' ? 1 : 2));
    expect(await check(port, 'shop')).toEqual({ ok: true, output: '' });
    expect(await check(port)).toEqual({
      ok: false,
      output: 'service unhealthy (responded with "NOT_SERVING")',
    });
  });

  it('fails for a status that is not known, sent as nothing', async () => {
    const port = await serve((_service, stream) => reply(stream, 0));
    expect((await check(port)).output).toContain('"UNKNOWN"');
  });

  it('says that a server does not know the protocol', async () => {
    const port = await serve((_service, stream) => {
      stream.respond({ ':status': 200, 'grpc-status': '12', 'grpc-message': 'unknown service' });
      stream.end();
    });
    expect((await check(port)).output).toMatch(
      /does not implement the grpc health protocol.*unknown service/,
    );
  });

  it('says that nobody listens', async () => {
    const port = await serve(() => {});
    server?.close();
    expect((await check(port)).output).toBe(
      `timeout: failed to connect service "127.0.0.1:${port}" within 1s: context deadline exceeded`,
    );
  });

  it('waits no longer than its timeout', async () => {
    const port = await serve(() => {});
    expect(await checkGrpc({ port }, '127.0.0.1', port, 50)).toEqual({
      ok: false,
      output: 'timeout: health rpc did not complete within 0.05s',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { ListenError, plainText, serve } from './http.ts';

describe('serve', () => {
  it('OPS-043 answers its paths with the type of the content, others with 404, writes with 405', async () => {
    const server = await serve('the probes', { port: 0 }, { '/healthz': () => plainText(200, 'ok') });
    const url = `http://127.0.0.1:${server.port}`;
    const healthz = await fetch(`${url}/healthz?x=1`);
    expect(healthz.status).toBe(200);
    expect(healthz.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(healthz.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await healthz.text()).toBe('ok');
    expect((await fetch(`${url}/other`)).status).toBe(404);
    expect((await fetch(`${url}/constructor`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(405);
    await server.stop();
  });

  it('says which address is taken', async () => {
    const server = await serve('the metrics', { port: 0 }, {});
    const second = serve('the metrics', { port: server.port }, {});
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toThrow(
      `cannot serve the metrics on 127.0.0.1:${server.port}: the port is in use`,
    );
    await server.stop();
  });
});

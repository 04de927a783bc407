import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Probe } from 'kubernetes-types/core/v1.d.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCheck } from './checks.ts';
import { Prober } from './prober.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function server(listener: RequestListener): Promise<number> {
  const http = createServer(listener).listen({ host: '127.0.0.1', port: 0 });
  closing.push(() => http.close());
  await once(http, 'listening');
  return (http.address() as AddressInfo).port;
}

function target(
  exec: () => Promise<{ exitCode: number; output: string }> = async () => ({ exitCode: 0, output: '' }),
) {
  return { container: { name: 'c', ports: [{ name: 'web', containerPort: 1 }] }, podIP: '127.0.0.1', exec };
}

describe('an http check', () => {
  it.each([
    [200, true],
    [399, true],
    [400, false],
    [503, false],
  ])('takes status %i for %s', async (status, ok) => {
    const port = await server((_request, response) => response.writeHead(status).end());
    const result = await runCheck({ httpGet: { port } }, target(), 1000);
    expect(result.ok).toBe(ok);
    if (!ok) expect(result.output).toBe(`HTTP probe failed with statuscode: ${status}`);
  });

  it('sends path, query and headers, and follows redirects on the same host', async () => {
    const seen: string[] = [];
    const port = await server((request, response) => {
      seen.push(`${request.url} ${request.headers['x-a']} ${request.headers['user-agent']}`);
      if (request.url === '/ok') response.end();
      else response.writeHead(302, { location: '/ok' }).end();
    });
    const httpGet = { port, path: '/a?b=c', httpHeaders: [{ name: 'X-A', value: '1' }] };
    expect((await runCheck({ httpGet }, target(), 1000)).ok).toBe(true);
    expect(seen).toEqual(['/a?b=c 1 kube-probe/1.34', '/ok 1 kube-probe/1.34']);
  });

  it('says what failed: refused, too slow, an unknown port name', async () => {
    const port = await server(() => undefined);
    expect((await runCheck({ httpGet: { port } }, target(), 50)).output).toContain(
      'context deadline exceeded',
    );
    expect((await runCheck({ httpGet: { port: 'web' } }, target(), 1000)).output).toMatch(
      /^Get "http:\/\/127\.0\.0\.1.*": dial tcp 127\.0\.0\.1:\d+: connect: connection refused$/,
    );
    expect((await runCheck({ httpGet: { port: 'nope' } }, target(), 1000)).output).toContain(
      `couldn't find port: "nope"`,
    );
    expect((await runCheck({}, target(), 1000)).output).toContain('httpGet, tcpSocket, grpc and exec');
  });
});

describe('a tcp check', () => {
  it('asks whether the port accepts', async () => {
    const port = await server(() => undefined);
    expect((await runCheck({ tcpSocket: { port } }, target(), 1000)).ok).toBe(true);
    expect((await runCheck({ tcpSocket: { port: 1 } }, target(), 1000)).output).toContain(
      'connection refused',
    );
  });
});

describe('the probes of a container', () => {
  let healthy: boolean;
  let failures: string[];
  let prober: Prober | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    healthy = true;
    failures = [];
  });
  afterEach(() => {
    prober?.stop();
    vi.useRealTimers();
  });

  function probe(
    probes: { startupProbe?: Probe; livenessProbe?: Probe; readinessProbe?: Probe },
    known?: { started: boolean; ready: boolean },
  ) {
    const base = target(async () => ({ exitCode: healthy ? 0 : 1, output: 'unwell' }));
    prober = new Prober({
      target: { ...base, container: { ...base.container, ...probes } },
      startedAt: Date.now(),
      clock: Date.now,
      known,
      onChange: () => undefined,
      onFailure: (message) => failures.push(message),
    });
    prober.start();
    return prober;
  }
  const exec = (more: Partial<Probe> = {}): Probe => ({ exec: { command: ['x'] }, ...more });
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  it('without probes it is started and ready', () => {
    expect(probe({})).toMatchObject({ started: true, ready: true, unhealthy: undefined });
  });

  it('is ready soon after it is, without waiting for the period', async () => {
    healthy = false;
    const probing = probe({ readinessProbe: exec() });
    await pass(300);
    expect(probing.ready).toBe(false);
    healthy = true;
    await pass(500);
    expect(probing.ready).toBe(true);
    expect(failures).toEqual([]);
  });

  it('waits for the initial delay', async () => {
    const probing = probe({ readinessProbe: exec({ initialDelaySeconds: 5 }) });
    await pass(4900);
    expect(probing.ready).toBe(false);
    await pass(200);
    expect(probing.ready).toBe(true);
  });

  it('gets unready after failureThreshold failures, one for each period', async () => {
    const probing = probe({ readinessProbe: exec({ periodSeconds: 2, failureThreshold: 3 }) });
    await pass(0);
    expect(probing.ready).toBe(true);
    healthy = false;
    await pass(4100);
    expect(probing.ready).toBe(true);
    await pass(2000);
    expect(probing.ready).toBe(false);
    expect(failures).toEqual(Array(3).fill('Readiness probe failed: unwell'));
  });

  it('needs successThreshold successes in a row, a period apart', async () => {
    const probing = probe({ readinessProbe: exec({ periodSeconds: 2, successThreshold: 2 }) });
    await pass(1900);
    expect(probing.ready).toBe(false);
    await pass(200);
    expect(probing.ready).toBe(true);
  });

  it('liveness ends it, with its own grace; a failing startup counts once a period', async () => {
    healthy = false;
    const live = probe({
      livenessProbe: exec({ periodSeconds: 1, failureThreshold: 2, terminationGracePeriodSeconds: 7 }),
    });
    await pass(1100);
    expect(live.unhealthy).toEqual({ probe: 'liveness', graceSeconds: 7 });
    const starting = probe({
      startupProbe: exec({ periodSeconds: 1, failureThreshold: 5 }),
      livenessProbe: exec(),
    });
    await pass(3900);
    expect(starting.unhealthy).toBeUndefined();
    await pass(1500);
    expect(starting.unhealthy).toEqual({ probe: 'startup', graceSeconds: undefined });
  });

  it('liveness and readiness begin after the startup probe', async () => {
    healthy = false;
    const probing = probe({
      startupProbe: exec({ failureThreshold: 30 }),
      readinessProbe: exec(),
      livenessProbe: exec(),
    });
    await pass(5000);
    expect(probing).toMatchObject({ started: false, ready: false, unhealthy: undefined });
    healthy = true;
    await pass(6000);
    expect(probing).toMatchObject({ started: true, ready: true });
  });

  it('goes on with what an earlier agent knew', () => {
    expect(probe({ readinessProbe: exec() }, { started: true, ready: true }).ready).toBe(true);
  });
});

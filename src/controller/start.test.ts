import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AnalysisRun,
  AnalysisRuns,
  API_VERSION,
  Events,
  INSTANCE_ID_LABEL,
  Leases,
} from '../api/index.ts';
import { ModelStore } from '../simulation/index.ts';
import type { ControllerOptions } from './options.ts';
import { type Controller, startController } from './start.ts';
import { modelClient } from './testing.ts';

let service: Server;
let url: string;
const running: Controller[] = [];

beforeEach(async () => {
  service = createServer((_, response) => response.end('{"status":"ok"}'));
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((controller) => controller.stop()));
  await new Promise((resolve) => service.close(resolve));
});

const run = (name: string, labels: Record<string, string> = {}): AnalysisRun => ({
  apiVersion: API_VERSION,
  kind: 'AnalysisRun',
  metadata: { namespace: 'ns', name, labels },
  spec: {
    metrics: [
      {
        name: 'web',
        successCondition: 'result == "ok"',
        provider: { web: { url, jsonPath: '{$.status}' } },
      },
    ],
  },
});

async function start(store: ModelStore, options: Partial<ControllerOptions> = {}): Promise<Controller> {
  const controller = await startController({
    client: modelClient(store),
    clock: Date.now,
    log: pino({ level: 'silent' }),
    ...options,
  });
  running.push(controller);
  return controller;
}

const phase = (store: ModelStore, name: string) => store.get(AnalysisRuns, 'ns', name)?.status?.phase;

describe('startController', () => {
  it('takes real measurements, records events and shows it in its metrics', async () => {
    const store = new ModelStore(Date.now);
    store.put(AnalysisRuns, run('before'));
    const controller = await start(store, { metricsAddress: { port: 0 }, version: '9.9.9' });
    store.put(AnalysisRuns, run('after'));
    await vi.waitFor(() => {
      expect(phase(store, 'before')).toBe('Successful');
      expect(phase(store, 'after')).toBe('Successful');
    });
    const address = `http://127.0.0.1:${controller.metricsPort}`;
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toContain('analysis_run_info{namespace="ns",name="after",phase="Successful"} 1');
    expect(metrics).toContain('analysis_run_reconcile_count{namespace="ns",name="before"}');
    await controller.stop();
    await controller.stop();
    expect(await controller.ended).toBe('stopped');
    expect(store.list(Events).map(({ source, reason }) => [source?.component, reason])).toContainEqual([
      'rollouts-controller',
      'AnalysisRunSuccessful',
    ]);
    await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  });

  it('OPS-016 leaves objects of another instance alone', async () => {
    const store = new ModelStore(Date.now);
    store.put(AnalysisRuns, run('unlabelled'));
    store.put(AnalysisRuns, run('labelled', { [INSTANCE_ID_LABEL]: 'a' }));
    await start(store, { instanceId: 'a' });
    await vi.waitFor(() => expect(phase(store, 'labelled')).toBe('Successful'));
    expect(phase(store, 'unlabelled')).toBeUndefined();
  });

  it('OPS-022, OPS-024, OPS-044 works only while it holds the Lease; a stop hands it over', async () => {
    const store = new ModelStore(Date.now);
    const leaderElection = {
      namespace: 'ns',
      retryPeriodMs: 20,
      renewDeadlineMs: 1000,
      leaseDurationMs: 60_000,
    };
    const first = await start(store, { leaderElection });
    await vi.waitFor(() => expect(store.get(Leases, 'ns', 'argo-rollouts-controller-lock')).toBeDefined());
    const second = await start(store, { leaderElection, healthAddress: { port: 0 } });
    const readyz = await fetch(`http://127.0.0.1:${second.healthPort}/readyz`);
    expect(readyz.status).toBe(200);
    await first.stop();
    store.put(AnalysisRuns, run('later'));
    await vi.waitFor(() => expect(phase(store, 'later')).toBe('Successful'), 5_000);
  });
});

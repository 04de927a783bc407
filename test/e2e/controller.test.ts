import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Namespaces, type Rollout, Rollouts } from '../../src/api/index.ts';
import { type ApiServer, startApiServer } from '../../src/cluster/apiserver/index.ts';
import { startNode } from '../../src/cluster/node/index.ts';
import { startWorkloadControllers } from '../../src/cluster/workloads/index.ts';
import { createClient, directConnection, Informers } from '../../src/kube/index.ts';
import { BIN, REPOSITORY, run } from './harness/kanari.ts';
import { freePort } from './harness/ports.ts';

/** `kanari controller` against a cluster that somebody else runs; its pods are simulated. */

const log = pino({ level: 'silent' });
const clock = Date.now;
let stateDir: string;
let server: ApiServer;
let client: ReturnType<typeof createClient>;
const stops: (() => Promise<void>)[] = [];
let controller: ChildProcess;
let said = '';

async function startController(): Promise<void> {
  const ports = ['--metricsPort', `${await freePort()}`, '--healthzPort', `${await freePort()}`];
  const flags = ['--kubeconfig', server.kubeconfigPath, ...ports];
  // A killed leader is waited for; not as long as in production.
  const lease = ['lease-duration=3s', 'renew-deadline=2s', 'retry-period=500ms'];
  flags.push(...lease.map((flag) => `--leader-election-${flag}`));
  controller = spawn(process.execPath, [BIN, 'controller', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [controller.stdout, controller.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
}

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'kanari-e2e-'));
  server = await startApiServer({ stateDir, port: 0, clock, log });
  client = createClient(directConnection({ server: server.url, token: server.adminToken, ca: server.caPem }));
  const informers = new Informers(client);
  const workloads = startWorkloadControllers({ client, informers, clock, log });
  const node = await startNode({ client, informers, clock, log, stateDir, kubeletToken: server.nodeToken });
  stops.push(
    () => node.stop(),
    () => workloads.stop(),
    () => informers.stop(),
    () => client.close(),
    () => server.close(),
  );
});

afterAll(async () => {
  controller?.kill('SIGKILL');
  for (const stop of stops) await stop();
  await rm(stateDir, { recursive: true, force: true });
});

const kubectl = (...args: string[]) => run('kubectl', ['--kubeconfig', server.kubeconfigPath, ...args]);
const status = async () =>
  (await client.get<Rollout>({ type: Rollouts, namespace: 'default', name: 'web' })).status;
const rollout = (version: string): Rollout => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { namespace: 'default', name: 'web' },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' }, annotations: { 'kanari.dev/simulate': '{readyAfter: 100ms}' } },
      spec: { containers: [{ name: 'web', image: `example/web:${version}` }] },
    },
    strategy: { canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }] } },
  },
});

test('OPS-002 it names what is missing, and works once it is there', async () => {
  await startController();
  await once(controller, 'exit');
  expect(said).toMatch(/^Error: the cluster \S+ has no CustomResourceDefinition for rollouts\.argoproj\.io/);
  expect(said).toContain('kubectl apply --server-side -f manifests/crds');
  const applied = await kubectl('apply', '--server-side', '-f', join(REPOSITORY, 'manifests', 'crds'));
  expect(applied).toMatchObject({ code: 0 });
  await expect
    .poll(
      () =>
        client.create(Rollouts, rollout('1')).then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    .toBe(true);
  await startController();
  await once(controller, 'exit');
  expect(said).toMatch(/^Error: there is no namespace argo-rollouts, .* --leader-elect=false$/m);
  await client.create(Namespaces, { metadata: { name: 'argo-rollouts' } });
  await startController();
  await expect.poll(async () => (await status())?.phase, { timeout: 30_000 }).toBe('Healthy');
});

test('CAN-134 killed in the middle of an update, it goes on where it was', async () => {
  await client.patch({ type: Rollouts, namespace: 'default', name: 'web' }, 'merge', {
    spec: rollout('2').spec,
  });
  await expect.poll(async () => (await status())?.message, { timeout: 20_000 }).toBe('CanaryPauseStep');
  const before = await status();
  const ended = once(controller, 'exit');
  controller.kill('SIGKILL');
  await ended;
  await client.patch(
    { type: Rollouts, namespace: 'default', name: 'web' },
    'merge',
    { status: { pauseConditions: null } },
    { subresource: 'status' },
  );
  await startController();
  await expect.poll(async () => (await status())?.phase, { timeout: 30_000 }).toBe('Healthy');
  const after = await status();
  expect(after?.stableRS).toBe(before?.currentPodHash);
  expect(after?.availableReplicas).toBe(4);
});

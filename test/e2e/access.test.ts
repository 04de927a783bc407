import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rollout, Rollouts } from '../../src/api/index.ts';
import { type ApiServer, startApiServer } from '../../src/cluster/apiserver/index.ts';
import { startNode } from '../../src/cluster/node/index.ts';
import { startWorkloadControllers } from '../../src/cluster/workloads/index.ts';
import { createClient, directConnection, Informers } from '../../src/kube/index.ts';
import { BIN, REPOSITORY, run } from './harness/kanari.ts';
import { freePort } from './harness/ports.ts';

/** The rights of manifests/controller-access.yaml: enough for the controller, and no more than it needs. */

const log = pino({ level: 'silent' });
const clock = Date.now;
const stops: (() => Promise<unknown>)[] = [];
let stateDir: string;
let server: ApiServer;
let client: ReturnType<typeof createClient>;
let controller: ChildProcess | undefined;
let said = '';

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'kanari-e2e-'));
  server = await startApiServer({ stateDir, port: 0, clock, log });
  client = createClient(directConnection({ server: server.url, token: server.adminToken, ca: server.caPem }));
  const informers = new Informers(client);
  const common = { client, informers, clock, log };
  const workloads = startWorkloadControllers(common);
  const node = await startNode({ ...common, stateDir, kubeletToken: server.nodeToken });
  stops.push(
    () => node.stop(),
    () => workloads.stop(),
    () => informers.stop(),
    () => client.close(),
    () => server.close(),
    () => rm(stateDir, { recursive: true, force: true }),
  );
});

afterAll(async () => {
  controller?.kill('SIGKILL');
  for (const stop of stops) await stop();
});

async function kubectl(args: string, input?: string): Promise<string> {
  const words = args.split(' ');
  const ran = await run('kubectl', ['--kubeconfig', server.kubeconfigPath, ...words], {}, input);
  expect(ran, args).toMatchObject({ code: 0 });
  return ran.stdout.trim();
}

/** A kubeconfig with nothing but a token of the controller's ServiceAccount. */
async function kubeconfigOfController(): Promise<string> {
  const admin = JSON.parse(await kubectl('config view --raw --flatten -o json'));
  const token = await kubectl('create token kanari -n argo-rollouts --duration 1h');
  const file = join(stateDir, 'controller.kubeconfig');
  const { name } = admin.users[0];
  await writeFile(file, JSON.stringify({ ...admin, users: [{ name, user: { token } }] }));
  return file;
}

const status = async () =>
  (await client.get<Rollout>({ type: Rollouts, namespace: 'default', name: 'web' })).status;
const reaches = (phase: string) =>
  expect.poll(async () => (await status())?.phase, { timeout: 40_000 }).toBe(phase);

const manifest = (version: string) => `
apiVersion: v1
kind: Secret
metadata: {name: expected}
stringData: {exit: "0"}
---
apiVersion: v1
kind: Service
metadata: {name: web-stable}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-canary}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules:
    - host: web.localhost
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: web-stable, port: {number: 80}}}}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: check}
spec:
  args:
    - name: exit
      valueFrom: {secretKeyRef: {name: expected, key: exit}}
  metrics:
    - name: job
      provider:
        job:
          spec:
            backoffLimit: 0
            template:
              metadata: {annotations: {kanari.dev/simulate: "{exitAfter: 100ms}"}}
              spec:
                restartPolicy: Never
                containers: [{name: check, image: example/check, args: ["{{args.exit}}"]}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 2
  revisionHistoryLimit: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {kanari.dev/simulate: "{readyAfter: 100ms}"}
    spec: {containers: [{name: web, image: "example/web:${version}"}]}
  strategy:
    canary:
      stableService: web-stable
      canaryService: web-canary
      canaryMetadata: {labels: {role: canary}}
      stableMetadata: {labels: {role: stable}}
      scaleDownDelaySeconds: 1
      trafficRouting: {nginx: {stableIngress: web}}
      steps:
        - setWeight: 50
        - analysis: {templates: [{templateName: check}]}
`;

test('suffice for an update with traffic, analysis, restart and clean-up', async () => {
  await kubectl(`apply --server-side -f ${join(REPOSITORY, 'manifests', 'crds')}`);
  await kubectl('create namespace argo-rollouts');
  await kubectl(`apply -f ${join(REPOSITORY, 'manifests', 'controller-access.yaml')}`);
  const ports = ['--metricsPort', `${await freePort()}`, '--healthzPort', `${await freePort()}`];
  const kubeconfig = ['--kubeconfig', await kubeconfigOfController()];
  controller = spawn(process.execPath, [BIN, 'controller', ...kubeconfig, ...ports]);
  for (const stream of [controller.stdout, controller.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }

  await kubectl('apply -f -', manifest('1'));
  await reaches('Healthy');
  const first = (await status())?.stableRS;
  await kubectl('apply -f -', manifest('2'));
  await expect.poll(async () => (await status())?.stableRS, { timeout: 60_000 }).not.toBe(first);
  await reaches('Healthy');
  expect(await kubectl('get analysisruns -o jsonpath={.items[*].status.phase}')).toBe('Successful');
  expect(await kubectl('get ingress web-web-canary -o name')).toContain('ingress');
  // The former ReplicaSet goes, the pods are evicted one by one.
  await expect
    .poll(() => kubectl('get replicasets -o name'), { timeout: 30_000 })
    .not.toContain(String(first));
  const before = await kubectl('get pods -l role=stable -o name');
  await client.patch({ type: Rollouts, namespace: 'default', name: 'web' }, 'merge', {
    spec: { restartAt: new Date().toISOString().replace(/\.\d+/, '') },
  });
  await expect.poll(async () => (await status())?.restartedAt, { timeout: 30_000 }).toBeTruthy();
  expect(await kubectl('get pods -l role=stable -o name')).not.toBe(before);
  expect(await kubectl('get events -o jsonpath={.items[*].reason}')).toContain('RolloutCompleted');
  expect(await kubectl('get lease -n argo-rollouts -o name')).toContain('lease');
  expect(said).not.toMatch(/forbidden/i);
});

test('give nothing that a controller need not have', async () => {
  const can = async (question: string) => {
    const who = '--as system:serviceaccount:argo-rollouts:kanari';
    const words = `auth can-i ${question} ${who}`.split(' ');
    return (await run('kubectl', ['--kubeconfig', server.kubeconfigPath, ...words])).stdout.trim();
  };
  expect(await can('get secrets')).toBe('yes');
  const refused = ['list secrets', 'create pods', 'update services', 'delete rollouts.argoproj.io'];
  refused.push('create rolebindings', 'get leases -n kube-system', 'create pods/exec', 'impersonate users');
  for (const question of refused) expect(await can(question), question).toBe('no');
});

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Deployments, Pods, Services } from '../../src/api/index.ts';
import { type ApiServer, startApiServer } from '../../src/cluster/apiserver/index.ts';
import {
  killPodProcesses,
  type ServiceProxy,
  startNode,
  startServiceProxy,
} from '../../src/cluster/node/index.ts';
import { silent, until } from '../../src/cluster/node/testing/harness.ts';
import { startWorkloadControllers } from '../../src/cluster/workloads/index.ts';
import { type ClosableClient, createClient, Informers, loadConnection } from '../../src/kube/index.ts';

let stateDir: string;
let server: ApiServer;
let client: ClosableClient;
let informers: Informers;
let proxy: ServiceProxy;
let parts: { stop(): Promise<void> }[];

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'kanari-rolling-'));
  const clock = Date.now;
  server = await startApiServer({ stateDir, port: 0, serviceCidr: '127.99.0.0/16', clock, log: silent });
  client = createClient(await loadConnection({ kubeconfig: server.kubeconfigPath }));
  informers = new Informers(client);
  const shared = { client, informers, clock, log: silent };
  proxy = await startServiceProxy(shared);
  const workloads = await startWorkloadControllers(shared);
  const podCidr = '127.76.0.0/16';
  const node = await startNode({ ...shared, stateDir, podCidr, kubeletToken: server.nodeToken });
  parts = [node, workloads, proxy, informers];
}, 20_000);

afterEach(async () => {
  for (const part of parts) await part.stop();
  await client.close();
  await server.close();
  await killPodProcesses(stateDir);
  await rm(stateDir, { recursive: true, force: true, maxRetries: 3 });
}, 20_000);

const image = (version: string) => `particule/simplecolorapi:${version}`;

async function deploy(): Promise<string> {
  const labels = { app: 'color' };
  const ports = [{ containerPort: 5000 }];
  await client.create(Deployments, {
    metadata: { name: 'color', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'color', image: image('1.0'), ports }] },
      },
    },
  });
  await client.create(Services, {
    metadata: { name: 'color', namespace: 'default' },
    spec: { selector: labels, ports: [{ port: 18080, targetPort: 5000 }] },
  });
  await until(() => informers.informer(Deployments).get('default', 'color')?.status?.availableReplicas === 3);
  const { host, port } = await until(() => proxy.resolve('color.default.svc', 18080));
  return `http://${host}:${port}/`;
}

/** Asks as fast as it can until it is stopped. */
function hammer(url: string) {
  const colors: Record<string, number> = {};
  const failures: unknown[] = [];
  let stopped = false;
  const asking = Array.from({ length: 4 }, async () => {
    while (!stopped) {
      try {
        const { color } = (await (await fetch(url)).json()) as { color: string };
        colors[color] = (colors[color] ?? 0) + 1;
      } catch (error) {
        failures.push(error);
      }
    }
  });
  const stop = async () => {
    stopped = true;
    await Promise.all(asking);
  };
  return { colors, failures, stop };
}

it('no request through a Service fails while all pods are replaced, and while all are deleted', async () => {
  const load = hammer(await deploy());
  await until(() => (load.colors.red ?? 0) > 50);
  const containers = [{ name: 'color', image: image('2.0') }];
  await client.patch({ type: Deployments, namespace: 'default', name: 'color' }, 'strategic', {
    spec: { template: { spec: { containers } } },
  });
  const pods = () => informers.informer(Pods).list('default');
  const allBlue = () =>
    pods().length === 3 && pods().every(({ spec }) => spec?.containers[0]?.image === image('2.0'));
  await until(allBlue, 20_000);
  const uids = pods().map(({ metadata }) => metadata?.uid);
  for (const { metadata } of pods()) {
    await client.delete({ type: Pods, namespace: 'default', name: metadata!.name! });
  }
  await until(() => allBlue() && !pods().some(({ metadata }) => uids.includes(metadata?.uid)), 20_000);
  const before = load.colors.blue ?? 0;
  await until(() => (load.colors.blue ?? 0) > before + 50);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(Object.keys(load.colors).sort()).toEqual(['blue', 'red']);
}, 60_000);

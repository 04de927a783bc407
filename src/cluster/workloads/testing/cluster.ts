import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { pino } from 'pino';
import { expect, vi } from 'vitest';
import {
  formatTime,
  type KubeObject,
  Namespaces,
  Nodes,
  Pods,
  type ResourceType,
  ServiceAccounts,
} from '../../../api/index.ts';
import {
  createClient,
  directConnection,
  Informers,
  isNotFound,
  type KubeClient,
} from '../../../kube/index.ts';
import { startApiServer } from '../../apiserver/index.ts';
import { startWorkloadControllers } from '../index.ts';

/** The controllers against the embedded API server, with nodes whose pods do at once what they are there for. */
export interface TestCluster {
  client: KubeClient;
  names<T extends KubeObject>(type: ResourceType<T>, namespace: string): Promise<string[]>;
  isGone(type: ResourceType, namespace: string | undefined, name: string): Promise<void>;
  /** Makes a namespace and waits until pods can be made in it. */
  inNamespace(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** A pod that was given to a node is ready at once, or has succeeded when it is one that ends. */
export async function startTestCluster(nodes: readonly string[]): Promise<TestCluster> {
  const log = pino({ level: 'silent' });
  const stateDir = await mkdtemp(join(tmpdir(), 'kanari-workloads-'));
  const server = await startApiServer({ stateDir, port: 0, clock: Date.now, log });
  const client = createClient(
    directConnection({ server: server.url, token: server.adminToken, ca: server.caPem }),
  );
  const informers = new Informers(client, { log });
  const controllers = startWorkloadControllers({
    client,
    informers,
    clock: Date.now,
    log,
    volumesFolder: join(stateDir, 'volumes'),
    ca: server.caPem,
  });
  for (const name of nodes) await addNode(client, name);
  runPods(client, informers);

  const names: TestCluster['names'] = async (type, namespace) =>
    (await client.list(type, { namespace })).items.map(({ metadata }) => metadata?.name ?? '').sort();
  return {
    client,
    names,
    async isGone(type, namespace, name) {
      const found = await client.get({ type, namespace, name }).then(
        () => true,
        (error) => !isNotFound(error),
      );
      expect(found).toBe(false);
    },
    async inNamespace(name) {
      await client.create(Namespaces, { metadata: { name } });
      await until(async () => expect(await names(ServiceAccounts, name)).toEqual(['default']));
    },
    async stop() {
      await controllers.stop();
      await informers.stop();
      await client.close();
      await server.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

const readyNow = () => ({
  type: 'Ready',
  status: 'True',
  lastTransitionTime: formatTime(Date.now()),
});

async function addNode(client: KubeClient, name: string): Promise<void> {
  await client.create(Nodes, { metadata: { name, labels: { 'kubernetes.io/hostname': name } } });
  const status = { conditions: [readyNow()] };
  await client.patch({ type: Nodes, name }, 'merge', { status }, { subresource: 'status' });
}

function runPods(client: KubeClient, informers: Informers): void {
  let next = 1;
  const run = async (pod: Pod) => {
    const { metadata, spec, status } = pod;
    const ref = { type: Pods, namespace: metadata?.namespace, name: metadata?.name ?? '' };
    if (metadata?.deletionTimestamp) await client.delete(ref, { gracePeriodSeconds: 0 });
    else if (spec?.nodeName && !status?.podIP) {
      const ends = spec.restartPolicy !== 'Always';
      const running = {
        podIP: `10.0.0.${next++}`,
        ...(ends ? { phase: 'Succeeded' } : { phase: 'Running', conditions: [readyNow()] }),
      };
      await client.patch(ref, 'merge', { status: running }, { subresource: 'status' });
    }
  };
  const attempt = (pod: Pod) => void run(pod).catch(() => undefined);
  informers.informer(Pods).subscribe({ added: attempt, updated: (_old, pod) => attempt(pod) });
}

export const until = (what: () => Promise<void>) => vi.waitFor(what, { timeout: 8000, interval: 20 });

/** The object as a client would send it to a namespace. */
export function at<T extends KubeObject>(namespace: string, object: T): T {
  const {
    uid: _uid,
    resourceVersion: _version,
    generation: _generation,
    ...metadata
  } = object.metadata ?? {};
  return { ...object, metadata: { ...metadata, namespace } };
}

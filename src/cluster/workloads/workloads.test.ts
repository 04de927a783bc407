import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  ConfigMaps,
  CustomResourceDefinitions,
  Deployments,
  EndpointSlices,
  EndpointsType,
  Events,
  formatTime,
  type KubeObject,
  Namespaces,
  Nodes,
  Pods,
  ReplicaSets,
  type ResourceType,
  ServiceAccounts,
  Services,
} from '../../api/index.ts';
import {
  type ClosableClient,
  createClient,
  directConnection,
  Informers,
  isNotFound,
} from '../../kube/index.ts';
import { startApiServer } from '../apiserver/index.ts';
import { startWorkloadControllers } from './index.ts';
import { deployment, service } from './testing/objects.ts';

/** The controllers against the embedded API server, with a node on which every pod is ready at once. */

const log = pino({ level: 'silent' });
const stops: (() => Promise<unknown>)[] = [];
let client: ClosableClient;

beforeAll(async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'kanari-workloads-'));
  stops.push(() => rm(stateDir, { recursive: true, force: true }));
  const server = await startApiServer({ stateDir, port: 0, clock: Date.now, log });
  stops.push(() => server.close());
  client = createClient(directConnection({ server: server.url, token: server.adminToken, ca: server.caPem }));
  stops.push(() => client.close());
  const informers = new Informers(client, { log });
  stops.push(() => informers.stop());
  const controllers = startWorkloadControllers({ client, informers, clock: Date.now, log });
  stops.push(() => controllers.stop());
  await startNode(informers);
}, 30_000);

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function startNode(informers: Informers): Promise<void> {
  const now = formatTime(Date.now());
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: now };
  await client.create(Nodes, { metadata: { name: 'n' } });
  await client.patch(
    { type: Nodes, name: 'n' },
    'merge',
    { status: { conditions: [ready] } },
    { subresource: 'status' },
  );
  let next = 1;
  const run = async ({ metadata, spec, status }: Pod) => {
    const ref = { type: Pods, namespace: metadata?.namespace, name: metadata?.name ?? '' };
    if (metadata?.deletionTimestamp) await client.delete(ref, { gracePeriodSeconds: 0 });
    else if (spec?.nodeName && !status?.podIP) {
      const running = { phase: 'Running', podIP: `10.0.0.${next++}`, conditions: [ready] };
      await client.patch(ref, 'merge', { status: running }, { subresource: 'status' });
    }
  };
  const attempt = (pod: Pod) => void run(pod).catch(() => undefined);
  informers.informer(Pods).subscribe({ added: attempt, updated: (_old, pod) => attempt(pod) });
}

const until = (what: () => Promise<void>) => vi.waitFor(what, { timeout: 8000, interval: 20 });

async function names<T extends KubeObject>(type: ResourceType<T>, namespace: string): Promise<string[]> {
  return (await client.list(type, { namespace })).items.map(({ metadata }) => metadata?.name ?? '').sort();
}

async function isGone(type: ResourceType, namespace: string | undefined, name: string): Promise<void> {
  const found = await client.get({ type, namespace, name }).then(
    () => true,
    (error) => !isNotFound(error),
  );
  expect(found).toBe(false);
}

async function inNamespace(name: string): Promise<void> {
  await client.create(Namespaces, { metadata: { name } });
  await until(async () => expect(await names(ServiceAccounts, name)).toEqual(['default']));
}

function at<T extends KubeObject>(namespace: string, object: T): T {
  const {
    uid: _uid,
    resourceVersion: _version,
    generation: _generation,
    ...metadata
  } = object.metadata ?? {};
  return { ...object, metadata: { ...metadata, namespace } };
}

const isComplete = (namespace: string, replicas: number) =>
  until(async () => {
    const { metadata, status } = await client.get({ type: Deployments, namespace, name: 'd' });
    expect(status).toMatchObject({ availableReplicas: replicas, updatedReplicas: replicas, replicas });
    expect(status?.observedGeneration).toBe(metadata?.generation);
  });

it('a Deployment gets exactly the pods it asks for, through scaling and rolling, and its Service their addresses', async () => {
  await inNamespace('rolling');
  await client.create(Services, at('rolling', service()));
  await client.create(Deployments, at('rolling', deployment(3)));
  await isComplete('rolling', 3);
  const ref = { type: Deployments, namespace: 'rolling', name: 'd' };
  await client.patch(ref, 'merge', { spec: { replicas: 30 } });
  await isComplete('rolling', 30);
  await until(async () => {
    const { items } = await client.list(Events, { namespace: 'rolling' });
    expect(items.filter(({ reason }) => reason === 'SuccessfulCreate')).toHaveLength(30);
  });

  await client.patch(ref, 'merge', {
    spec: { replicas: 2, template: { metadata: { labels: { version: '2' } } } },
  });
  await isComplete('rolling', 2);
  await until(async () => {
    expect(await names(Pods, 'rolling')).toHaveLength(2);
    const slices = (await client.list(EndpointSlices, { namespace: 'rolling' })).items;
    const addresses = slices
      .flatMap((slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses))
      .sort();
    const pods = (await client.list(Pods, { namespace: 'rolling' })).items;
    expect(addresses).toEqual(pods.map(({ status }) => status?.podIP).sort());
  });
  expect(await names(ReplicaSets, 'rolling')).toHaveLength(2);

  await client.delete({ type: Services, namespace: 'rolling', name: 's' });
  await until(async () => {
    expect(await names(EndpointSlices, 'rolling')).toEqual([]);
    expect(await names(EndpointsType, 'rolling')).toEqual([]);
  });
}, 30_000);

it.each(['Background', 'Foreground'] as const)(
  'a Deployment that is deleted in the %s takes everything with it',
  async (propagationPolicy) => {
    const namespace = `gone-${propagationPolicy.toLowerCase()}`;
    await inNamespace(namespace);
    await client.create(Deployments, at(namespace, deployment(2)));
    await isComplete(namespace, 2);
    await client.delete({ type: Deployments, namespace, name: 'd' }, { propagationPolicy });
    await until(async () => {
      expect(await names(Pods, namespace)).toEqual([]);
      expect(await names(ReplicaSets, namespace)).toEqual([]);
      expect(await names(Deployments, namespace)).toEqual([]);
    });
  },
  30_000,
);

it('orphans stay, and are adopted by who selects them next', async () => {
  const namespace = 'orphans';
  await inNamespace(namespace);
  await client.create(Deployments, at(namespace, deployment(2)));
  await isComplete(namespace, 2);
  const before = await names(Pods, namespace);
  await client.delete({ type: Deployments, namespace, name: 'd' }, { propagationPolicy: 'Orphan' });
  await until(() => isGone(Deployments, namespace, 'd'));
  const [rs] = (await client.list(ReplicaSets, { namespace })).items;
  expect(rs?.metadata?.ownerReferences ?? []).toEqual([]);
  await client.create(Deployments, at(namespace, deployment(2)));
  await isComplete(namespace, 2);
  expect(await names(Pods, namespace)).toEqual(before);
}, 30_000);

it('a namespace that is deleted goes with all that is in it', async () => {
  await inNamespace('ending');
  await client.create(Deployments, at('ending', deployment(2)));
  await client.create(ConfigMaps, { metadata: { name: 'c', namespace: 'ending' } });
  await isComplete('ending', 2);
  await client.delete({ type: Namespaces, name: 'ending' });
  await until(() => isGone(Namespaces, undefined, 'ending'));
  expect(await names(ConfigMaps, 'ending')).toEqual([]);
}, 30_000);

it('what a custom resource owns goes with it, also when its kind came later', async () => {
  await inNamespace('custom');
  const Things: ResourceType = {
    group: 'example.com',
    version: 'v1',
    kind: 'Thing',
    plural: 'things',
    namespaced: true,
  };
  await client.create(CustomResourceDefinitions, {
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  } as KubeObject);
  await until(
    async () => void (await client.create(Things, { metadata: { name: 'owner', namespace: 'custom' } })),
  );
  const { metadata } = await client.get({ type: Things, namespace: 'custom', name: 'owner' });
  const reference = (uid: string) => ({ apiVersion: 'example.com/v1', kind: 'Thing', name: 'owner', uid });
  const owned = (name: string, uid: string) =>
    client.create(ConfigMaps, { metadata: { name, namespace: 'custom', ownerReferences: [reference(uid)] } });
  await owned('kept', metadata?.uid ?? '');
  await owned('of-a-namesake', 'no-such-uid');
  await until(() => isGone(ConfigMaps, 'custom', 'of-a-namesake'));
  expect(await names(ConfigMaps, 'custom')).toEqual(['kept']);
  await client.delete({ type: Things, namespace: 'custom', name: 'owner' });
  await until(() => isGone(ConfigMaps, 'custom', 'kept'));
}, 30_000);

import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ConfigMaps,
  CustomResourceDefinitions,
  Deployments,
  EndpointSlices,
  EndpointsType,
  Events,
  type KubeObject,
  Namespaces,
  Pods,
  ReplicaSets,
  type ResourceType,
  Services,
} from '../../api/index.ts';
import type { KubeClient } from '../../kube/index.ts';
import { at, startTestCluster, type TestCluster, until } from './testing/cluster.ts';
import { deployment, service } from './testing/objects.ts';

let cluster: TestCluster;
let client: KubeClient;
let names: TestCluster['names'];
let isGone: TestCluster['isGone'];
let inNamespace: TestCluster['inNamespace'];

beforeAll(async () => {
  cluster = await startTestCluster(['n']);
  ({ client, names, isGone, inNamespace } = cluster);
}, 30_000);

afterAll(() => cluster.stop());

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
  expect(await names(ConfigMaps, 'custom')).toEqual(['kept', 'kube-root-ca.crt']);
  await client.delete({ type: Things, namespace: 'custom', name: 'owner' });
  await until(() => isGone(ConfigMaps, 'custom', 'kept'));
}, 30_000);

it('an owner in another namespace owns nothing, and keeps what it owns in its own', async () => {
  const { client, inNamespace, names } = cluster;
  await inNamespace('near');
  await inNamespace('far');
  const owner = await client.create(ConfigMaps, { metadata: { name: 'owner', namespace: 'far' } });
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata?.uid ?? '' },
  ];
  await client.create(ConfigMaps, { metadata: { name: 'stray', namespace: 'near', ownerReferences } });
  await until(async () => expect(await names(ConfigMaps, 'near')).not.toContain('stray'));
  await client.create(ConfigMaps, { metadata: { name: 'owned', namespace: 'far', ownerReferences } });
  await client.create(ConfigMaps, { metadata: { name: 'stray', namespace: 'near', ownerReferences } });
  await until(async () => expect(await names(ConfigMaps, 'near')).not.toContain('stray'));
  expect(await names(ConfigMaps, 'far')).toEqual(['kube-root-ca.crt', 'owned', 'owner']);
  await until(async () => {
    const { items } = await client.list(Events, { namespace: 'near' });
    expect(items.map(({ reason }) => reason)).toContain('OwnerRefInvalidNamespace');
  });
}, 30_000);

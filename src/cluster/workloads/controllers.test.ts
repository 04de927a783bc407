import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ControllerRevisions,
  CronJobs,
  DaemonSets,
  Deployments,
  Jobs,
  Nodes,
  PersistentVolumeClaims,
  PodDisruptionBudgets,
  Pods,
  StatefulSets,
} from '../../api/index.ts';
import { at, startTestCluster, type TestCluster, until } from './testing/cluster.ts';
import { deployment } from './testing/objects.ts';

/** The controllers of disruption budgets, Jobs, CronJobs, StatefulSets and DaemonSets, each at its main task. */

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster(['n', 'm']);
}, 30_000);

afterAll(() => cluster.stop());

it('a PodDisruptionBudget lets one pod go, and the next only when another has taken its place', async () => {
  const { client, inNamespace, names } = cluster;
  const namespace = 'budget';
  await inNamespace(namespace);
  await client.create(Deployments, at(namespace, deployment(3)));
  await client.create(PodDisruptionBudgets, {
    metadata: { name: 'pdb', namespace },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'x' } } },
  });
  const ref = { type: PodDisruptionBudgets, namespace, name: 'pdb' };
  const allows = (count: number) =>
    until(async () => {
      const { status } = await client.get(ref);
      expect(status).toMatchObject({ expectedPods: 3, desiredHealthy: 2, disruptionsAllowed: count });
    });
  await allows(1);
  const before = await names(Pods, namespace);
  const [first = '', second = ''] = before;
  const evictions = await Promise.all([
    client.evict({ type: Pods, namespace, name: first }),
    client.evict({ type: Pods, namespace, name: second }),
  ]);
  expect(evictions.sort()).toEqual([false, true]);
  await allows(1);
  expect((await names(Pods, namespace)).filter((name) => before.includes(name))).toHaveLength(2);
  await client.patch({ type: Deployments, namespace, name: 'd' }, 'merge', { spec: { replicas: 2 } });
  await until(async () => expect((await client.get(ref)).status).toMatchObject({ expectedPods: 2 }));
}, 30_000);

it('an indexed Job does each part of its work once', async () => {
  const { client, inNamespace } = cluster;
  const namespace = 'indexed';
  await inNamespace(namespace);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'image:1' }] } };
  await client.create(Jobs, {
    metadata: { name: 'j', namespace },
    spec: { completionMode: 'Indexed', completions: 3, parallelism: 2, template },
  });
  await until(async () => {
    const { status } = await client.get({ type: Jobs, namespace, name: 'j' });
    expect(status).toMatchObject({
      completedIndexes: '0-2',
      succeeded: 3,
      completionTime: expect.any(String),
    });
  });
  expect((await client.list(Pods, { namespace })).items).toHaveLength(3);
}, 30_000);

it('a CronJob makes Jobs that run to their end, and keeps no more of them than it should', async () => {
  const { client, inNamespace, names } = cluster;
  const namespace = 'cron';
  await inNamespace(namespace);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'image:1' }] } };
  await client.create(CronJobs, {
    metadata: { name: 'c', namespace },
    spec: { schedule: '@every 1s', successfulJobsHistoryLimit: 1, jobTemplate: { spec: { template } } },
  });
  const ref = { type: CronJobs, namespace, name: 'c' };
  await until(async () => {
    expect((await client.get(ref)).status).toMatchObject({
      lastScheduleTime: expect.any(String),
      lastSuccessfulTime: expect.any(String),
    });
  });
  const { items } = await client.list(Jobs, { namespace });
  expect(items.map(({ status }) => status)).toContainEqual(
    expect.objectContaining({
      succeeded: 1,
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Complete', status: 'True' })]),
    }),
  );
  await client.patch(ref, 'merge', { spec: { suspend: true, successfulJobsHistoryLimit: 0 } });
  await until(async () => {
    expect(await names(Jobs, namespace)).toEqual([]);
    expect(await names(Pods, namespace)).toEqual([]);
  });
}, 30_000);

it('a StatefulSet makes its pods and claims, rolls them, and leaves the claims behind', async () => {
  const { client, inNamespace, names, isGone } = cluster;
  const namespace = 'stateful';
  await inNamespace(namespace);
  const labels = { app: 'x' };
  await client.create(StatefulSets, {
    metadata: { name: 'web', namespace },
    spec: {
      replicas: 2,
      serviceName: 'web',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'image:1' }] } },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  });
  const ref = { type: StatefulSets, namespace, name: 'web' };
  const isDone = (revisions: number) =>
    until(async () => {
      const { metadata, status } = await client.get(ref);
      expect(status).toMatchObject({ readyReplicas: 2, updatedReplicas: 2, currentReplicas: 2 });
      expect(status?.observedGeneration).toBe(metadata?.generation);
      expect(status?.currentRevision).toBe(status?.updateRevision);
      expect(await names(ControllerRevisions, namespace)).toHaveLength(revisions);
    });
  await isDone(1);
  expect(await names(Pods, namespace)).toEqual(['web-0', 'web-1']);
  await until(async () => {
    const claims = (await client.list(PersistentVolumeClaims, { namespace })).items;
    expect(claims.map(({ metadata, status }) => `${metadata?.name} ${status?.phase}`).sort()).toEqual([
      'data-web-0 Bound',
      'data-web-1 Bound',
    ]);
  });

  const containers = (image: string) => ({
    spec: { template: { spec: { containers: [{ name: 'main', image }] } } },
  });
  await client.patch(ref, 'merge', containers('image:2'));
  await isDone(2);
  await client.patch(ref, 'merge', containers('image:1'));
  await isDone(2);
  const pods = (await client.list(Pods, { namespace })).items;
  expect(pods.map(({ spec }) => spec?.containers[0]?.image)).toEqual(['image:1', 'image:1']);

  await client.delete(ref, { propagationPolicy: 'Foreground' });
  await until(() => isGone(StatefulSets, namespace, 'web'));
  expect(await names(Pods, namespace)).toEqual([]);
  expect(await names(PersistentVolumeClaims, namespace)).toEqual(['data-web-0', 'data-web-1']);
}, 30_000);

it('a DaemonSet has a pod on each node, and rolls them one after the other', async () => {
  const { client, inNamespace, names, isGone } = cluster;
  const namespace = 'daemons';
  await inNamespace(namespace);
  const labels = { app: 'x' };
  await client.create(DaemonSets, {
    metadata: { name: 'd', namespace },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'image:1' }] } },
    },
  });
  const ref = { type: DaemonSets, namespace, name: 'd' };
  const isDone = (image: string) =>
    until(async () => {
      const { metadata, status } = await client.get(ref);
      expect(status).toMatchObject({
        observedGeneration: metadata?.generation,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 2,
      });
      const pods = (await client.list(Pods, { namespace })).items;
      expect(pods.map(({ spec }) => `${spec?.nodeName} ${spec?.containers[0]?.image}`).sort()).toEqual([
        `m ${image}`,
        `n ${image}`,
      ]);
    });
  await isDone('image:1');
  await client.patch(ref, 'merge', {
    spec: { template: { spec: { containers: [{ name: 'main', image: 'image:2' }] } } },
  });
  await isDone('image:2');
  await client.delete(ref, { propagationPolicy: 'Foreground' });
  await until(() => isGone(DaemonSets, namespace, 'd'));
  expect(await names(Pods, namespace)).toEqual([]);
}, 30_000);

it('pods leave a node under a taint that drives them away, and others take their place elsewhere', async () => {
  const { client, inNamespace } = cluster;
  const namespace = 'tainted';
  await inNamespace(namespace);
  await client.create(Deployments, at(namespace, deployment(4)));
  const nodesOfPods = async () => {
    const { items } = await client.list(Pods, { namespace });
    return items.map(({ spec, status }) => `${spec?.nodeName} ${status?.phase}`).sort();
  };
  const [n, m] = ['n Running', 'm Running'];
  await until(async () => expect(await nodesOfPods()).toEqual([m, m, n, n]));
  const node = { type: Nodes, name: 'm' };
  const taints = [{ key: 'maintenance', effect: 'NoExecute' }];
  await client.patch(node, 'merge', { spec: { taints } });
  await until(async () => expect(await nodesOfPods()).toEqual([n, n, n, n]));
  await client.patch(node, 'merge', { spec: { taints: null } });
}, 30_000);

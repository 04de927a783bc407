import { Writable } from 'node:stream';
import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type Informer,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Deployment,
  type V1Pod,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kanari } from './harness/kanari.ts';

/** Programs written with the official JavaScript client. */

const NAMESPACE = 'programs';
let kanari: Kanari;
let config: KubeConfig;
let core: CoreV1Api;
let apps: AppsV1Api;
const until = (probe: () => unknown) => expect.poll(probe, { timeout: 20_000, interval: 50 });
const here = { namespace: NAMESPACE };

const configMap = (name: string, data: Record<string, string> = {}): V1ConfigMap => ({
  metadata: { name, labels: { suite: 'clients' } },
  data,
});

const deployment = (name: string, replicas: number): V1Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'c', image: 'busybox', command: ['sleep', '100'] }] },
    },
  },
});

/** What a promise is refused with. */
const refusal = async (
  promise: Promise<unknown>,
): Promise<{ code: number; reason: string; message: string }> => {
  const error = await promise.then(
    () => expect.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiException)) throw error;
  const { reason, message } = JSON.parse(String(error.body)) as { reason: string; message: string };
  return { code: error.code, reason, message };
};

beforeAll(async () => {
  kanari = await Kanari.up({ args: ['--no-example'] });
  config = new KubeConfig();
  config.loadFromFile(kanari.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
  apps = config.makeApiClient(AppsV1Api);
  await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
});
afterAll(() => kanari?.cleanUp());

test('objects are made, read, changed and deleted, and refused with reasons', async () => {
  const made = await core.createNamespacedConfigMap({ ...here, body: configMap('crud', { a: '1' }) });
  expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date);
  expect(await refusal(core.createNamespacedConfigMap({ ...here, body: configMap('crud') }))).toMatchObject({
    code: 409,
    reason: 'AlreadyExists',
  });
  const replaced = await core.replaceNamespacedConfigMap({
    ...here,
    name: 'crud',
    body: { ...made, data: { a: '2' } },
  });
  expect(replaced.data).toEqual({ a: '2' });
  expect(await refusal(core.replaceNamespacedConfigMap({ ...here, name: 'crud', body: made }))).toMatchObject(
    {
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "crud": the object has been modified; please apply your changes to the latest version and try again',
    },
  );
  await core.deleteNamespacedConfigMap({ ...here, name: 'crud' });
  expect(await refusal(core.readNamespacedConfigMap({ ...here, name: 'crud' }))).toEqual({
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "crud" not found',
  });
});

test('every kind of patch', async () => {
  await apps.createNamespacedDeployment({ ...here, body: deployment('patched', 0) });
  const patch = (body: unknown, strategy: string) =>
    apps.patchNamespacedDeployment(
      { ...here, name: 'patched', body },
      setHeaderOptions('Content-Type', strategy),
    );
  const merged = await patch({ metadata: { labels: { a: 'b' } } }, PatchStrategy.MergePatch);
  expect(merged.metadata?.labels).toEqual({ a: 'b' });
  const steps = [{ op: 'remove', path: '/metadata/labels/a' }];
  expect((await patch(steps, PatchStrategy.JsonPatch)).metadata?.labels ?? {}).toEqual({});
  const container = { name: 'c', image: 'busybox:2' };
  const strategic = await patch(
    { spec: { template: { spec: { containers: [container] } } } },
    PatchStrategy.StrategicMergePatch,
  );
  expect(strategic.spec?.template.spec?.containers).toMatchObject([
    { ...container, command: ['sleep', '100'] },
  ]);
});

test('server-side apply, of built-in kinds and of custom resources', async () => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const apply = (replicas: number, manager: string, force = false) =>
    objects.patch(
      deployment('applied', replicas),
      undefined,
      undefined,
      manager,
      force,
      PatchStrategy.ServerSideApply,
    );
  expect((await apply(1, 'one')).metadata?.managedFields).toMatchObject([
    { manager: 'one', operation: 'Apply' },
  ]);
  expect(await refusal(apply(2, 'two'))).toMatchObject({
    code: 409,
    message: 'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
  });
  expect((await apply(2, 'two', true)).spec?.replicas).toBe(2);
  const custom = config.makeApiClient(CustomObjectsApi);
  const template = { group: 'argoproj.io', version: 'v1alpha1', plural: 'analysistemplates' };
  const applied = await custom.patchNamespacedCustomObject(
    {
      ...template,
      ...here,
      name: 'web',
      fieldManager: 'one',
      body: {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AnalysisTemplate',
        metadata: { name: 'web' },
        spec: { metrics: [{ name: 'm', provider: { web: { url: 'http://web.test' } } }] },
      },
    },
    setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
  );
  expect(applied).toMatchObject({ kind: 'AnalysisTemplate', metadata: { generation: 1 } });
});

test('pages of one moment', async () => {
  for (const name of ['p1', 'p2', 'p3']) {
    await core.createNamespacedConfigMap({ ...here, body: { metadata: { name, labels: { page: 'y' } } } });
  }
  const page = (next?: string) =>
    core.listNamespacedConfigMap({
      ...here,
      labelSelector: 'page=y',
      limit: 2,
      ...(next && { _continue: next }),
    });
  const first = await page();
  expect(first.items.map(({ metadata }) => metadata?.name)).toEqual(['p1', 'p2']);
  await core.deleteNamespacedConfigMap({ ...here, name: 'p3' });
  const last = await page(first.metadata?._continue);
  expect(last.items.map(({ metadata }) => metadata?.name)).toEqual(['p3']);
  expect(last.metadata).toMatchObject({ resourceVersion: first.metadata?.resourceVersion });
});

test('a watch from a version shows what has happened since', async () => {
  const { metadata } = await core.listNamespacedConfigMap(here);
  await core.createNamespacedConfigMap({ ...here, body: configMap('watched') });
  await core.deleteNamespacedConfigMap({ ...here, name: 'watched' });
  const events: string[] = [];
  const watch = (resourceVersion?: string) =>
    new Promise<unknown>((resolve, reject) => {
      new Watch(config)
        .watch(
          `/api/v1/namespaces/${NAMESPACE}/configmaps`,
          { timeoutSeconds: 1, ...(resourceVersion && { resourceVersion }) },
          (phase: string, object: V1ConfigMap & { code?: number }) =>
            events.push(`${phase} ${object.code ?? object.metadata?.name}`),
          resolve,
        )
        .catch(reject);
    });
  await watch(metadata?.resourceVersion);
  expect(events).toEqual(['ADDED watched', 'DELETED watched']);
});

test('logs follow a pod to its end', async () => {
  const command = ['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.1; done'];
  const spec = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox', command }] };
  await core.createNamespacedPod({ ...here, body: { metadata: { name: 'talker' }, spec } });
  await until(async () => (await core.readNamespacedPod({ ...here, name: 'talker' })).status?.phase).not.toBe(
    'Pending',
  );
  let text = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  await new Log(config).log(NAMESPACE, 'talker', 'c', sink, { follow: true });
  await until(() => text).toBe('1\n2\n3\n');
});

describe('an informer', () => {
  let informer: Informer<V1Pod>;
  const seen = new Map<string, string>();
  const errors: unknown[] = [];

  beforeAll(async () => {
    informer = makeInformer(config, `/api/v1/namespaces/${NAMESPACE}/pods`, () =>
      core.listNamespacedPod(here),
    );
    const note = (pod: V1Pod) => seen.set(pod.metadata?.name ?? '', pod.status?.phase ?? '');
    informer.on('add', note);
    informer.on('update', note);
    informer.on('delete', (pod) => seen.delete(pod.metadata?.name ?? ''));
    informer.on('error', (error) => {
      errors.push(error);
      setTimeout(() => informer.start(), 100);
    });
    await informer.start();
  });
  afterAll(() => informer.stop());

  const phases = (prefix: string) =>
    [...seen].filter(([name]) => name.startsWith(prefix)).map(([, phase]) => phase);

  test('sees pods come, run and go', async () => {
    await apps.createNamespacedDeployment({ ...here, body: deployment('informed', 2) });
    await until(() => phases('informed-')).toEqual(['Running', 'Running']);
    await apps.deleteNamespacedDeployment({ ...here, name: 'informed', gracePeriodSeconds: 0 });
    await until(() => phases('informed-')).toEqual([]);
  });

  test('goes on after the server was killed and started again', async () => {
    await apps.createNamespacedDeployment({ ...here, body: deployment('survivor', 1) });
    await until(() => phases('survivor-')).toEqual(['Running']);
    const port = new URL(config.getCurrentCluster()?.server ?? '').port;
    await kanari.kill9();
    kanari = await Kanari.up({ stateDir: kanari.stateDir, args: ['--no-example', '--port', port] });
    await apps.patchNamespacedDeploymentScale(
      { ...here, name: 'survivor', body: { spec: { replicas: 3 } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    await until(() => phases('survivor-')).toEqual(['Running', 'Running', 'Running']);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const NAMESPACED = '/api/v1/namespaces/default';
const CLASSES = '/apis/storage.k8s.io/v1/storageclasses';
const PRIORITIES = '/apis/scheduling.k8s.io/v1/priorityclasses';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
});
afterAll(() => api.stop());

const post = (path: string, body: object) => api.send(`POST ${path}`, { body });
const createPod = (name: string, spec: object = {}) =>
  post(`${NAMESPACED}/pods`, {
    metadata: { name },
    spec: { containers: [{ name: 'main', image: 'registry.example/x:1' }], ...spec },
  });

describe('the priority of a pod', () => {
  it('is that of its class', async () => {
    await post(PRIORITIES, { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' });
    const { body } = await createPod('high', { priorityClassName: 'high' });
    expect(body.spec).toMatchObject({ priority: 1000, preemptionPolicy: 'Never', priorityClassName: 'high' });
    const { body: critical } = await createPod('critical', { priorityClassName: 'system-node-critical' });
    expect(critical.spec.priority).toBe(2_000_001_000);
  });

  it('stays, as do its tolerations, when the pod is replaced by one that does not say them', async () => {
    await createPod('replaced');
    const spec = {
      serviceAccountName: 'default',
      containers: [{ name: 'main', image: 'registry.example/x:2' }],
    };
    const replace = (body: object) => api.send(`PUT ${NAMESPACED}/pods/replaced`, { body });
    const { status, body } = await replace({ metadata: { name: 'replaced' }, spec });
    expect([status, body.spec.priority, body.spec.tolerations.length]).toEqual([200, 0, 2]);
    const more = { ...spec, containers: [...spec.containers, { name: 'more', image: 'x' }] };
    expect((await replace({ metadata: { name: 'replaced' }, spec: more })).body.message).toBe(
      'Pod "replaced" is invalid: spec.containers: Forbidden: pod updates may not add or remove containers',
    );
  });

  it('cannot be of a class that is not there, nor another than that of the class', async () => {
    const unknown = await createPod('unknown', { priorityClassName: 'none' });
    expect([unknown.status, unknown.body.message]).toEqual([
      403,
      'pods "unknown" is forbidden: no PriorityClass with name none was found',
    ]);
    const other = await createPod('other', { priorityClassName: 'high', priority: 5 });
    expect([other.status, other.body.message]).toEqual([
      403,
      'pods "other" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    ]);
  });

  it('is that of the default class when the pod names none', async () => {
    const { body: before } = await createPod('before');
    expect(before.spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    await post(PRIORITIES, { metadata: { name: 'usual' }, value: 7, globalDefault: true });
    const { body } = await createPod('after');
    expect(body.spec).toMatchObject({ priority: 7, priorityClassName: 'usual' });
  });

  it('has one default class at most, and the classes of the system from the start', async () => {
    await post(PRIORITIES, { metadata: { name: 'usual' }, value: 7, globalDefault: true });
    const { status, body } = await post(PRIORITIES, {
      metadata: { name: 'other' },
      value: 8,
      globalDefault: true,
    });
    expect(status).toBe(403);
    expect(body.message).toContain(
      'PriorityClass usual is already marked as default. Only one default can exist',
    );
    const { body: listed } = await api.send(`GET ${PRIORITIES}`);
    const names = listed.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    expect(names).toEqual(
      expect.arrayContaining(['system-cluster-critical', 'system-node-critical', 'usual']),
    );
  });
});

describe('a claim', () => {
  const createClaim = (name: string, spec: object = {}) =>
    post(`${NAMESPACED}/persistentvolumeclaims`, {
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    });
  const isDefault = { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } };

  it('gets the default class when it names none, and is held while it is used', async () => {
    const { body: without } = await createClaim('without');
    expect(without.spec.storageClassName).toBeUndefined();
    await post(CLASSES, { metadata: { name: 'standard', ...isDefault }, provisioner: 'example.com/p' });
    const { body } = await createClaim('with');
    expect(body.spec.storageClassName).toBe('standard');
    expect(body.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    const { body: none } = await createClaim('none', { storageClassName: '' });
    expect(none.spec.storageClassName).toBe('');
  });

  it('grows only where its class lets it', async () => {
    const url = `${NAMESPACED}/persistentvolumeclaims/grows`;
    const patch = (target: string, body: object) =>
      api.send(`PATCH ${target}`, { body, type: 'application/merge-patch+json' });
    await createClaim('grows');
    await patch(`${url}/status`, { status: { phase: 'Bound', capacity: { storage: '1Gi' } } });
    const more = { spec: { resources: { requests: { storage: '2Gi' } } } };
    const refused = await patch(url, more);
    expect([refused.status, refused.body.message]).toEqual([
      403,
      'persistentvolumeclaims "grows" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    ]);
    await patch(`${CLASSES}/standard`, { allowVolumeExpansion: true });
    expect((await patch(url, more)).status).toBe(200);
  });
});

it('gives a balanced Service node ports unless it does without', async () => {
  const spec = { type: 'LoadBalancer', ports: [{ port: 80 }], allocateLoadBalancerNodePorts: false };
  const { body } = await post(`${NAMESPACED}/services`, { metadata: { name: 'portless' }, spec });
  expect(body.spec.ports[0]).not.toHaveProperty('nodePort');
  const usual = { ...spec, allocateLoadBalancerNodePorts: true };
  const { body: other } = await post(`${NAMESPACED}/services`, {
    metadata: { name: 'balanced' },
    spec: usual,
  });
  expect(other.spec.ports[0].nodePort).toBeGreaterThan(0);
  const { body: named } = await api.send(`PATCH ${NAMESPACED}/services/balanced`, {
    body: { spec: { type: 'ExternalName', externalName: 'a.example' } },
    type: 'application/merge-patch+json',
  });
  expect(named.spec).toEqual({
    type: 'ExternalName',
    externalName: 'a.example',
    sessionAffinity: 'None',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
});
afterAll(() => api.stop());

let count = 0;

/** A namespace of its own with these limits; answers a function that creates something there. */
async function limited(...limits: object[]) {
  count += 1;
  const namespace = `limited-${count}`;
  const path = `/api/v1/namespaces/${namespace}`;
  await api.send('POST /api/v1/namespaces', { body: { metadata: { name: namespace } } });
  const { status } = await api.send(`POST ${path}/limitranges`, {
    body: { metadata: { name: 'limits' }, spec: { limits } },
  });
  expect(status).toBe(201);
  return (plural: string, spec: object) =>
    api.send(`POST ${path}/${plural}`, { body: { metadata: { name: 'a' }, spec } });
}

const container = (name: string, resources?: object) => ({
  name,
  image: 'x',
  ...(resources && { resources }),
});

describe('limit ranges', () => {
  it('complete what containers do not ask for themselves, and say so', async () => {
    const create = await limited({
      type: 'Container',
      default: { cpu: '1', memory: '512Mi' },
      defaultRequest: { cpu: '500m' },
    });
    const { body } = await create('pods', {
      containers: [container('a'), container('b', { limits: { cpu: '2', memory: '1Gi' } })],
      initContainers: [container('init', { requests: { cpu: '1m' } })],
    });
    const [a, b] = body.spec.containers;
    expect(a.resources).toEqual({
      limits: { cpu: '1', memory: '512Mi' },
      requests: { cpu: '500m', memory: '512Mi' },
    });
    expect(b.resources).toEqual({
      limits: { cpu: '2', memory: '1Gi' },
      requests: { cpu: '2', memory: '1Gi' },
    });
    expect(body.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; ' +
        'memory request for init container init; cpu, memory limit for init container init',
    );
  });

  it.each([
    [
      { type: 'Container', max: { memory: '1Gi' } },
      { limits: { memory: '1536Mi' } },
      'maximum memory usage per Container is 1Gi, but limit is 1536Mi',
    ],
    [
      { type: 'Container', min: { cpu: '200m', memory: '500Mi' } },
      { requests: { cpu: '100m', memory: '100Mi' } },
      '[minimum cpu usage per Container is 200m, but request is 100m, minimum memory usage per Container is 500Mi, but request is 100Mi]',
    ],
    [
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      { limits: { cpu: '900m' }, requests: { cpu: '300m' } },
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
    [{ type: 'Pod', max: { cpu: '1' } }, undefined, 'maximum cpu usage per Pod is 1.  No limit is specified'],
    [
      { type: 'Pod', max: { memory: '1Gi' } },
      { limits: { memory: '768Mi' } },
      'maximum memory usage per Pod is 1Gi, but limit is 1536Mi',
    ],
  ])('refuse pods beyond %j', async (limit, resources, message) => {
    const create = await limited(limit);
    const { status, body } = await create('pods', {
      containers: [container('a', resources), container('b', resources)],
    });
    expect(status).toBe(403);
    expect(body.message).toContain('pods "a" is forbidden: ');
    expect(body.message).toContain(message);
  });

  it('bound what claims ask for', async () => {
    const create = await limited({
      type: 'PersistentVolumeClaim',
      min: { storage: '1Gi' },
      max: { storage: '2Gi' },
    });
    const claim = (storage: string) =>
      create('persistentvolumeclaims', {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage } },
      });
    expect((await claim('3Gi')).body.message).toBe(
      'persistentvolumeclaims "a" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
    expect((await claim('1Mi')).body.message).toContain(
      'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi',
    );
    expect((await claim('2Gi')).status).toBe(201);
  });
});

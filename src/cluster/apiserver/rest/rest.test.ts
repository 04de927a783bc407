import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const SERVICES = '/api/v1/namespaces/default/services';

let api: TestServer;

beforeEach(async () => {
  api = await TestServer.start();
});

afterEach(async () => {
  await api.stop();
});

const create = (metadata: object, rest: object = {}) =>
  api.send(`POST ${CONFIGMAPS}`, { body: { metadata, ...rest } });
const patch = (url: string, body: unknown, type = 'merge-patch') =>
  api.send(`PATCH ${url}`, { body, type: `application/${type}+${type === 'apply-patch' ? 'yaml' : 'json'}` });
const names = (body: { items: { metadata: { name: string } }[] }) =>
  body.items.map(({ metadata }) => metadata.name);

describe('paging', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create({ name });
  });

  it('shows every page as the list was at the first one, through changes and a restart', async () => {
    const { body: first } = await api.send(`GET ${CONFIGMAPS}?limit=2`);
    expect([names(first), first.metadata.remainingItemCount]).toEqual([['a', 'b'], 3]);
    await api.send(`DELETE ${CONFIGMAPS}/d`);
    await create({ name: 'ca' });
    const { body: second } = await api.send(`GET ${CONFIGMAPS}?limit=2&continue=${first.metadata.continue}`);
    expect(names(second)).toEqual(['c', 'd']);
    await api.restart();
    const { body: third } = await api.send(`GET ${CONFIGMAPS}?limit=2&continue=${second.metadata.continue}`);
    expect(names(third)).toEqual(['e']);
    expect(third.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
  });

  it.each([{}, { v: 'meta.k8s.io/v1', rv: 0, start: 'a' }, { v: 'meta.k8s.io/v1', rv: 'x', start: 'a' }])(
    'refuses the continue token %j',
    async (token) => {
      const text = Buffer.from(JSON.stringify(token)).toString('base64url');
      const { status, body } = await api.send(`GET ${CONFIGMAPS}?limit=2&continue=${text}`);
      expect([status, body.message]).toEqual([400, expect.stringMatching(/continue key is not valid/)]);
    },
  );

  it('answers 410 when the snapshot of the first page is no longer kept, with a token for the rest as it is', async () => {
    const small = await TestServer.start({ compaction: { revisions: 5 } });
    try {
      for (let i = 0; i < 10; i += 1) {
        await small.send(`POST ${CONFIGMAPS}`, { body: { metadata: { name: `a${i}` } } });
      }
      const { body: first } = await small.send(`GET ${CONFIGMAPS}?limit=2`);
      for (let i = 10; i < 30; i += 1) {
        await small.send(`POST ${CONFIGMAPS}`, { body: { metadata: { name: `b${i}` } } });
      }
      const { status, body } = await small.send(`GET ${CONFIGMAPS}?continue=${first.metadata.continue}`);
      expect([status, body.reason]).toEqual([410, 'Expired']);
      expect(body.message).toMatch(/use the continue token in this response to retrieve the remainder/);
      const rest = `GET ${CONFIGMAPS}?limit=10&continue=${body.metadata.continue}`;
      const { body: second } = await small.send(rest);
      expect(names(second)).toEqual(['a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9', 'b10', 'b11']);
      await small.send(`DELETE ${CONFIGMAPS}/b20`);
      const { body: third } = await small.send(`GET ${CONFIGMAPS}?continue=${second.metadata.continue}`);
      expect([names(third).length, names(third)[0]]).toEqual([18, 'b12']);
      expect(third.metadata.resourceVersion).toBe(second.metadata.resourceVersion);
    } finally {
      await small.stop();
    }
  });
});

describe('writing', () => {
  it('lets exactly one of many concurrent updates from the same version through', async () => {
    const { body } = await create({ name: 'a' });
    const attempts = Array.from({ length: 10 }, (_, i) =>
      api.send(`PUT ${CONFIGMAPS}/a`, { body: { ...body, data: { winner: String(i) } } }),
    );
    const statuses = (await Promise.all(attempts)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array(9).fill(409)]);
  });

  it('lets all of many concurrent patches through, one after the other', async () => {
    await create({ name: 'a' });
    const patches = Array.from({ length: 10 }, (_, i) =>
      patch(`${CONFIGMAPS}/a`, { data: { [`k${i}`]: 'x' } }),
    );
    expect((await Promise.all(patches)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(Object.keys((await api.send(`GET ${CONFIGMAPS}/a`)).body.data)).toHaveLength(10);
  });

  it('keeps the resourceVersion when nothing changes', async () => {
    const { body: created } = await create({ name: 'a' }, { data: { k: '1' } });
    const { body: patched } = await patch(`${CONFIGMAPS}/a`, { data: { k: '1' } });
    expect(patched.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  });

  it('stores nothing of a dry run', async () => {
    const dry = await api.send(`POST ${CONFIGMAPS}?dryRun=All`, { body: { metadata: { name: 'a' } } });
    expect(dry.status).toBe(201);
    expect((await api.send(`GET ${CONFIGMAPS}/a`)).status).toBe(404);
    await create({ name: 'b' }, { data: { k: '1' } });
    await patch(`${CONFIGMAPS}/b?dryRun=All`, { data: { k: '2' } });
    await api.send(`DELETE ${CONFIGMAPS}/b?dryRun=All`);
    expect((await api.send(`GET ${CONFIGMAPS}/b`)).body.data).toEqual({ k: '1' });
  });

  it('warns of unknown fields, refuses them, or says nothing, as asked', async () => {
    const send = (name: string, query: string) =>
      api.send(`POST ${CONFIGMAPS}${query}`, { body: { metadata: { name }, nosuch: 1 } });
    expect((await send('a', '')).headers.warning).toBe('299 - "unknown field \\"nosuch\\""');
    expect((await send('b', '?fieldValidation=Ignore')).headers.warning).toBeUndefined();
    const strict = await send('c', '?fieldValidation=Strict');
    expect([strict.status, strict.body.message]).toEqual([
      400,
      expect.stringContaining('strict decoding error: unknown field "nosuch"'),
    ]);
    const unknown = await send('d', '?fieldValidation=Maybe');
    expect([unknown.status, unknown.body.details.causes[0].field]).toEqual([422, 'fieldValidation']);
  });

  it('applies server-side: creates, changes, and tells conflicts apart', async () => {
    const config = (data: object) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data,
    });
    const apply = (manager: string, data: object, query = '') =>
      patch(`${CONFIGMAPS}/a?fieldManager=${manager}${query}`, config(data), 'apply-patch');
    expect((await apply('one', { x: '1' })).status).toBe(201);
    expect((await apply('two', { y: '1' })).status).toBe(200);
    const refused = await apply('two', { x: '2', y: '1' });
    expect([refused.status, refused.body.message]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "one": .data.x',
    ]);
    const forced = await apply('two', { x: '2', y: '1' }, '&force=true');
    expect(forced.body.data).toEqual({ x: '2', y: '1' });
  });

  it('applies server-side in a version that is not the stored one', async () => {
    const url = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/a';
    const apply = (targetCPUUtilizationPercentage: number) => {
      const spec = { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web' } };
      const body = {
        apiVersion: 'autoscaling/v1',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'a' },
        spec: { ...spec, targetCPUUtilizationPercentage },
      };
      return patch(`${url}?fieldManager=me`, body, 'apply-patch');
    };
    for (const share of [60, 70]) {
      expect((await apply(share)).body.spec.targetCPUUtilizationPercentage).toBe(share);
      const { body } = await api.send(`GET ${url.replace('/v1/', '/v2/')}`);
      expect(body.spec.metrics[0].resource.target.averageUtilization).toBe(share);
    }
  });

  it('refuses to create in a namespace that is missing or on its way out', async () => {
    const missing = await api.send('POST /api/v1/namespaces/nosuch/configmaps', {
      body: { metadata: { name: 'a' } },
    });
    expect([missing.status, missing.body.message]).toEqual([404, 'namespaces "nosuch" not found']);
    await api.send('POST /api/v1/namespaces', { body: { metadata: { name: 'leaving' } } });
    await api.send('DELETE /api/v1/namespaces/leaving');
    const { status, body } = await api.send('POST /api/v1/namespaces/leaving/configmaps', {
      body: { metadata: { name: 'a' } },
    });
    expect([status, body.details.causes[0].reason]).toEqual([403, 'NamespaceTerminating']);
  });
});

describe('deletion', () => {
  it('waits for finalizers, and takes no new ones', async () => {
    await create({ name: 'a', finalizers: ['example.com/keep'] });
    const { body } = await api.send(`DELETE ${CONFIGMAPS}/a`);
    expect(body.metadata.deletionTimestamp).toBeDefined();
    const added = await patch(`${CONFIGMAPS}/a`, { metadata: { finalizers: ['example.com/new'] } });
    expect(added.status).toBe(422);
    expect((await patch(`${CONFIGMAPS}/a`, { metadata: { finalizers: null } })).status).toBe(200);
    expect((await api.send(`GET ${CONFIGMAPS}/a`)).status).toBe(404);
  });

  it('checks its preconditions', async () => {
    const { body } = await create({ name: 'a' });
    const remove = (preconditions: object) =>
      api.send(`DELETE ${CONFIGMAPS}/a`, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions },
      });
    expect((await remove({ uid: 'other' })).status).toBe(409);
    expect((await remove({ resourceVersion: '1' })).status).toBe(409);
    expect((await remove({ uid: body.metadata.uid })).status).toBe(200);
  });

  it.each([
    ['Foreground', ['foregroundDeletion']],
    ['Orphan', ['orphan']],
  ])('notes the wish for dependents: %s', async (policy, finalizers) => {
    await create({ name: 'a' });
    const { body } = await api.send(`DELETE ${CONFIGMAPS}/a?propagationPolicy=${policy}`);
    expect(body.metadata.finalizers).toEqual(finalizers);
  });

  it('of a pod on a node waits for its node agent, of any other pod does not', async () => {
    const pod = (name: string) => ({
      metadata: { name },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await api.send(`POST ${PODS}`, { body: pod('free') });
    await api.send(`POST ${PODS}`, { body: pod('bound') });
    const target = { apiVersion: 'v1', kind: 'Node', name: 'n' };
    expect((await api.send(`POST ${PODS}/bound/binding`, { body: { target } })).status).toBe(201);
    await api.send(`DELETE ${PODS}/free`);
    expect((await api.send(`GET ${PODS}/free`)).status).toBe(404);
    const { body } = await api.send(`DELETE ${PODS}/bound`);
    expect(body.metadata.deletionGracePeriodSeconds).toBe(30);
    expect((await api.send(`GET ${PODS}/bound`)).status).toBe(200);
    await api.send(`DELETE ${PODS}/bound?gracePeriodSeconds=0`);
    expect((await api.send(`GET ${PODS}/bound`)).status).toBe(404);
  });

  it.each([
    ['the query', '?gracePeriodSeconds=-1', undefined],
    ['the body', '', { gracePeriodSeconds: -1 }],
  ])('takes less than no time in %s for a second', async (_where, query, body) => {
    await api.send(`POST ${PODS}`, {
      body: { metadata: { name: 'bound' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    });
    const target = { apiVersion: 'v1', kind: 'Node', name: 'n' };
    await api.send(`POST ${PODS}/bound/binding`, { body: { target } });
    const answer = await api.send(`DELETE ${PODS}/bound${query}`, { ...(body && { body }) });
    expect(answer.body.metadata.deletionGracePeriodSeconds).toBe(1);
  });

  it('of a collection is refused where a selector names what is no field', async () => {
    await create({ name: 'a' });
    const { status } = await api.send(`DELETE ${CONFIGMAPS}?fieldSelector=constructor!%3Dx`);
    expect(status).toBe(400);
    expect(names((await api.send(`GET ${CONFIGMAPS}`)).body)).toEqual(['a']);
  });

  it('of a collection takes what the selector selects', async () => {
    await create({ name: 'a', labels: { x: '1' } });
    await create({ name: 'b' });
    await api.send(`DELETE ${CONFIGMAPS}?labelSelector=x%3D1`);
    expect(names((await api.send(`GET ${CONFIGMAPS}`)).body)).toEqual(['b']);
  });

  it('is refused for the namespaces that must stay', async () => {
    expect((await api.send('DELETE /api/v1/namespaces/default')).status).toBe(403);
  });
});

describe('a Service', () => {
  const service = (name: string, spec: object = {}) => ({
    body: { metadata: { name }, spec: { selector: { app: 'x' }, ports: [{ port: 80 }], ...spec } },
  });

  it('gets an address of the range that no other has, and gives it back', async () => {
    const { body: a } = await api.send(`POST ${SERVICES}`, service('a'));
    const { clusterIP } = a.spec;
    expect(clusterIP).toMatch(/^127\.96\.\d+\.\d+$/);
    const taken = await api.send(`POST ${SERVICES}`, service('b', { clusterIP }));
    expect([taken.status, taken.body.details.causes[0].field]).toEqual([422, 'spec.clusterIPs']);
    await api.restart();
    expect((await api.send(`POST ${SERVICES}`, service('b', { clusterIP }))).status).toBe(422);
    await api.send(`DELETE ${SERVICES}/a`);
    expect((await api.send(`POST ${SERVICES}`, service('b', { clusterIP }))).status).toBe(201);
  });

  it('gives back what it got for a creation that was refused', async () => {
    const { body: a } = await api.send(`POST ${SERVICES}`, service('a', { type: 'NodePort' }));
    const { nodePort } = a.spec.ports[0];
    expect((await api.send(`POST ${SERVICES}`, service('a'))).status).toBe(409);
    const clash = await api.send(
      `POST ${SERVICES}`,
      service('b', { type: 'NodePort', ports: [{ port: 80, nodePort }] }),
    );
    expect(clash.body.details.causes[0].field).toBe('spec.ports[0].nodePort');
    expect((await api.send(`GET ${SERVICES}/a`)).body.spec).toEqual(a.spec);
  });

  it('keeps its address when an update leaves it out', async () => {
    const { body: a } = await api.send(`POST ${SERVICES}`, service('a'));
    const { body } = await api.send(`PUT ${SERVICES}/a`, service('a', { ports: [{ port: 81 }] }));
    expect(body.spec.clusterIP).toBe(a.spec.clusterIP);
  });
});

describe('a list with keys', () => {
  it('may name one twice in a built-in kind, as for kube-apiserver', async () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ];
    const spec = { containers: [{ name: 'a', image: 'a', env }] };
    const { status, body } = await api.send(`POST ${PODS}`, { body: { metadata: { name: 'twice' }, spec } });
    expect([status, body.spec?.containers[0].env]).toEqual([201, env]);
  });
});

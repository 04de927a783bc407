import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestEvent, TestServer, type TestWatch } from '../testing/client.ts';

const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const FLOW_CONTROL = '/apis/flowcontrol.apiserver.k8s.io/v1';

let api: TestServer;

beforeEach(async () => {
  api = await TestServer.start();
});

afterEach(() => api.stop());

const crd = {
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

const watchService = (name: string) =>
  api.watch(`${API_SERVICES}?watch=true&fieldSelector=metadata.name%3D${name}`);

/** Waits for the event that fits. */
async function next(watch: TestWatch, fits: (event: TestEvent) => boolean): Promise<TestEvent['object']> {
  for (let seen = 1; ; seen += 1) {
    const event = (await watch.until(seen))[seen - 1];
    if (!event) throw new Error('the watch has ended');
    if (fits(event)) return event.object;
  }
}

const isAvailable = ({ object }: TestEvent) => object.status?.conditions !== undefined;

describe('APIServices', () => {
  it('are there for each group and version, with the priorities of Kubernetes', async () => {
    expect(await next(await watchService('v2.autoscaling'), isAvailable)).toMatchObject({
      metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
      spec: { group: 'autoscaling', version: 'v2', groupPriorityMinimum: 17500, versionPriority: 30 },
      status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] },
    });
    const core = await next(await watchService('v1.'), isAvailable);
    expect(core.spec).toEqual({ version: 'v1', groupPriorityMinimum: 18000, versionPriority: 1 });
  });

  it('come and go with custom resources', async () => {
    const watch = await watchService('v1.example.com');
    await api.send('POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: crd });
    expect(await next(watch, isAvailable)).toMatchObject({
      metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } },
      spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 100 },
    });
    await api.send('DELETE /apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com');
    await next(watch, ({ type }) => type === 'DELETED');
  });

  it('of other servers are stored, with a warning that nothing is passed on to them', async () => {
    const spec = { group: 'x.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 };
    const service = { namespace: 'default', name: 'x' };
    const { status, headers, body } = await api.send(`POST ${API_SERVICES}`, {
      body: { metadata: { name: 'v1.x.example.com' }, spec: { ...spec, service } },
    });
    expect(status).toBe(201);
    expect(headers.warning).toContain('passes no requests on to other API servers');
    expect(body.spec.service.port).toBe(443);
    const wrong = await api.send(`POST ${API_SERVICES}`, {
      body: { metadata: { name: 'v2.x.example.com' }, spec: { ...spec, versionPriority: 0 } },
    });
    expect(wrong.body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
      'metadata.name',
      'spec.versionPriority',
    ]);
  });
});

describe('flow control', () => {
  it('has the mandatory schemas and levels, also after a restart', async () => {
    await api.restart();
    const schemas = await api.send(`GET ${FLOW_CONTROL}/flowschemas`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect(schemas.body.rows.map(({ cells }: { cells: unknown[] }) => cells.toSpliced(4, 1))).toEqual([
      ['catch-all', 'catch-all', 10000, 'ByUser', 'False'],
      ['exempt', 'exempt', 1, '<none>', 'False'],
    ]);
    const levels = await api.send(`GET ${FLOW_CONTROL}/prioritylevelconfigurations`, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect(levels.body.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 6))).toEqual([
      ['catch-all', 'Limited', '5', '<none>', '<none>', '<none>'],
      ['exempt', 'Exempt', '0', '<none>', '<none>', '<none>'],
    ]);
  });

  it('fills in what a level does not say, and refuses what contradicts itself', async () => {
    const { body } = await api.send(`POST ${FLOW_CONTROL}/prioritylevelconfigurations`, {
      body: {
        metadata: { name: 'a' },
        spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue' } } },
      },
    });
    expect(body.spec.limited).toEqual({
      nominalConcurrencyShares: 30,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
    });
    const refused = await api.send(`POST ${FLOW_CONTROL}/prioritylevelconfigurations`, {
      body: { metadata: { name: 'b' }, spec: { type: 'Exempt' } },
    });
    expect(refused.body.message).toContain("type must be 'Exempt' if and only if `name` is 'exempt'");
    const schema = await api.send(`POST ${FLOW_CONTROL}/flowschemas`, {
      body: { metadata: { name: 'a' }, spec: { priorityLevelConfiguration: {}, matchingPrecedence: 20000 } },
    });
    expect(schema.body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
      'spec.matchingPrecedence',
      'spec.priorityLevelConfiguration.name',
    ]);
  });
});

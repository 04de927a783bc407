import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const PODS = '/api/v1/namespaces/default/pods';
const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
});
afterAll(() => api.stop());

const merge = 'application/merge-patch+json';
const evict = (name: string) =>
  api.send(`POST ${PODS}/${name}/eviction`, { body: { metadata: { name, namespace: 'default' } } });

async function runningPod(name: string): Promise<void> {
  const metadata = { name, labels: { app: 'x' }, finalizers: ['example.com/hold'] };
  const spec = { nodeName: 'n', containers: [{ name: 'main', image: 'registry.example/x:1' }] };
  await api.send(`POST ${PODS}`, { body: { metadata, spec } });
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await api.send(`PATCH ${PODS}/${name}/status`, { body: { status }, type: merge });
}

it('an evicted pod says why it goes', async () => {
  await runningPod('a');
  expect((await evict('a')).status).toBe(201);
  const { body } = await api.send(`GET ${PODS}/a`);
  expect(body.metadata.deletionTimestamp).toBeDefined();
  expect(body.status.conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    }),
  );
});

it('a pod that its budget keeps is left as it is', async () => {
  await runningPod('b');
  const spec = { minAvailable: 1, selector: { matchLabels: { app: 'x' } } };
  const { body: budget } = await api.send(`POST ${BUDGETS}`, { body: { metadata: { name: 'x' }, spec } });
  const status = {
    observedGeneration: budget.metadata.generation,
    disruptionsAllowed: 0,
    currentHealthy: 1,
    desiredHealthy: 1,
    expectedPods: 1,
  };
  await api.send(`PATCH ${BUDGETS}/x/status`, { body: { status }, type: merge });
  const refused = await evict('b');
  expect([refused.status, refused.body.details.causes]).toEqual([
    429,
    [
      {
        reason: 'DisruptionBudget',
        message: 'The disruption budget x needs 1 healthy pods and has 1 currently',
      },
    ],
  ]);
  const { body } = await api.send(`GET ${PODS}/b`);
  expect(body.metadata.deletionTimestamp).toBeUndefined();
  expect(body.status.conditions).toHaveLength(1);
});

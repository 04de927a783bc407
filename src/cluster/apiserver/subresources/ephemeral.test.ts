import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const PODS = '/api/v1/namespaces/default/pods';
const EPHEMERAL = `${PODS}/web/ephemeralcontainers`;
const strategic = 'application/strategic-merge-patch+json';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
  const spec = { containers: [{ name: 'main', image: 'busybox' }] };
  await api.send(`POST ${PODS}`, { body: { metadata: { name: 'web' }, spec } });
});
afterAll(() => api.stop());

const add = (container: object, more: object = {}) =>
  api.send(`PATCH ${EPHEMERAL}`, {
    body: { ...more, spec: { ephemeralContainers: [container] } },
    type: strategic,
  });

it('adds a container for debugging, and nothing else', async () => {
  const labels = { sneaked: 'in' };
  const answer = await add(
    { name: 'debug', image: 'busybox', targetContainerName: 'main' },
    { metadata: { labels } },
  );
  expect(answer.status).toBe(200);
  expect(answer.body.metadata.labels).toBeUndefined();
  const { body } = await api.send(`GET ${EPHEMERAL}`);
  expect(body.spec.ephemeralContainers).toMatchObject([
    { name: 'debug', image: 'busybox', targetContainerName: 'main', terminationMessagePolicy: 'File' },
  ]);
  const names = body.metadata.managedFields.map(({ subresource }: { subresource?: string }) => subresource);
  expect(names).toContain('ephemeralcontainers');
  expect((await api.send('GET /api/v1')).body.resources).toContainEqual(
    expect.objectContaining({ name: 'pods/ephemeralcontainers', verbs: ['get', 'patch', 'update'] }),
  );
});

it.each([
  ['the name of another container', { name: 'main', image: 'x' }, '[0].name: Duplicate value: "main"'],
  ['no image', { name: 'b' }, '[0].image: Required value'],
  [
    'a target that is not there',
    { name: 'b', image: 'x', targetContainerName: 'none' },
    '[0].targetContainerName: Not found: "none"',
  ],
  [
    'ports',
    { name: 'b', image: 'x', ports: [{ containerPort: 80 }] },
    '[0].ports: Forbidden: cannot be set for an Ephemeral Container',
  ],
  [
    'another image for one that is there',
    { name: 'debug', image: 'other' },
    ': Forbidden: existing ephemeral containers "debug" may not be changed',
  ],
])('refuses %s', async (_, container, problem) => {
  expect((await add(container)).body).toMatchObject({
    code: 422,
    message: `Pod "web" is invalid: spec.ephemeralContainers${problem}`,
  });
});

it('refuses to take one away', async () => {
  const { body } = await api.send(`GET ${EPHEMERAL}`);
  delete body.spec.ephemeralContainers;
  expect((await api.send(`PUT ${EPHEMERAL}`, { body })).body.message).toContain(
    'existing ephemeral containers "debug" may not be removed',
  );
});

it('is the only way: they can neither be created with a pod nor updated', async () => {
  const spec = {
    containers: [{ name: 'main', image: 'busybox' }],
    ephemeralContainers: [{ name: 'debug', image: 'busybox' }],
  };
  expect((await api.send(`POST ${PODS}`, { body: { metadata: { name: 'new' }, spec } })).body).toMatchObject({
    code: 422,
    message: 'Pod "new" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
  });
  const patch = { body: { spec: { ephemeralContainers: [{ name: 'b', image: 'x' }] } }, type: strategic };
  expect((await api.send(`PATCH ${PODS}/web`, patch)).status).toBe(422);
  const labelled = { body: { metadata: { labels: { a: 'b' } } }, type: strategic };
  expect((await api.send(`PATCH ${PODS}/web`, labelled)).status).toBe(200);
});

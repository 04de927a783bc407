import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const NAMESPACE = '/api/v1/namespaces/default';
const DEPLOYMENT = '/apis/apps/v1/namespaces/default/deployments/web';
const LOG = `${NAMESPACE}/pods/web/log`;

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'busybox' }] },
  };
  await api.send(`POST ${NAMESPACE}/pods`, { body: { ...template, metadata: { name: 'web' } } });
  const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template };
  const body = { metadata: { name: 'web' }, spec };
  expect(await api.send('POST /apis/apps/v1/namespaces/default/deployments', { body })).toMatchObject({
    status: 201,
  });
});
afterAll(() => api.stop());

it.each([
  [`PUT ${DEPLOYMENT}/scale`, { kind: 'Foo' }, 'no kind "Foo" is registered for version "autoscaling/v1"'],
  [
    `PUT ${DEPLOYMENT}/scale`,
    { kind: 'Scale', apiVersion: 'v1' },
    'no kind "Scale" is registered for version "v1"',
  ],
  [`PUT ${DEPLOYMENT}/scale`, { metadata: { name: 'other' } }, 'in Scale object: web != other'],
  [`PUT ${DEPLOYMENT}/scale`, [], 'json: cannot unmarshal array into Go value of type struct {'],
  [
    `POST ${NAMESPACE}/pods/web/eviction`,
    { metadata: { name: 'other' } },
    'in Eviction object: web != other',
  ],
  [`POST ${NAMESPACE}/pods/web/eviction`, { kind: 'Pod' }, 'no kind "Pod" is registered'],
  [`POST ${NAMESPACE}/pods/web/binding`, { kind: 'Pod' }, 'no kind "Pod" is registered'],
  [`POST ${NAMESPACE}/serviceaccounts/default/token`, { kind: 'Pod' }, 'no kind "Pod" is registered'],
])('%s with %j is refused and changes nothing', async (request, body, message) => {
  expect(await api.send(request, { body })).toMatchObject({
    status: 400,
    body: { reason: 'BadRequest', message: expect.stringContaining(message) },
  });
  expect((await api.send(`GET ${DEPLOYMENT}`)).body.spec.replicas).toBe(2);
  expect((await api.send(`GET ${NAMESPACE}/pods/web`)).body.metadata.deletionTimestamp).toBeUndefined();
});

it.each([
  ['tailLines=-1', 422, 'tailLines: Invalid value: -1: must be greater than or equal to 0'],
  ['limitBytes=0', 422, 'limitBytes: Invalid value: 0: must be greater than 0'],
  ['sinceSeconds=0', 422, 'sinceSeconds: Invalid value: 0: must be greater than 0'],
  [
    'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
    422,
    'sinceSeconds: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
  ],
])('a log with %s is refused', async (query, status, problem) => {
  const { body } = await api.send(`GET ${LOG}?${query}`);
  expect([body.code, body.message]).toEqual([status, `PodLogOptions "web" is invalid: ${problem}`]);
});

it.each([
  ['tailLines=x', 'strconv.ParseInt: parsing "x": invalid syntax'],
  ['sinceTime=x', 'sinceTime: "x" is no RFC 3339 time'],
])('a log with %s is refused as a bad request', async (query, problem) => {
  expect((await api.send(`GET ${LOG}?${query}`)).body).toMatchObject({
    code: 400,
    message: expect.stringContaining(problem),
  });
});

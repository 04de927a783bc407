import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const crd = {
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
});

afterAll(() => api?.stop());

it('is not sent again to a client that has it, until other kinds are served', async () => {
  const discover = (etag?: string) =>
    api.send('GET /apis', { accept, ...(etag && { headers: { 'if-none-match': etag } }) });
  const first = await discover();
  const { etag } = first.headers;
  expect(first.headers).toMatchObject({ vary: 'Accept', 'cache-control': 'public' });
  expect(await discover(etag)).toMatchObject({ status: 304, headers: { etag } });

  await api.send('POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: crd });
  await expect.poll(async () => (await discover(etag)).status).toBe(200);
  expect((await discover()).headers.etag).not.toBe(etag);
});

it('has marks of its own for each of its documents', async () => {
  const etags = await Promise.all(
    ['/api', '/apis'].map(async (path) => (await api.send(`GET ${path}`, { accept })).headers.etag),
  );
  expect(new Set(etags).size).toBe(2);
});

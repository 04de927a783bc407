import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
});
afterAll(() => api.stop());

const metrics = async () => (await api.send('GET /metrics')).body as string;

it('counts and times requests as kube-apiserver names them', async () => {
  await api.send(`POST ${MAPS}`, { body: { metadata: { name: 'a' } } });
  await api.send(`GET ${MAPS}/missing`);
  await api.send('GET /api/v1/nonsense');
  const watch = await api.watch(`${MAPS}?watch=true`);
  const text = await metrics();
  expect(text).toContain(
    'apiserver_request_total{verb="POST",group="",version="v1",resource="configmaps",subresource="",scope="namespace",code="201"} 1',
  );
  expect(text).toContain('scope="resource",code="404"} 1');
  expect(text).toMatch(/apiserver_request_duration_seconds_count\{verb="POST",.*resource="configmaps".*\} 1/);
  expect(text).toMatch(/apiserver_longrunning_requests\{verb="WATCH",.*resource="configmaps".*\} 1/);
  expect(text).toContain('process_resident_memory_bytes');
  // Nobody makes labels by asking for what there is not.
  expect(text).not.toContain('nonsense');
  watch.close();
});

it('is for those who may read it', async () => {
  expect((await api.send('GET /metrics', { token: '' })).status).toBe(403);
});

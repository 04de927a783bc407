import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
});

afterAll(() => api?.stop());

const text = async (path: string) => {
  const { status, body } = await api.send(`GET ${path}`);
  return [status, body];
};

it('says that it is well, and with verbose what that means', async () => {
  expect(await text('/healthz')).toEqual([200, 'ok']);
  expect(await text('/livez/ping')).toEqual([200, 'ok']);
  expect(await text('/readyz?verbose&exclude=etcd')).toEqual([
    200,
    '[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\nreadyz check passed\n',
  ]);
});

it('knows no other checks', async () => {
  expect((await api.send('GET /healthz/nosuch')).status).toBe(404);
});

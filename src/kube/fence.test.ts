import { expect, it } from 'vitest';
import { ConfigMaps } from '../api/index.ts';
import { fenced } from './fence.ts';
import { configMap } from './testing/objects.ts';
import { scriptedServer } from './testing/server.ts';

it('refuses writes, not reads, once the lease is no longer held', async () => {
  const server = await scriptedServer((call) => call.json(200, configMap('x', 1)));
  let held = true;
  const client = fenced(server.client, () => held);
  const ref = { type: ConfigMaps, namespace: 'a', name: 'x' };
  await client.patch(ref, 'merge', {});
  held = false;
  const refused = { code: 0, reason: 'LeaseLost' };
  await expect(client.patch(ref, 'merge', {})).rejects.toMatchObject(refused);
  await expect(client.create(ConfigMaps, configMap('x', 1))).rejects.toMatchObject(refused);
  await expect(client.delete(ref)).rejects.toMatchObject(refused);
  await expect(client.request('POST', '/x')).rejects.toMatchObject(refused);
  await expect(client.get(ref)).resolves.toBeDefined();
  expect(server.calls.map((call) => call.method)).toEqual(['PATCH', 'GET']);
});

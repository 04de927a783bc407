import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

let api: TestServer;
beforeAll(async () => {
  api = await TestServer.start();
});
afterAll(() => api.stop());

const PATH = '/api/v1/namespaces/default/configmaps';
// Written as text: in a literal `__proto__` is something else.
const data = '{"__proto__":"a","constructor":"b","valueOf":"c","plain":"d"}';
const body = (name: string) =>
  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"},"data":${data}}`;
const stored = async (name: string) => JSON.stringify((await api.send(`GET ${PATH}/${name}`)).body.data);

it.each([
  ['create', `POST ${PATH}`, 'application/json'],
  ['apply', `PATCH ${PATH}/apply?fieldManager=me`, 'application/apply-patch+yaml'],
])('%s keeps keys that JavaScript has a meaning for', async (name, target, type) => {
  expect(await api.send(target, { body: body(name), type })).toMatchObject({ status: 201 });
  expect(await stored(name)).toBe(data);
});

it.each(['merge', 'strategic-merge'])('a %s patch keeps and removes them', async (kind) => {
  const patch = (text: string) =>
    api.send(`PATCH ${PATH}/${kind}`, { body: `{"data":${text}}`, type: `application/${kind}-patch+json` });
  await api.send(`POST ${PATH}`, { body: { metadata: { name: kind }, data: { plain: 'd' } } });
  await patch('{"__proto__":"a","constructor":"b","plain":null}');
  expect(await stored(kind)).toBe('{"__proto__":"a","constructor":"b"}');
  await patch('{"__proto__":null}');
  expect(await stored(kind)).toBe('{"constructor":"b"}');
});

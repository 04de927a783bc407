import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestServer } from '../testing/client.ts';
import type { Exchange } from './exchange.ts';
import { sendList } from './lists.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const COUNT = 250;

let api: TestServer;
const name = (i: number) => `c${String(i).padStart(3, '0')}`;
const names = (items: { metadata: { name: string } }[]) => items.map(({ metadata }) => metadata.name);
const everyName = Array.from({ length: COUNT }, (_, i) => name(i));

const create = (i: number, size = 10) =>
  api.send(`POST ${CONFIGMAPS}`, { body: { metadata: { name: name(i) }, data: { k: 'x'.repeat(size) } } });

beforeAll(async () => {
  api = await TestServer.start();
  await Promise.all(everyName.map((_, i) => create(i)));
});

afterAll(() => api.stop());

describe('a long list', () => {
  it('is the same whole as in pages', async () => {
    const { body: whole } = await api.send(`GET ${CONFIGMAPS}`);
    expect([whole.kind, whole.apiVersion, names(whole.items)]).toEqual(['ConfigMapList', 'v1', everyName]);
    const items: object[] = [];
    for (let next = ''; ; ) {
      const { body } = await api.send(`GET ${CONFIGMAPS}?limit=60&continue=${next}`);
      items.push(...body.items);
      next = body.metadata.continue;
      if (!next) break;
    }
    expect(items).toEqual(whole.items);
  });

  it.each([
    ['Table', 'rows'],
    ['PartialObjectMetadataList', 'items'],
  ])('comes as %s too', async (as, member) => {
    const accept = `application/json;as=${as};v=v1;g=meta.k8s.io`;
    const { body } = await api.send(`GET ${CONFIGMAPS}`, { accept });
    const objects = body[member].map((row: { object?: object }) => row.object ?? row);
    expect([body.kind, names(objects)]).toEqual([as, everyName]);
    expect(body.metadata.resourceVersion).toMatch(/^\d+$/);
  });

  it('shows in its later pages the state of the first, while writes go on', async () => {
    let { body } = await api.send(`GET ${CONFIGMAPS}?limit=20`);
    const { resourceVersion } = body.metadata;
    const seen = [...names(body.items)];
    for (let i = 0; body.metadata.continue; i += 1) {
      await Promise.all([
        api.send(`DELETE ${CONFIGMAPS}/${name(COUNT - 1 - i)}`),
        api.send(`PUT ${CONFIGMAPS}/${name(COUNT - 50 - i)}`, { body: { data: { k: 'new' } } }),
        api.send(`POST ${CONFIGMAPS}`, { body: { metadata: { name: `d${i}` } } }),
      ]);
      ({ body } = await api.send(`GET ${CONFIGMAPS}?limit=20&continue=${body.metadata.continue}`));
      expect(body.metadata.resourceVersion).toBe(resourceVersion);
      for (const { data } of body.items) expect(data.k).toBe('x'.repeat(10));
      seen.push(...names(body.items));
    }
    expect(seen).toEqual(everyName);
  });

  it('is made no faster than it is read', async () => {
    let read = () => {};
    let kept = 0;
    const response = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        kept += chunk.length;
        read = done;
      },
    });
    const exchange = {
      method: 'GET',
      response,
      writeHead: () => {},
      get gone() {
        return response.destroyed;
      },
    } as unknown as Exchange;
    const items = everyName.map((name) => ({ metadata: { name, annotations: { k: 'x'.repeat(50_000) } } }));
    const sent = sendList(exchange, items, (some) => ({ kind: 'List', items: some }));
    for (let piece = 1; piece <= 3; piece += 1) {
      await vi.waitFor(() => expect(kept).toBeGreaterThan(piece * 290_000));
      expect(kept).toBeLessThan(piece * 320_000);
      read();
    }
    response.destroy();
    await sent;
  });

  it('that its client does not read holds up nobody, and is whole once it is read', async () => {
    const large = 'namespaces/kube-public/configmaps';
    const data = { k: 'x'.repeat(200_000) };
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        api.send(`POST /api/v1/${large}`, { body: { metadata: { name: name(i) }, data } }),
      ),
    );
    const list = await api.open(`GET /api/v1/${large}`);
    expect((await api.send(`GET ${CONFIGMAPS}/${name(0)}`)).status).toBe(200);
    await api.send(`DELETE /api/v1/${large}/${name(50)}`);
    let text = '';
    for await (const chunk of list.setEncoding('utf8')) text += chunk;
    expect(JSON.parse(text).items).toHaveLength(60);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { summary, TestServer } from '../testing/client.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';

let api: TestServer;

beforeEach(async () => {
  api = await TestServer.start();
});

afterEach(async () => {
  await api.stop();
});

const create = (name: string, labels?: Record<string, string>, data?: Record<string, string>) =>
  api.send(`POST ${CONFIGMAPS}`, { body: { metadata: { name, labels }, data } });

const merge = (name: string, body: unknown) =>
  api.send(`PATCH ${CONFIGMAPS}/${name}`, { body, type: 'application/merge-patch+json' });

const revision = async () => (await api.send(`GET ${CONFIGMAPS}`)).body.metadata.resourceVersion;

describe('a watch', () => {
  it('without a resourceVersion begins with what is there, and goes on', async () => {
    await create('a');
    await create('b');
    const watch = await api.watch(`${CONFIGMAPS}?watch=true`);
    await watch.until(2);
    await merge('a', { data: { k: '1' } });
    await api.send(`DELETE ${CONFIGMAPS}/b`);
    expect(summary(await watch.until(4))).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b']);
  });

  it('from a resourceVersion replays what has happened since, also across a restart', async () => {
    const from = await revision();
    await create('a');
    await merge('a', { data: { k: '1' } });
    await api.send(`DELETE ${CONFIGMAPS}/a`);
    for (const restart of [false, true]) {
      if (restart) await api.restart();
      const watch = await api.watch(`${CONFIGMAPS}?watch=true&resourceVersion=${from}`);
      expect(summary(await watch.until(3))).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
      expect(watch.events.map(({ object }) => Number(object.metadata.resourceVersion))).toEqual(
        [1, 2, 3].map((n) => Number(from) + n),
      );
    }
  });

  it('sends nothing for a write that changes nothing', async () => {
    await create('a', undefined, { k: '1' });
    const watch = await api.watch(`${CONFIGMAPS}?watch=true&resourceVersion=${await revision()}`);
    await merge('a', { data: { k: '1' } });
    await create('b');
    expect(summary(await watch.until(1))).toEqual(['ADDED b']);
  });

  it('adds what comes to match its selector and deletes what ceases to, in its old state', async () => {
    await create('a');
    const from = await revision();
    const watch = await api.watch(`${CONFIGMAPS}?watch=true&resourceVersion=${from}&labelSelector=in%3Dyes`);
    await merge('a', { metadata: { labels: { in: 'yes' } } });
    await merge('a', { data: { k: '1' } });
    const { body: left } = await merge('a', { metadata: { labels: { in: 'no' } } });
    await merge('a', { data: { k: '2' } });
    await create('b', { in: 'yes' });
    expect(summary(await watch.until(4))).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b']);
    const deleted = watch.events[2]?.object;
    expect(deleted.metadata.labels).toEqual({ in: 'yes' });
    expect(deleted.metadata.resourceVersion).toBe(left.metadata.resourceVersion);
  });

  it('of one name or namespace sees no other', async () => {
    const byName = await api.watch(`${CONFIGMAPS}?watch=true&fieldSelector=metadata.name%3Db`);
    const elsewhere = await api.watch('/api/v1/namespaces/kube-system/configmaps?watch=true');
    await create('a');
    await create('b');
    expect(summary(await byName.until(1))).toEqual(['ADDED b']);
    expect(elsewhere.events).toEqual([]);
  });

  it('is not what the path of one object answers', async () => {
    await create('a');
    const { status, body } = await api.send(`GET ${CONFIGMAPS}/a?watch=true`);
    expect([status, body.kind, body.metadata.name]).toEqual([200, 'ConfigMap', 'a']);
  });

  it('ends after its timeout', async () => {
    const watch = await api.watch(`${CONFIGMAPS}?watch=true&timeoutSeconds=1`);
    await watch.end();
    expect(watch.events).toEqual([]);
  });

  it('sends a bookmark with the revision before it ends, when asked to', async () => {
    await create('a');
    const from = await revision();
    const url = `${CONFIGMAPS}?watch=true&resourceVersion=${from}&fieldSelector=metadata.name%3Dx&timeoutSeconds=1`;
    await create('b');
    const watch = await api.watch(`${url}&allowWatchBookmarks=true`);
    const [event] = await watch.until(1);
    expect(event?.type).toBe('BOOKMARK');
    expect(event?.object).toMatchObject({
      kind: 'ConfigMap',
      metadata: { resourceVersion: await revision() },
    });
  });

  it('with sendInitialEvents lists first and marks the end of the list', async () => {
    await create('a');
    const url = `${CONFIGMAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`;
    const watch = await api.watch(`${url}&allowWatchBookmarks=true`);
    const [added, bookmark] = await watch.until(2);
    expect([added?.type, bookmark?.type]).toEqual(['ADDED', 'BOOKMARK']);
    expect(bookmark?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    expect(bookmark?.object.metadata.resourceVersion).toBe(await revision());
  });

  it('with sendInitialEvents needs resourceVersionMatch=NotOlderThan', async () => {
    const { status, body } = await api.send(`GET ${CONFIGMAPS}?watch=true&sendInitialEvents=true`);
    expect([status, body.details.causes[0].field]).toEqual([422, 'resourceVersionMatch']);
  });
});

describe('a watch from the past', () => {
  it('that is no longer known gets one ERROR event of code 410 and ends', async () => {
    const small = await TestServer.start({ compaction: { revisions: 5 } });
    try {
      for (let i = 0; i < 20; i += 1) {
        await small.send(`POST ${CONFIGMAPS}`, { body: { metadata: { name: `a${i}` } } });
      }
      const watch = await small.watch(`${CONFIGMAPS}?watch=true&resourceVersion=5`);
      await watch.end();
      expect(summary(watch.events)).toEqual(['ERROR Expired']);
      expect(watch.events[0]?.object.code).toBe(410);
    } finally {
      await small.stop();
    }
  });
});

describe('a client that does not read', () => {
  it('is cut when it falls behind, and holds up nobody', async () => {
    const small = await TestServer.start({ compaction: { revisions: 20 } });
    try {
      const lazy = await small.watch(`${CONFIGMAPS}?watch=true`);
      lazy.incoming.pause();
      const eager = await small.watch(`${CONFIGMAPS}?watch=true`);
      const data = { k: 'x'.repeat(500_000) };
      for (let i = 0; i < 60; i += 1) {
        await small.send(`POST ${CONFIGMAPS}`, { body: { metadata: { name: `c${i}` }, data } });
      }
      expect((await eager.until(60)).length).toBe(60);
      lazy.incoming.resume();
      await lazy.end();
      expect(lazy.events.length).toBeLessThan(60);
    } finally {
      await small.stop();
    }
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/index.ts';
import { type Log, openSqliteLog } from '../log/index.ts';
import { type Compaction, Store } from './index.ts';

let dir: string;
let now = 0;
const stores: Store[] = [];

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kanari-store-'));
  now = 1_000_000;
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  rmSync(dir, { recursive: true, force: true });
});

function opened(compaction?: Partial<Compaction>, log: Log = openSqliteLog(dir)): Store {
  const store = new Store(log, { clock: () => now, compaction });
  stores.push(store);
  return store;
}

const named = (name: string, labels?: Record<string, string>): KubeObject => ({
  metadata: { name, namespace: 'ns', ...(labels && { labels }) },
});

const keys = (entries: readonly { key: string }[] | undefined) => entries?.map(({ key }) => key);

describe('a store', () => {
  it('numbers writes across resources and sets the resourceVersion', async () => {
    const store = opened();
    const pod = await store.put(store.resource('/pods'), 'ns/a', named('a'));
    const service = await store.put(store.resource('/services'), 'ns/a', named('a'));
    expect([pod.revision, service.revision, store.revision]).toEqual([1, 2, 2]);
    expect(service.object.metadata?.resourceVersion).toBe('2');
  });

  it('shows readers durable writes only, and writers all', async () => {
    const store = opened();
    const pods = store.resource('/pods');
    const written = store.put(pods, 'ns/a', named('a'));
    expect(pods.get('ns/a')).toBeUndefined();
    expect(store.latest(pods, 'ns/a')?.revision).toBe(1);
    await written;
    expect(pods.get('ns/a')?.revision).toBe(1);
  });

  it('finds everything again after a restart, the tail of changes too', async () => {
    const store = opened();
    const pods = store.resource('/pods');
    await store.put(pods, 'ns/a', named('a'));
    await store.put(pods, 'ns/b', named('b'));
    await store.put(store.resource('/nodes'), 'n', { metadata: { name: 'n' } });
    await store.delete(pods, 'ns/a', named('a'));
    await store.close();
    const again = opened();
    expect(keys(again.resource('/pods').list())).toEqual(['ns/b']);
    expect(keys(again.resource('/nodes').list())).toEqual(['n']);
    expect(keys(again.resource('/pods').listAt(2))).toEqual(['ns/a', 'ns/b']);
    expect(again.revision).toBe(4);
  });

  it('lists by key, one namespace or all, from a key on', async () => {
    const store = opened();
    const pods = store.resource('/pods');
    await Promise.all(['b/x', 'a/y', 'a/x', 'a-b/x'].map((key) => store.put(pods, key, named(key))));
    expect(keys(pods.list())).toEqual(['a-b/x', 'a/x', 'a/y', 'b/x']);
    expect(keys(pods.list('a'))).toEqual(['a/x', 'a/y']);
    expect(keys(pods.list('a', 'a/x\0'))).toEqual(['a/y']);
  });

  it('lists as of an earlier revision: changed, deleted and new objects as they were', async () => {
    const store = opened();
    const pods = store.resource('/pods');
    await store.put(pods, 'ns/a', named('a', { v: '1' }));
    await store.put(pods, 'ns/b', named('b'));
    await store.put(pods, 'ns/a', named('a', { v: '2' }));
    await store.delete(pods, 'ns/b', named('b'));
    await store.put(pods, 'ns/c', named('c'));
    const then = pods.listAt(2);
    expect(keys(then)).toEqual(['ns/a', 'ns/b']);
    expect(then?.[0]?.object.metadata?.labels).toEqual({ v: '1' });
  });

  it('tells listeners once of writes that were committed together', async () => {
    const store = opened();
    const pods = store.resource('/pods');
    let told = 0;
    pods.subscribe(() => {
      told += 1;
    });
    await Promise.all(['ns/a', 'ns/b', 'ns/c'].map((key) => store.put(pods, key, named(key))));
    expect(told).toBe(1);
    expect(pods.end).toBe(3);
  });

  it('lets those wait who answer from writes that are not durable yet, and fails them with the writes', async () => {
    const log = openSqliteLog(dir);
    let broken = false;
    const append = log.append.bind(log);
    log.append = (records) => (broken ? Promise.reject(new Error('disk full')) : append(records));
    const store = opened(undefined, log);
    const pods = store.resource('/pods');
    await store.settled();
    void store.put(pods, 'ns/a', named('a'));
    await store.settled();
    expect(pods.get('ns/a')?.revision).toBe(1);
    broken = true;
    const refused = store.put(pods, 'ns/b', named('b'));
    await expect(store.settled()).rejects.toThrow('the write could not be stored: disk full');
    await expect(refused).rejects.toThrow('disk full');
    await store.settled();
  });

  it('fails what was waiting when the disk refuses, and goes on from the durable state', async () => {
    const log = openSqliteLog(dir);
    let broken = true;
    const append = log.append.bind(log);
    log.append = (records) => (broken ? Promise.reject(new Error('disk full')) : append(records));
    const store = opened(undefined, log);
    const pods = store.resource('/pods');
    const results = await Promise.allSettled([
      store.put(pods, 'ns/a', named('a')),
      store.put(pods, 'ns/b', named('b')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(store.latest(pods, 'ns/a')).toBeUndefined();
    broken = false;
    expect((await store.put(pods, 'ns/a', named('a'))).revision).toBe(1);
  });
});

describe('compaction', () => {
  it('keeps the revisions that it is told to keep', async () => {
    const store = opened({ revisions: 10, ageMs: Number.MAX_SAFE_INTEGER });
    const pods = store.resource('/pods');
    for (let i = 0; i < 30; i += 1) await store.put(pods, 'ns/a', named('a'));
    await store.compact();
    expect(pods.remembers(20)).toBe(true);
    expect(pods.remembers(19)).toBe(false);
    expect(pods.listAt(19)).toBeUndefined();
    expect(keys(pods.list())).toEqual(['ns/a']);
  });

  it('forgets what is older than the bound', async () => {
    const store = opened({ ageMs: 60_000 });
    const pods = store.resource('/pods');
    await store.put(pods, 'ns/a', named('a'));
    now += 61_000;
    await store.put(pods, 'ns/b', named('b'));
    await store.compact();
    expect(pods.remembers(0)).toBe(false);
    expect(pods.remembers(1)).toBe(true);
  });

  it('takes nothing from a resource that was not used yet', async () => {
    const store = opened();
    await store.put(store.resource('/pods'), 'ns/a', named('a'));
    await store.put(store.resource('/pods'), 'ns/a', named('a'));
    expect(store.resource('/services').remembers(1)).toBe(true);
    await store.close();
    expect(opened().resource('/services').remembers(1)).toBe(true);
  });

  it('keeps no more bytes than it is told to, and always the last write', async () => {
    const store = opened({ bytes: 50_000, revisions: 1_000_000, ageMs: Number.MAX_SAFE_INTEGER });
    const pods = store.resource('/pods');
    const large = (size: number) => ({ ...named('a', { text: 'x'.repeat(size) }) });
    for (let i = 1; i <= 300; i += 1) await store.put(pods, 'ns/a', large(1_000));
    expect(pods.remembers(270)).toBe(true);
    expect(pods.remembers(230)).toBe(false);
    await store.put(pods, 'ns/a', large(1_000_000));
    expect([pods.remembers(300), pods.remembers(299)]).toEqual([true, false]);
    await store.close();
    const log = openSqliteLog(dir);
    expect([...log.records()].length).toBeLessThanOrEqual(2);
    await log.close();
  });

  it('that the disk has no room for is made up for by the next', async () => {
    const log = openSqliteLog(dir);
    const compact = log.compact.bind(log);
    log.compact = () => Promise.reject(new Error('disk full'));
    const store = opened({ revisions: 5, ageMs: Number.MAX_SAFE_INTEGER }, log);
    const pods = store.resource('/pods');
    for (let i = 0; i < 20; i += 1) await store.put(pods, 'ns/a', named('a'));
    await store.compact();
    expect([...log.records()]).toHaveLength(20);
    log.compact = compact;
    await store.put(pods, 'ns/a', named('a'));
    await store.compact();
    expect([...log.records()].length).toBeLessThanOrEqual(6);
  });

  it('tells a slow reader that it has fallen behind', async () => {
    const store = opened({ revisions: 5, ageMs: Number.MAX_SAFE_INTEGER });
    const pods = store.resource('/pods');
    const position = pods.end;
    for (let i = 0; i < 20; i += 1) await store.put(pods, 'ns/a', named('a'));
    await store.compact();
    expect(pods.lost(position)).toBe(true);
  });

  it('bounds what a restart reads', async () => {
    const store = opened({ revisions: 5, ageMs: Number.MAX_SAFE_INTEGER });
    for (let i = 0; i < 50; i += 1) await store.put(store.resource('/pods'), 'ns/a', named('a'));
    await store.compact();
    await store.close();
    const log = openSqliteLog(dir);
    expect([...log.records()].length).toBeLessThanOrEqual(6);
    await log.close();
  });
});

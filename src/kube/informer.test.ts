import type { ConfigMap } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { ConfigMaps, Pods } from '../api/index.ts';
import { type Informer, startInformer } from './informer.ts';
import { Informers } from './informers.ts';
import { configMap } from './testing/objects.ts';
import { type Call, scriptedServer } from './testing/server.ts';
import { until } from './testing/until.ts';

const fast = { backoff: { baseMs: 1, maxMs: 5 } };

/** Writes down what an informer tells. */
function record(informer: Informer<ConfigMap>): string[] {
  const told: string[] = [];
  const version = (object: ConfigMap) => `${object.metadata?.name}@${object.metadata?.resourceVersion}`;
  informer.subscribe({
    added: (object) => told.push(`+${version(object)}`),
    updated: (old, next) => told.push(`${version(old)}>${version(next)}`),
    deleted: (object) => told.push(`-${version(object)}`),
  });
  return told;
}

const list = (call: Call, resourceVersion: string, items: ConfigMap[], more?: string) =>
  call.json(200, { metadata: { resourceVersion, continue: more }, items });
const isWatch = (call: Call) => call.query.get('watch') === 'true';

describe('an informer', () => {
  it('lists in pages, then watches from the version of the list', async () => {
    const server = await scriptedServer((call) => {
      if (isWatch(call)) {
        call.event('MODIFIED', configMap('a', 11));
        call.event('DELETED', configMap('b', 12));
        call.event('ADDED', configMap('c', 13));
      } else if (call.query.get('continue') === 'next') list(call, '10', [configMap('b', 2)]);
      else list(call, '10', [configMap('a', 1)], 'next');
    });
    const informer = startInformer(server.client, ConfigMaps);
    const told = record(informer);
    await until(() => told.length === 5);
    expect(told).toEqual(['+a@1', '+b@2', 'a@1>a@11', '-b@12', '+c@13']);
    expect(server.calls.find(isWatch)?.query.get('resourceVersion')).toBe('10');
    expect(informer.hasSynced()).toBe(true);
    expect(informer.lastResourceVersion).toBe('13');
    expect(informer.list('a').map((each) => each.metadata?.name)).toEqual(['a', 'c']);
    await informer.stop();
  });

  it('resumes after a disconnect in the middle of a line, from the last version, telling nothing twice', async () => {
    const server = await scriptedServer((call) => {
      if (!isWatch(call)) return list(call, '1', [configMap('a', 1)]);
      const watches = server.calls.filter(isWatch).length;
      if (watches === 1) {
        call.event('MODIFIED', configMap('a', 2));
        call.response.write('{"type":"MODIFIED","object":{"metadata":{"na');
        setTimeout(() => call.response.destroy(), 5);
      } else if (watches === 2) {
        call.event('MODIFIED', configMap('a', 2));
        call.event('MODIFIED', configMap('a', 3));
      }
    });
    const informer = startInformer(server.client, ConfigMaps, fast);
    const told = record(informer);
    await until(() => told.includes('a@2>a@3'));
    expect(told).toEqual(['+a@1', 'a@1>a@2', 'a@2>a@3']);
    expect(server.calls.filter(isWatch).map((call) => call.query.get('resourceVersion'))).toEqual(['1', '2']);
    await informer.stop();
  });

  it('resumes from a bookmark', async () => {
    const server = await scriptedServer((call) => {
      if (!isWatch(call)) return list(call, '1', []);
      if (server.calls.filter(isWatch).length > 1) return;
      call.event('BOOKMARK', { metadata: { resourceVersion: '900' } });
      call.response.end();
    });
    const informer = startInformer(server.client, ConfigMaps, fast);
    await until(() => server.calls.filter(isWatch).length === 2);
    expect(server.calls.filter(isWatch)[1]?.query.get('resourceVersion')).toBe('900');
    await informer.stop();
  });

  it.each(['as an answer', 'as an event'])(
    'lists again after a 410 %s and tells the difference',
    async (how) => {
      const server = await scriptedServer((call) => {
        const watches = server.calls.filter(isWatch).length;
        if (!isWatch(call)) {
          if (watches === 0)
            return list(call, '5', [configMap('same', 1), configMap('changed', 2), configMap('gone', 3)]);
          return list(call, '50', [configMap('same', 1), configMap('changed', 40), configMap('new', 41)]);
        }
        if (watches > 1) return void call.response.flushHeaders();
        if (how === 'as an answer') return call.fail(410, 'Expired', 'too old resource version');
        call.event('ERROR', {
          kind: 'Status',
          code: 410,
          reason: 'Expired',
          message: 'too old resource version',
        });
        call.response.end();
      });
      const informer = startInformer(server.client, ConfigMaps, fast);
      const told = record(informer);
      await until(() => told.length === 6);
      expect(told.slice(0, 3).sort()).toEqual(['+changed@2', '+gone@3', '+same@1']);
      expect(told.slice(3)).toEqual(['changed@2>changed@40', '+new@41', '-gone@3']);
      await until(() => server.calls.filter(isWatch).length === 2);
      expect(server.calls.filter(isWatch)[1]?.query.get('resourceVersion')).toBe('50');
      await informer.stop();
    },
  );

  it('lists at once when a page has expired', async () => {
    const server = await scriptedServer((call) => {
      if (isWatch(call)) return;
      if (call.query.get('continue')) return call.fail(410, 'Expired', 'the continue token is too old');
      if (call.query.get('limit')) return list(call, '1', [configMap('a', 1)], 'next');
      list(call, '2', [configMap('a', 1), configMap('b', 2)]);
    });
    const informer = startInformer(server.client, ConfigMaps, fast);
    await informer.synced();
    expect(informer.list()).toHaveLength(2);
    await informer.stop();
  });

  it('tells of an object that was replaced under its name as deleted and added', async () => {
    const first = configMap('a', 9);
    const replaced = { ...first, metadata: { ...first.metadata, uid: 'another' } };
    const server = await scriptedServer((call) => {
      if (!isWatch(call)) return list(call, '1', [configMap('a', 1)]);
      call.event('MODIFIED', replaced);
    });
    const informer = startInformer(server.client, ConfigMaps);
    const told = record(informer);
    await until(() => told.length === 3);
    expect(told).toEqual(['+a@1', '-a@1', '+a@9']);
    await informer.stop();
  });

  it('survives handlers that throw, and answers of any kind, and says why it is not in sync', async () => {
    let broken = true;
    const server = await scriptedServer((call) => {
      if (broken) return call.fail(403, 'Forbidden', 'configmaps is forbidden');
      if (isWatch(call)) return void call.event('ADDED', configMap('b', 2));
      list(call, '1', [configMap('a', 1)]);
    });
    const informers = new Informers(server.client);
    const informer = informers.informer(ConfigMaps);
    informer.subscribe({
      added() {
        throw new Error('boom');
      },
    });
    const told = record(informer);
    await until(() => informers.failures().length === 1);
    expect(informers.failures()[0]).toMatchObject({ type: ConfigMaps, forbidden: true });
    expect(informers.hasSynced()).toBe(false);
    broken = false;
    await informers.synced();
    await until(() => told.length === 2);
    expect(informers.failures()).toEqual([]);
    await informers.stop();
  });

  it('tells a late subscriber what there is, and no more once it has left', async () => {
    let open: Call | undefined;
    const server = await scriptedServer((call) => {
      if (!isWatch(call)) return list(call, '1', [configMap('a', 1)]);
      open = call;
      call.response.flushHeaders();
    });
    const informer = startInformer(server.client, ConfigMaps);
    await informer.synced();
    const told: string[] = [];
    const leave = informer.subscribe({ added: ({ metadata }) => told.push(metadata!.name!) });
    expect(told).toEqual(['a']);
    leave();
    await until(() => open !== undefined);
    open!.event('ADDED', configMap('b', 2));
    await until(() => informer.list().length === 2);
    expect(told).toEqual(['a']);
    await informer.stop();
  });

  it('caches no managedFields, and answers from indexes', async () => {
    const owned = configMap('x', 1, { colour: 'red' });
    owned.metadata!.managedFields = [{ manager: 'm' }];
    owned.metadata!.ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'owner-1' }];
    const server = await scriptedServer((call) => {
      if (!isWatch(call)) return list(call, '1', [owned, configMap('y', 1)]);
      const next = configMap('x', 2, { colour: 'blue' });
      next.metadata!.managedFields = [{ manager: 'm' }];
      call.event('MODIFIED', next);
    });
    const informer = startInformer(server.client, ConfigMaps);
    informer.addIndex('colour', ({ data }) => (data?.colour ? [data.colour] : []));
    await informer.synced();
    expect(informer.ownedBy('owner-1')).toHaveLength(1);
    expect(informer.by('colour', 'red')).toHaveLength(1);
    await until(() => informer.by('colour', 'blue').length === 1);
    expect(informer.by('colour', 'red')).toEqual([]);
    expect(informer.ownedBy('owner-1')).toEqual([]);
    expect(informer.get('a', 'x')?.metadata).not.toHaveProperty('managedFields');
    expect(() => informer.by('nonsense', 'x')).toThrow('no index "nonsense"');
    await informer.stop();
  });

  it('OPS-030 tells every object again within the resync period', async () => {
    const server = await scriptedServer((call) => {
      if (!isWatch(call)) list(call, '1', [configMap('a', 1), configMap('b', 1), configMap('c', 1)]);
      else call.response.flushHeaders();
    });
    const informer = startInformer(server.client, ConfigMaps, { resyncMs: 60 });
    const told = record(informer);
    await until(() => ['a', 'b', 'c'].every((name) => told.includes(`${name}@1>${name}@1`)));
    await informer.stop();
  });

  it('stops at once, also while the server is slow', async () => {
    const server = await scriptedServer(() => undefined);
    const informers = new Informers(server.client);
    informers.informer(ConfigMaps);
    informers.informer(Pods, { labelSelector: 'app' });
    await until(() => server.calls.length === 2);
    await informers.stop();
    await informers.synced();
    expect(() => informers.informer(ConfigMaps, { namespace: 'b' })).toThrow('stopped');
  });
});

describe('informers', () => {
  it('are shared by type and filter', async () => {
    const server = await scriptedServer((call) =>
      isWatch(call) ? undefined : list(call, '1', [configMap('a', 1)]),
    );
    const informers = new Informers(server.client);
    const one = informers.informer(ConfigMaps);
    expect(informers.informer(ConfigMaps, {})).toBe(one);
    expect(informers.informer(ConfigMaps, { namespace: 'a' })).not.toBe(one);
    await informers.synced();
    expect(informers.reader.get(ConfigMaps, 'a', 'a')).toBe(one.get('a', 'a'));
    await informers.stop();
    expect(server.calls.filter((call) => !isWatch(call))).toHaveLength(2);
  });
});

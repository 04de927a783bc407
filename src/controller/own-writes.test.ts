import { describe, expect, it } from 'vitest';
import { ConfigMaps } from '../api/index.ts';
import { ModelStore } from '../simulation/index.ts';
import { OwnWrites } from './own-writes.ts';

const ref = { type: ConfigMaps, namespace: 'ns', name: 'a' };
const configMap = (data: Record<string, string>) => ({ metadata: { namespace: 'ns', name: 'a' }, data });

describe('OwnWrites', () => {
  it('CAN-129 waits until the cache shows the version that was written, or a later one', () => {
    const store = new ModelStore(() => 0);
    const cache = new ModelStore(() => 0);
    const writes = new OwnWrites();
    store.put(ConfigMaps, configMap({ x: '1' }));
    const written = store.change(ref, { data: { x: '2' } });
    writes.remember('key', ref, written, 0);
    expect(writes.behind('key', cache, 0)).toBe(true);
    cache.put(ConfigMaps, configMap({ x: '1' }));
    expect(writes.behind('key', cache, 0)).toBe(true);
    expect(writes.behind('other', cache, 0)).toBe(false);
    cache.change(ref, { data: { x: '2' } });
    cache.change(ref, { data: { x: '3' } });
    expect(writes.behind('key', cache, 0)).toBe(false);
    expect(writes.awaits('key')).toBe(false);
  });

  it('waits until the cache no longer shows the object that was deleted', async () => {
    const store = new ModelStore(() => 0);
    const first = store.put(ConfigMaps, configMap({}));
    const writes = new OwnWrites();
    writes.remember('key', ref, undefined, 0, first.metadata?.uid);
    expect(writes.behind('key', store, 0)).toBe(true);
    await store.delete(ref);
    store.put(ConfigMaps, configMap({}));
    expect(writes.behind('key', store, 0)).toBe(false);
  });

  it('does not wait for ever', () => {
    const store = new ModelStore(() => 0);
    const writes = new OwnWrites();
    writes.remember('key', ref, store.put(ConfigMaps, configMap({})), 0);
    const empty = new ModelStore(() => 0);
    expect(writes.behind('key', empty, 10_000)).toBe(true);
    expect(writes.behind('key', empty, 10_001)).toBe(false);
  });
});

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { ConfigMap } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { AnalysisRuns, ConfigMaps, controllerReference, ReplicaSets, Rollouts } from '../api/index.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/index.ts';
import { ModelStore } from './store.ts';

const newStore = () => new ModelStore(() => Date.parse('2026-01-01T00:00:00Z'));
const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { namespace: 'ns', name },
  data,
});
const ref = (name: string) => ({ type: ConfigMaps, namespace: 'ns', name });

describe('ModelStore', () => {
  it('gives uid, creationTimestamp, generation and a growing resourceVersion', async () => {
    const store = newStore();
    const a = await store.create(ConfigMaps, configMap('a'));
    const b = await store.create(ConfigMaps, configMap('b'));
    expect(a.metadata).toMatchObject({ creationTimestamp: '2026-01-01T00:00:00Z', generation: 1 });
    expect(b.metadata?.uid).not.toBe(a.metadata?.uid);
    expect(Number(b.metadata?.resourceVersion)).toBeGreaterThan(Number(a.metadata?.resourceVersion));
  });

  it('refuses a second object of the name, a change of none, and a stale precondition', async () => {
    const store = newStore();
    await store.create(ConfigMaps, configMap('a'));
    await expect(store.create(ConfigMaps, configMap('a'))).rejects.toSatisfy(isAlreadyExists);
    await expect(store.patch(ref('b'), 'merge', {})).rejects.toSatisfy(isNotFound);
    await expect(
      store.patch(ref('a'), 'merge', { metadata: { resourceVersion: '0' }, data: { x: '1' } }),
    ).rejects.toSatisfy(isConflict);
    await expect(store.delete(ref('a'), { uid: 'other' })).rejects.toSatisfy(isConflict);
    await expect(store.delete(ref('b'), { uid: 'other' })).resolves.toBeUndefined();
  });

  it('keeps the resourceVersion when a write changes nothing', async () => {
    const store = newStore();
    const a = await store.create(ConfigMaps, configMap('a', { x: '1' }));
    const same = await store.patch(ref('a'), 'merge', { data: { x: '1' } });
    expect(same.metadata?.resourceVersion).toBe(a.metadata?.resourceVersion);
  });

  it('separates spec and status where there is a status subresource, and raises the generation for the spec only', async () => {
    const store = newStore();
    const type = ReplicaSets;
    const name = { type, namespace: 'ns', name: 'rs' };
    await store.create(type, {
      metadata: { namespace: 'ns', name: 'rs' },
      spec: { replicas: 1, selector: {} },
    } as ReplicaSet);
    await store.patch(name, 'merge', { spec: { replicas: 2 }, status: { replicas: 9 } });
    expect(store.get(type, 'ns', 'rs')).toMatchObject({ spec: { replicas: 2 }, metadata: { generation: 2 } });
    expect(store.get(type, 'ns', 'rs')?.status).toBeUndefined();
    await store.patch(
      name,
      'merge',
      { spec: { replicas: 7 }, status: { replicas: 2 } },
      { subresource: 'status' },
    );
    expect(store.get(type, 'ns', 'rs')).toMatchObject({
      spec: { replicas: 2 },
      status: { replicas: 2 },
      metadata: { generation: 2 },
    });
  });

  it('OPS-078 writes the status of an AnalysisRun with the object', async () => {
    const store = newStore();
    await store.create(AnalysisRuns, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { namespace: 'ns', name: 'run' },
      spec: { metrics: [] },
    });
    await store.patch({ type: AnalysisRuns, namespace: 'ns', name: 'run' }, 'merge', {
      status: { phase: 'Running' },
    });
    expect(store.get(AnalysisRuns, 'ns', 'run')?.status?.phase).toBe('Running');
  });

  it('deletes what an owner leaves behind, or orphans it', async () => {
    const store = newStore();
    const rollout = await store.create(Rollouts, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { namespace: 'ns', name: 'r' },
      spec: {},
    });
    const owned = (name: string) => ({
      metadata: { namespace: 'ns', name, ownerReferences: [controllerReference(Rollouts, rollout)] },
    });
    await store.create(ConfigMaps, owned('a'));
    store.collectGarbage();
    expect(store.get(ConfigMaps, 'ns', 'a')).toBeDefined();
    await store.delete({ type: Rollouts, namespace: 'ns', name: 'r' }, { propagationPolicy: 'Orphan' });
    store.collectGarbage();
    expect(store.get(ConfigMaps, 'ns', 'a')?.metadata?.ownerReferences).toEqual([]);
    await store.create(ConfigMaps, owned('b'));
    store.collectGarbage();
    expect(store.get(ConfigMaps, 'ns', 'b')).toBeUndefined();
  });

  it('fails whoever changes an object that it has read', async () => {
    const store = newStore();
    await store.create(ConfigMaps, configMap('a', { x: '1' }));
    const read = store.get(ConfigMaps, 'ns', 'a');
    expect(() => {
      if (read?.data) read.data.x = '2';
    }).toThrow(TypeError);
  });
});

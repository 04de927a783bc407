import type { ConfigMap } from 'kubernetes-types/core/v1.d.ts';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import {
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  ConfigMaps,
  Ingresses,
  Pods,
  ReplicaSets,
  type ResourceType,
  Rollouts,
  Services,
} from '../api/index.ts';
import { ApiError, Informers, type KubeClient } from '../kube/index.ts';
import { ModelStore } from '../simulation/index.ts';
import { filterOf, InformerCache } from './cache.ts';
import { cachesSynced, unsyncedCaches } from './caches-synced.ts';
import type { Index } from './indexes.ts';
import { modelClient } from './testing.ts';

const label = 'argo-rollouts.argoproj.io/controller-instance-id';

describe('filterOf', () => {
  it.each([
    ['OPS-016 objects without the instance label', Rollouts, {}, { labelSelector: `!${label}` }],
    ['OPS-016 objects of the instance', Rollouts, { instanceId: 'a' }, { labelSelector: `${label}=a` }],
    ['OPS-018 templates too', AnalysisTemplates, { instanceId: 'a' }, { labelSelector: `${label}=a` }],
    ['OPS-029 ReplicaSets of Rollouts', ReplicaSets, {}, { labelSelector: 'rollouts-pod-template-hash' }],
    ['pods of Rollouts', Pods, {}, { labelSelector: 'rollouts-pod-template-hash' }],
    ['all Services', Services, { instanceId: 'a' }, {}],
    ['OPS-013 those of one namespace', Ingresses, { namespace: 'ns' }, { namespace: 'ns' }],
    ['all ReplicaSets where another part watches them anyway', ReplicaSets, { shared: true }, {}],
  ])('%s', (_, type, scope, filter) => {
    expect(filterOf(type as ResourceType, { shared: false, ...scope })).toEqual(filter);
  });
});

describe('InformerCache', () => {
  it('OPS-013 reads nothing of the cluster when it is limited to a namespace', () => {
    const informers = new Informers({
      list: async () => {
        throw new Error('not to be asked');
      },
      watch: () => {
        throw new Error('not to be asked');
      },
    });
    const cache = new InformerCache(informers, { namespace: 'ns', shared: false });
    expect(cache.covers(ClusterAnalysisTemplates)).toBe(false);
    expect(cache.get(ClusterAnalysisTemplates, undefined, 'x')).toBeUndefined();
    expect(cache.list(ClusterAnalysisTemplates)).toEqual([]);
  });

  it('answers from indexes that it adds when they are first needed', async () => {
    const store = new ModelStore(() => 0);
    store.put(ConfigMaps, { metadata: { namespace: 'ns', name: 'a' }, data: { colour: 'red' } });
    const informers = new Informers(modelClient(store));
    const cache = new InformerCache(informers, { shared: false });
    await cache.informer(ConfigMaps).synced();
    const byColour: Index<ConfigMap> = {
      type: ConfigMaps,
      name: 'colour',
      keys: ({ data }) => [data?.colour ?? ''],
    };
    expect(cache.by(byColour, 'red').map(({ metadata }) => metadata?.name)).toEqual(['a']);
    expect(cache.by(byColour, 'blue')).toEqual([]);
    await informers.stop();
  });
});

describe('cachesSynced', () => {
  it('OPS-008 gives up when a permission is missing for two minutes, and says which', async () => {
    vi.useFakeTimers();
    try {
      const store = new ModelStore(() => 0);
      const client: KubeClient = {
        ...modelClient(store),
        list: async (type, filter) => {
          if (type.plural === 'services') throw new ApiError(403, 'Forbidden', 'services is forbidden');
          return modelClient(store).list(type, filter);
        },
      };
      const informers = new Informers(client);
      const cache = new InformerCache(informers, { shared: false });
      const types: ResourceType[] = [Rollouts, Services];
      const synced = cachesSynced(cache, types, pino({ level: 'silent' }));
      const outcome = expect(synced).rejects.toThrow('the controller lacks permissions: list,watch services');
      await vi.advanceTimersByTimeAsync(60_000);
      expect(unsyncedCaches(cache, types)).toEqual([
        { resource: 'services', error: 'list: services is forbidden' },
      ]);
      await vi.advanceTimersByTimeAsync(60_001);
      await outcome;
      await informers.stop();
    } finally {
      vi.useRealTimers();
    }
  });
});

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import { describe, expect, it } from 'vitest';
import {
  type AnalysisRun,
  AnalysisRuns,
  type AnalysisTemplate,
  AnalysisTemplates,
  API_VERSION,
  type CanaryStrategy,
  ClusterAnalysisTemplates,
  controllerReference,
  Ingresses,
  type KubeObject,
  MANAGED_BY_ANNOTATION,
  Pods,
  ReplicaSets,
  type ResourceType,
  type Rollout,
  Rollouts,
  Services,
} from '../../api/index.ts';
import { ModelStore } from '../../simulation/index.ts';
import { observeRollout } from './observe.ts';
import { rolloutWatches } from './watches.ts';

const rollout = (name: string, canary: CanaryStrategy = {}): Rollout => ({
  apiVersion: API_VERSION,
  kind: 'Rollout',
  metadata: { namespace: 'ns', name },
  spec: { selector: { matchLabels: { app: name } }, strategy: { canary } },
});

const canary: CanaryStrategy = {
  stableService: 'stable',
  canaryService: 'canary',
  trafficRouting: { nginx: { stableIngress: 'web' } },
  analysis: { templates: [{ templateName: 'outer' }] },
  steps: [{ analysis: { templates: [{ templateName: 'shared', clusterScope: true }] } }],
};

const metadata = (name: string, more: KubeObject['metadata'] = {}) => ({ namespace: 'ns', name, ...more });
const ownedBy = (owner: KubeObject, type: ResourceType) => ({
  ownerReferences: [controllerReference(type, owner)],
});

function setUp() {
  const store = new ModelStore(() => 0);
  const a = store.put(Rollouts, rollout('a', canary));
  store.put(Rollouts, rollout('b'));
  const replicaSet: ReplicaSet = store.put(ReplicaSets, { metadata: metadata('a-1', ownedBy(a, Rollouts)) });
  const pod: Pod = store.put(Pods, { metadata: metadata('a-1-x', ownedBy(replicaSet, ReplicaSets)) });
  const awaiting = new Set<string>();
  const watches = rolloutWatches(store, (key) => awaiting.has(key));
  const keys = <T extends KubeObject>(type: ResourceType<T>, before: T | undefined, after: T | undefined) => {
    const found = watches
      .filter((each) => each.type === type)
      .flatMap((each) => [...each.keys(before, after)]);
    return [...new Set(found)];
  };
  return { store, a, replicaSet, pod, awaiting, keys };
}

describe('rolloutWatches', () => {
  it('knows the Rollout of a ReplicaSet, also when it is released, and of an orphan that it may adopt', () => {
    const { a, replicaSet, keys } = setUp();
    expect(keys(ReplicaSets, undefined, replicaSet)).toEqual(['ns/a']);
    expect(keys(ReplicaSets, replicaSet, { metadata: metadata('a-1', { labels: { app: 'b' } }) })).toEqual([
      'ns/a',
      'ns/b',
    ]);
    expect(keys(ReplicaSets, undefined, { metadata: metadata('x', ownedBy(a, AnalysisRuns)) })).toEqual([]);
  });

  it('looks up from a pod to its Rollout, but not for what its ReplicaSet reports', () => {
    const { pod, keys } = setUp();
    expect(keys(Pods, undefined, pod)).toEqual(['ns/a']);
    expect(keys(Pods, pod, { ...pod, status: { phase: 'Running' } })).toEqual([]);
    const going = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(keys(Pods, pod, going)).toEqual(['ns/a']);
  });

  it('OPS-038 a run concerns its Rollout when its phase changes, or when its own write is awaited', () => {
    const { a, awaiting, keys } = setUp();
    const run = (phase: 'Running' | 'Failed', message = ''): AnalysisRun => ({
      apiVersion: API_VERSION,
      kind: 'AnalysisRun',
      metadata: metadata('run', ownedBy(a, Rollouts)),
      spec: { metrics: [] },
      status: { phase, message },
    });
    expect(keys(AnalysisRuns, undefined, run('Running'))).toEqual(['ns/a']);
    expect(keys(AnalysisRuns, run('Running'), run('Running', 'x'))).toEqual([]);
    expect(keys(AnalysisRuns, run('Running'), run('Failed'))).toEqual(['ns/a']);
    awaiting.add('ns/a');
    expect(keys(AnalysisRuns, run('Running'), run('Running', 'x'))).toEqual(['ns/a']);
  });

  it('knows who names a Service or an Ingress, and who manages it', () => {
    const { a, keys } = setUp();
    const service = (name: string, manager?: string): Service => ({
      metadata: metadata(name, manager ? { annotations: { [MANAGED_BY_ANNOTATION]: manager } } : {}),
    });
    expect(keys(Services, undefined, service('stable'))).toEqual(['ns/a']);
    expect(keys(Services, service('other', 'b'), service('other'))).toEqual(['ns/b']);
    expect(keys(Services, undefined, service('other'))).toEqual([]);
    expect(keys(Ingresses, undefined, { metadata: metadata('web') })).toEqual(['ns/a']);
    const own: Ingress = { metadata: metadata('a-web-canary', ownedBy(a, Rollouts)) };
    expect(keys(Ingresses, own, undefined)).toEqual(['ns/a']);
  });

  it('knows who uses a template, also through another one', () => {
    const { store, keys } = setUp();
    const template = (name: string, ...nested: string[]): AnalysisTemplate => ({
      apiVersion: API_VERSION,
      kind: 'AnalysisTemplate',
      metadata: metadata(name),
      spec: { templates: nested.map((templateName) => ({ templateName })) },
    });
    store.put(AnalysisTemplates, template('outer', 'inner'));
    // A cycle must not be followed for ever (ANA-024).
    const inner = store.put(AnalysisTemplates, template('inner', 'outer'));
    expect(keys(AnalysisTemplates, undefined, inner)).toEqual(['ns/a']);
    expect(keys(AnalysisTemplates, undefined, template('other'))).toEqual([]);
    const shared: AnalysisTemplate = {
      ...template('shared'),
      kind: 'ClusterAnalysisTemplate',
      metadata: { name: 'shared' },
    };
    expect(keys(ClusterAnalysisTemplates, undefined, shared)).toEqual(['ns/a']);
  });
});

describe('observeRollout', () => {
  it('collects what belongs to the Rollout, what it names and what has its name', () => {
    const { store, replicaSet, pod } = setUp();
    const adoptable = store.put(ReplicaSets, { metadata: metadata('x', { labels: { app: 'a' } }) });
    const collision = store.put(ReplicaSets, { metadata: metadata('a-2') });
    store.put(ReplicaSets, { metadata: metadata('b-1') });
    const stable = store.put(Services, { metadata: metadata('stable') });
    const former = store.put(Services, {
      metadata: metadata('former', { annotations: { [MANAGED_BY_ANNOTATION]: 'a' } }),
    });
    store.put(Services, { metadata: metadata('other') });
    const template = store.put(AnalysisTemplates, {
      apiVersion: API_VERSION,
      kind: 'AnalysisTemplate',
      metadata: metadata('outer'),
      spec: {},
    });
    const view = observeRollout(store, 'ns', 'a', {});
    expect(view?.replicaSets).toEqual([replicaSet, collision, adoptable]);
    expect(view?.pods).toEqual([pod]);
    expect([...(view?.services.values() ?? [])]).toEqual([stable, former]);
    expect(view?.analysisTemplates.get('outer')).toBe(template);
    expect([...(view?.analysisTemplates ?? [])]).toEqual([['outer', template]]);
    expect(view?.clusterAnalysisTemplates.size).toBe(0);
    expect(observeRollout(store, 'ns', 'none', {})).toBeUndefined();
  });
});

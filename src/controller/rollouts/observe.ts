import type { Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import {
  AnalysisRuns,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  Experiments,
  Ingresses,
  type KubeObject,
  matchesSelector,
  Pods,
  ReplicaSets,
  type Rollout,
  Rollouts,
  Services,
} from '../../api/index.ts';
import { keyOf, objectKey, type Reader } from '../../kube/index.ts';
import type { RolloutSettings, RolloutView } from '../../rollouts/index.ts';
import { ObjectsByName } from '../by-name.ts';
import { find, type IndexedReader } from '../indexes.ts';
import {
  analysisRunsByName,
  experimentsByName,
  ingressNames,
  orphanedReplicaSets,
  replicaSetsByName,
  serviceNames,
  servicesByManager,
} from './indexes.ts';

/** Everything that the decision about a Rollout depends on, from caches alone; undefined when there is no such Rollout. */
export function observeRollout(
  reader: Reader & Partial<IndexedReader>,
  namespace: string,
  name: string,
  settings: RolloutSettings,
): RolloutView | undefined {
  const rollout = reader.get(Rollouts, namespace, name);
  if (!rollout) return undefined;
  const uid = rollout.metadata.uid ?? '';
  const key = objectKey(namespace, name);
  const replicaSets = distinct([
    ...reader.ownedBy(ReplicaSets, uid),
    ...find(reader, replicaSetsByName, key),
    ...find(reader, orphanedReplicaSets, namespace).filter((replicaSet) =>
      matchesSelector(rollout.spec.selector, replicaSet.metadata?.labels),
    ),
  ]);
  return {
    rollout,
    replicaSets,
    pods: replicaSets.flatMap((replicaSet) => reader.ownedBy(Pods, replicaSet.metadata?.uid ?? '')),
    analysisRuns: distinct([...reader.ownedBy(AnalysisRuns, uid), ...find(reader, analysisRunsByName, key)]),
    experiments: distinct([...reader.ownedBy(Experiments, uid), ...find(reader, experimentsByName, key)]),
    services: servicesOf(reader, rollout),
    ingresses: ingressesOf(reader, rollout),
    analysisTemplates: new ObjectsByName(reader, AnalysisTemplates, namespace),
    clusterAnalysisTemplates: new ObjectsByName(reader, ClusterAnalysisTemplates, undefined),
    settings,
  };
}

function servicesOf(reader: Reader & Partial<IndexedReader>, rollout: Rollout): Map<string, Service> {
  const { namespace } = rollout.metadata;
  return byName([
    ...named(serviceNames(rollout), (service) => reader.get(Services, namespace, service)),
    ...find(reader, servicesByManager, keyOf(rollout)),
  ]);
}

function ingressesOf(reader: Reader, rollout: Rollout): Map<string, Ingress> {
  const { namespace, uid = '' } = rollout.metadata;
  return byName([
    ...named(ingressNames(rollout), (ingress) => reader.get(Ingresses, namespace, ingress)),
    ...reader.ownedBy(Ingresses, uid),
  ]);
}

function named<T>(names: readonly string[], get: (name: string) => T | undefined): T[] {
  return names.map(get).filter((object) => object !== undefined);
}

function byName<T extends KubeObject>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [object.metadata?.name ?? '', object]));
}

function distinct<T extends KubeObject>(objects: readonly T[]): T[] {
  return [...new Map(objects.map((object) => [object.metadata?.uid, object])).values()];
}

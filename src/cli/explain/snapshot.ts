import {
  AnalysisRuns,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  Experiments,
  Ingresses,
  type KubeObject,
  Pods,
  ReplicaSets,
  type ResourceType,
  Rollouts,
  Services,
} from '../../api/index.ts';
import { ApiError, type KubeClient, type Reader } from '../../kube/index.ts';
import { messageOf } from '../errors.ts';
import { readOne } from '../objects/read.ts';

const namespacedTypes = [
  ReplicaSets,
  Pods,
  AnalysisRuns,
  Experiments,
  Services,
  Ingresses,
  AnalysisTemplates,
] as const;

/** What the controller would have in its caches for a rollout, read once. */
export interface Snapshot {
  reader: Reader;
  /** What could not be read. */
  unreadable: { type: ResourceType; why: string }[];
}

/** @throws CliError when there is no such rollout */
export async function readSnapshot(client: KubeClient, namespace: string, name: string): Promise<Snapshot> {
  const rollout = await readOne(client, Rollouts, namespace, name);
  const lists = new Map<ResourceType, readonly KubeObject[]>([[Rollouts, [rollout]]]);
  const unreadable: Snapshot['unreadable'] = [];
  const read = async (type: ResourceType, within: string | undefined) => {
    try {
      lists.set(type, (await client.list(type, within ? { namespace: within } : {})).items);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      unreadable.push({ type, why: messageOf(error) });
    }
  };
  await Promise.all([
    ...namespacedTypes.map((type) => read(type as ResourceType, namespace)),
    read(ClusterAnalysisTemplates as ResourceType, undefined),
  ]);
  return { reader: readerOf(lists), unreadable };
}

function readerOf(lists: ReadonlyMap<ResourceType, readonly KubeObject[]>): Reader {
  const all = <T extends KubeObject>(type: ResourceType<T>) =>
    (lists.get(type as ResourceType) ?? []) as readonly T[];
  return {
    get: (type, namespace, name) =>
      all(type).find(
        ({ metadata }) => metadata?.name === name && (!type.namespaced || metadata?.namespace === namespace),
      ),
    list: (type, namespace) =>
      all(type).filter(({ metadata }) => namespace === undefined || metadata?.namespace === namespace),
    ownedBy: (type, uid) =>
      all(type).filter(({ metadata }) => metadata?.ownerReferences?.some((owner) => owner.uid === uid)),
  };
}

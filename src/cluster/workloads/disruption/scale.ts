import type { Scale } from 'kubernetes-types/autoscaling/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import {
  apiVersionOf,
  controllerOf,
  Deployments,
  type KubeObject,
  ReplicaSets,
  type ResourceType,
  StatefulSets,
} from '../../../api/index.ts';
import { isNotFound, type KubeClient, objectPath, type Reader } from '../../../kube/index.ts';
import type { Discovery } from '../discovery/discovery.ts';
import type { ExpectedScale } from './decide.ts';

/** A controller of pods that says how many it wants. */
export type Sizeable = KubeObject & { spec?: { replicas?: number } };

/** The kinds whose sizes are in the caches; others are asked. */
export const sizeableTypes: readonly ResourceType<Sizeable>[] = [ReplicaSets, Deployments, StatefulSets];

/**
 * How many pods the controllers of these pods want together. Pods that nothing controls do not count; a ReplicaSet
 * speaks through its Deployment; any other kind is asked through its scale subresource.
 */
export async function expectedScale(
  pods: readonly Pod[],
  reader: Reader,
  client: KubeClient,
  discovery: Discovery,
): Promise<ExpectedScale> {
  const sizes = new Map<string, number>();
  const asked = new Set<string>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (!owner || asked.has(owner.uid)) continue;
    asked.add(owner.uid);
    const namespace = pod.metadata?.namespace;
    const found = known(owner, namespace, reader) ?? (await served(owner, namespace, client, discovery));
    if (!found) {
      return {
        kind: 'unknown',
        message: `found no controllers for pod ${JSON.stringify(pod.metadata?.name)}`,
      };
    }
    sizes.set(found.uid, found.replicas);
  }
  const replicas = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { kind: 'known', replicas, isPartial: pods.some((pod) => !controllerOf(pod)) };
}

interface Sized {
  uid: string;
  replicas: number;
}

function known(owner: OwnerReference, namespace: string | undefined, reader: Reader): Sized | undefined {
  for (const type of sizeableTypes) {
    if (type.kind !== owner.kind || apiVersionOf(type) !== owner.apiVersion) continue;
    const object = reader.get(type, namespace, owner.name);
    if (object?.metadata?.uid !== owner.uid) return undefined;
    const above = type === ReplicaSets ? controllerOf(object) : undefined;
    const deployment = above?.kind === Deployments.kind ? known(above, namespace, reader) : undefined;
    return deployment ?? { uid: owner.uid, replicas: object.spec?.replicas ?? 1 };
  }
  return undefined;
}

async function served(
  owner: OwnerReference,
  namespace: string | undefined,
  client: KubeClient,
  discovery: Discovery,
): Promise<Sized | undefined> {
  const types = await discovery.types();
  const type = types.find((each) => each.kind === owner.kind && apiVersionOf(each) === owner.apiVersion);
  if (!type) return undefined;
  try {
    const path = `${objectPath({ type, namespace, name: owner.name })}/scale`;
    const scale = (await (await client.request('GET', path)).json()) as Scale;
    return scale.metadata?.uid === owner.uid
      ? { uid: owner.uid, replicas: scale.spec?.replicas ?? 0 }
      : undefined;
  } catch (error) {
    // The owner is gone, or its kind has no scale.
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

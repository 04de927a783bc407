import type { StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import {
  controllerReference,
  type Effect,
  equal,
  PersistentVolumeClaims,
  Pods,
  StatefulSets,
} from '../../../api/index.ts';
import { podName } from './identity.ts';

/** The claims of a StatefulSet's pods: one per template and pod; whose they are says what becomes of them. */

/** The claims of a pod, as they are made. */
export function buildClaims(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  const namespace = set.metadata?.namespace;
  return (set.spec?.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: `${metadata?.name}-${podName(set, ordinal)}`,
      ...(namespace && { namespace }),
      labels: { ...metadata?.labels, ...set.spec?.selector.matchLabels },
      ...(metadata?.annotations && { annotations: metadata.annotations }),
    },
    ...(spec && { spec }),
  }));
}

/**
 * Gives claims the owners with whom they go: the set where it deletes them with itself, the pod where it deletes them
 * when it is scaled down. A claim without such an owner outlives both.
 * @param surplus whether the pod is one that a smaller size leaves out
 */
export function ownClaims(
  set: StatefulSet,
  ordinal: number,
  pod: Pod,
  surplus: boolean,
  claimOf: (name: string) => PersistentVolumeClaim | undefined,
): Effect[] {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  const owners: OwnerReference[] = [];
  if (whenScaled === 'Delete' && surplus) owners.push(controllerReference(Pods, pod));
  else if (whenDeleted === 'Delete') owners.push(controllerReference(StatefulSets, set));
  const ours = [set.metadata?.uid, pod.metadata?.uid];
  return buildClaims(set, ordinal).flatMap(({ metadata }): Effect[] => {
    const claim = claimOf(metadata?.name ?? '');
    if (!claim || claim.metadata?.deletionTimestamp) return [];
    const before = claim.metadata?.ownerReferences ?? [];
    const ownerReferences = [...before.filter(({ uid }) => !ours.includes(uid)), ...owners];
    if (equal(before, ownerReferences)) return [];
    const { namespace, name = '', uid, resourceVersion } = claim.metadata ?? {};
    return [
      {
        kind: 'patch',
        what: `change the owners of claim ${name}`,
        ref: { type: PersistentVolumeClaims, namespace, name },
        patch: { metadata: { uid, ownerReferences } },
        resourceVersion,
      },
    ];
  });
}

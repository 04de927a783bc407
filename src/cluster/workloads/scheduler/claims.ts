import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';
import { claimsOf } from '../common/claims.ts';
import { matchesTerms } from '../common/nodes.ts';

/** What the claims of a pod have to say on where it runs. */

export interface Storage {
  claim(namespace: string | undefined, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  storageClass(name: string): StorageClass | undefined;
}

export interface ClaimsOfPod {
  /** Why the pod can run nowhere (yet). */
  obstacle?: string;
  /** They get their volumes when a node is chosen. */
  waiting: PersistentVolumeClaim[];
  /** Those that they have. */
  volumes: PersistentVolume[];
}

export function claimsOfPod(pod: Pod, storage: Storage): ClaimsOfPod {
  const result: ClaimsOfPod = { waiting: [], volumes: [] };
  for (const name of claimsOf(pod)) {
    const claim = storage.claim(pod.metadata?.namespace, name);
    const quoted = JSON.stringify(name);
    if (!claim) return { ...result, obstacle: `persistentvolumeclaim ${quoted} not found` };
    if (claim.metadata?.deletionTimestamp) {
      return { ...result, obstacle: `persistentvolumeclaim ${quoted} is being deleted` };
    }
    if (claim.status?.phase === 'Lost') {
      return {
        ...result,
        obstacle: `persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${JSON.stringify(claim.spec?.volumeName)}`,
      };
    }
    const volume = storage.volume(claim.spec?.volumeName ?? '');
    if (claim.status?.phase === 'Bound' && volume) result.volumes.push(volume);
    else if (waitsForConsumer(claim, storage)) result.waiting.push(claim);
    else return { ...result, obstacle: 'pod has unbound immediate PersistentVolumeClaims' };
  }
  return result;
}

const waitsForConsumer = ({ spec }: PersistentVolumeClaim, storage: Storage) =>
  storage.storageClass(spec?.storageClassName ?? '')?.volumeBindingMode === 'WaitForFirstConsumer';

/** Whether volumes can be reached from a node. */
export const areWithin = (volumes: readonly PersistentVolume[], node: Node): boolean =>
  volumes.every(({ spec }) => {
    const required = spec?.nodeAffinity?.required;
    return !required || matchesTerms(required.nodeSelectorTerms, node);
  });

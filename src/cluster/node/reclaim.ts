import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PersistentVolume } from 'kubernetes-types/core/v1.d.ts';
import type { Logger } from 'pino';
import type { Informer } from '../../kube/index.ts';

/**
 * Removes the folder of a volume that was made for a claim, once the volume is deleted and says `Delete`. Folders
 * elsewhere than in `folder` are the user's, and stay. Returns how to end that.
 */
export function reclaimFolders(
  volumes: Informer<PersistentVolume>,
  folder: string | undefined,
  log: Logger,
): () => void {
  return volumes.subscribe({
    deleted({ metadata, spec }) {
      const path = spec?.hostPath?.path;
      if (!path || dirname(path) !== folder || spec.persistentVolumeReclaimPolicy !== 'Delete') return;
      rm(path, { recursive: true, force: true, maxRetries: 3 }).catch((err: unknown) => {
        log.warn({ err, volume: metadata?.name, path }, 'cannot remove the folder of a deleted volume');
      });
    },
  });
}

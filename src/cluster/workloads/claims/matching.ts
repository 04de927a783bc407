import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.d.ts';
import { matchesSelector, parseQuantity } from '../../../api/index.ts';

/** Which volume suits a claim. */

const sizeOf = (volume: PersistentVolume): number =>
  parseQuantity(volume.spec?.capacity?.storage ?? '0') ?? 0;

/** Whether a volume is reserved for this very claim, by name at least. */
export function isReservedFor(volume: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  return (
    reference?.namespace === metadata?.namespace &&
    reference?.name === metadata?.name &&
    (!reference?.uid || reference.uid === metadata?.uid)
  );
}

/** A volume that was reserved for the claim, else the smallest that is free and enough. */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
): PersistentVolume | undefined {
  const suiting = volumes.filter((volume) => suits(volume, claim));
  const reserved = suiting.find((volume) => volume.spec?.claimRef && isReservedFor(volume, claim));
  if (reserved) return reserved;
  return suiting
    .filter((volume) => !volume.spec?.claimRef && volume.status?.phase === 'Available')
    .sort(
      (a, b) => sizeOf(a) - sizeOf(b) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
    )[0];
}

function suits(volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean {
  const modes = volume.spec?.accessModes ?? [];
  const wanted = parseQuantity(spec?.resources?.requests?.storage ?? '0') ?? 0;
  return (
    !volume.metadata?.deletionTimestamp &&
    (volume.spec?.storageClassName ?? '') === (spec?.storageClassName ?? '') &&
    (volume.spec?.volumeMode ?? 'Filesystem') === (spec?.volumeMode ?? 'Filesystem') &&
    (spec?.accessModes ?? []).every((mode) => modes.includes(mode)) &&
    sizeOf(volume) >= wanted &&
    (!spec?.selector || matchesSelector(spec.selector, volume.metadata?.labels))
  );
}

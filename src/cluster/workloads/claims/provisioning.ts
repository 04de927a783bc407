import { join } from 'node:path';
import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.d.ts';
import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';

/** What makes the volumes of the default storage class: folders of this machine. */
export const PROVISIONER = 'kanari.dev/local-path';

/** Annotation on a volume: who made it, and so may delete it. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

/** Annotation on a claim: the node that its first pod will run on. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** The class of claims that name none, as clusters on one machine usually have it. */
export const standardClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: PROVISIONER,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
};

/** Its name says which claim it was made for: made again after a crash it is the same. */
export const provisionedName = ({ metadata }: PersistentVolumeClaim): string => `pvc-${metadata?.uid}`;

/** A volume for a claim: a folder that bears its name. */
export function provisionedVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  volumesFolder: string,
): PersistentVolume {
  const { metadata, spec } = claim;
  const name = provisionedName(claim);
  const storage = spec?.resources?.requests?.storage;
  const node = metadata?.annotations?.[SELECTED_NODE];
  const folder = join(volumesFolder, `${name}_${metadata?.namespace}_${metadata?.name}`);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      capacity: { ...(storage !== undefined && { storage }) },
      accessModes: spec?.accessModes ?? [],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata?.name ?? '',
      ...(spec?.volumeMode && { volumeMode: spec.volumeMode }),
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
      claimRef: claimReference(claim),
      hostPath: { path: folder, type: 'DirectoryOrCreate' },
      ...(node && {
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
            ],
          },
        },
      }),
    },
  };
}

export function claimReference({ metadata }: PersistentVolumeClaim) {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = metadata ?? {};
  return { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion };
}

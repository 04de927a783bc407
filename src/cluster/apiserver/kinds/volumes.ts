import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.d.ts';
import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { required } from './checks.ts';
import { column, wide } from './columns.ts';
import { builtin } from './define.ts';

const modes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const persistentVolumeClaims = builtin({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  package: 'io.k8s.api.core.v1',
  shortNames: ['pvc'],
  status: true,
  returnsDeletedObject: true,
  columns: [
    column<PersistentVolumeClaim>('Status', 'Phase of the claim.', ({ metadata, status }) =>
      metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    ),
    column<PersistentVolumeClaim>(
      'Volume',
      'Volume that it is bound to.',
      ({ spec }) => spec?.volumeName ?? '',
    ),
    column<PersistentVolumeClaim>(
      'Capacity',
      'Size of the volume.',
      ({ status }) => status?.capacity?.storage ?? '',
    ),
    column<PersistentVolumeClaim>('Access Modes', 'How it may be mounted.', ({ status }) =>
      (status?.accessModes ?? []).map((mode) => modes[mode] ?? mode).join(','),
    ),
    column<PersistentVolumeClaim>(
      'StorageClass',
      'Class of the storage.',
      ({ spec }) => spec?.storageClassName ?? '',
    ),
    wide<PersistentVolumeClaim>('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec?.volumeMode ?? ''),
  ],
  defaults(object) {
    const { spec } = object as PersistentVolumeClaim;
    return { ...object, spec: { ...spec, volumeMode: spec?.volumeMode ?? 'Filesystem' } } as KubeObject;
  },
  prepareForCreate: (object) => ({ ...object, status: { phase: 'Pending' } }) as KubeObject,
  validate(object) {
    const { spec } = object as PersistentVolumeClaim;
    return [
      ...(spec?.accessModes?.length
        ? []
        : [required('spec.accessModes', 'at least 1 access mode is required')]),
      ...(spec?.resources?.requests?.storage ? [] : [required('spec.resources[storage]')]),
    ];
  },
});

export const storageClasses = builtin({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  package: 'io.k8s.api.storage.v1',
  shortNames: ['sc'],
  namespaced: false,
  returnsDeletedObject: true,
  columns: [
    column<StorageClass>('Provisioner', 'What makes the volumes.', ({ provisioner }) => provisioner),
    column<StorageClass>(
      'ReclaimPolicy',
      'What becomes of released volumes.',
      ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete',
    ),
    column<StorageClass>(
      'VolumeBindingMode',
      'When volumes are bound.',
      ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate',
    ),
    column<StorageClass>('AllowVolumeExpansion', 'Whether volumes may grow.', ({ allowVolumeExpansion }) =>
      String(allowVolumeExpansion ?? false),
    ),
  ],
  defaults(object) {
    const { reclaimPolicy = 'Delete', volumeBindingMode = 'Immediate' } = object as StorageClass;
    return { ...object, reclaimPolicy, volumeBindingMode } as KubeObject;
  },
  validate: (object) => ((object as StorageClass).provisioner ? [] : [required('provisioner')]),
});

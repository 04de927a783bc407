import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.d.ts';
import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { dnsSubdomain } from '../schema/names.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { check, forbidden, invalid, oneOf, required } from './checks.ts';
import { column, unset, wide } from './columns.ts';
import { builtin } from './define.ts';
import { validateSelector } from './selectors.ts';

const modes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const volumeModes = ['Block', 'Filesystem'];

/** In the order in which Kubernetes lists them, each once. */
export const accessModesCell = (given: readonly string[] | undefined): string =>
  Object.keys(modes)
    .filter((mode) => given?.includes(mode))
    .map((mode) => modes[mode])
    .join(',');

export function validateAccessModes(
  given: readonly string[] | undefined,
  field: string,
  whenMissing: string,
): FieldError[] {
  const errors = given?.length ? [] : [required(field, whenMissing)];
  for (const mode of given ?? []) errors.push(...oneOf(field, mode, Object.keys(modes).sort()));
  if (given?.includes('ReadWriteOncePod') && given.length > 1) {
    errors.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

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
    column<PersistentVolumeClaim>('Capacity', 'Size of the volume.', ({ spec, status }) =>
      spec?.volumeName ? (status?.capacity?.storage ?? '0') : '',
    ),
    column<PersistentVolumeClaim>('Access Modes', 'How it may be mounted.', ({ spec, status }) =>
      spec?.volumeName ? accessModesCell(status?.accessModes) : '',
    ),
    column<PersistentVolumeClaim>(
      'StorageClass',
      'Class of the storage.',
      ({ spec }) => spec?.storageClassName ?? '',
    ),
    column<PersistentVolumeClaim>(
      'VolumeAttributesClass',
      'Class of its attributes.',
      ({ spec }) => (spec as { volumeAttributesClassName?: string })?.volumeAttributesClassName ?? unset,
    ),
    wide<PersistentVolumeClaim>('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec?.volumeMode ?? ''),
  ],
  defaults(object) {
    const { spec } = object as PersistentVolumeClaim;
    return { ...object, spec: { ...spec, volumeMode: spec?.volumeMode ?? 'Filesystem' } } as KubeObject;
  },
  prepareForCreate(object) {
    const { spec } = object as PersistentVolumeClaim;
    return { ...object, spec: withSources(spec), status: { phase: 'Pending' } } as KubeObject;
  },
  validate: (object) => validateClaim((object as PersistentVolumeClaim).spec, 'spec'),
  validateUpdate(next, old, subresource) {
    if (subresource === 'status') return [];
    return validateClaimUpdate(next as PersistentVolumeClaim, old as PersistentVolumeClaim);
  },
});

/** What a volume is filled from has an older field, for claims and snapshots, and a newer one for anything. */
function withSources(spec: PersistentVolumeClaim['spec']): PersistentVolumeClaim['spec'] {
  const { dataSource: given, dataSourceRef: anything, ...rest } = spec ?? {};
  const isClaim = given?.kind === 'PersistentVolumeClaim' && !given.apiGroup;
  const isSnapshot = given?.kind === 'VolumeSnapshot' && given.apiGroup === 'snapshot.storage.k8s.io';
  const older = isClaim || isSnapshot ? given : undefined;
  const { namespace, ...local } = (anything ?? {}) as { namespace?: string };
  const dataSource = older ?? (anything && namespace === undefined ? local : undefined);
  const dataSourceRef = anything ?? older;
  return {
    ...rest,
    ...(dataSource && { dataSource }),
    ...(dataSourceRef && { dataSourceRef }),
  } as typeof spec;
}

export function validateClaim(spec: PersistentVolumeClaim['spec'], field: string): FieldError[] {
  const errors = [
    ...validateSelector(spec?.selector, `${field}.selector`),
    ...validateAccessModes(spec?.accessModes, `${field}.accessModes`, 'at least 1 access mode is required'),
  ];
  const storage = spec?.resources?.requests?.storage;
  const at = `${field}.resources[storage]`;
  if (!storage) errors.push(required(at));
  else if (compareQuantities(storage, '0') <= 0) {
    errors.push(invalid(at, storage, 'must be greater than zero'));
  }
  if (spec?.storageClassName) {
    errors.push(...check(`${field}.storageClassName`, spec.storageClassName, dnsSubdomain));
  }
  return [...errors, ...oneOf(`${field}.volumeMode`, spec?.volumeMode, volumeModes)];
}

/** Once made, a claim may be bound, get a class while it has none, and grow when it is bound. */
function validateClaimUpdate(next: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const isBound = old.status?.phase === 'Bound';
  const fixed = ({ spec }: PersistentVolumeClaim) => ({
    ...spec,
    volumeName: old.spec?.volumeName ? spec?.volumeName : undefined,
    storageClassName: old.spec?.storageClassName ? spec?.storageClassName : undefined,
    volumeAttributesClassName: undefined,
    resources: isBound ? { ...spec?.resources, requests: undefined } : spec?.resources,
  });
  const errors: FieldError[] = [];
  if (!equal(fixed(next), fixed(old))) {
    const detail =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbidden('spec', detail));
  }
  const wanted = next.spec?.resources?.requests?.storage ?? '0';
  const [asked, has] = [old.spec?.resources?.requests?.storage, old.status?.capacity?.storage];
  if (isBound && asked && compareQuantities(wanted, asked) < 0 && has && compareQuantities(wanted, has) < 0) {
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  }
  return errors;
}

const isDefault = ({ metadata }: StorageClass) =>
  metadata?.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';

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
    column<StorageClass>(
      'Name',
      'Name of the class, and whether it is the default.',
      (object) => `${object.metadata?.name}${isDefault(object) ? ' (default)' : ''}`,
      { format: 'name' },
    ),
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
  validate(object) {
    const { provisioner, reclaimPolicy, volumeBindingMode } = object as StorageClass;
    return [
      ...(provisioner ? [] : [required('provisioner')]),
      ...oneOf('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']),
      ...oneOf('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
    ];
  },
  validateUpdate(next, old) {
    const [after, before] = [next as StorageClass, old as StorageClass];
    return [
      ...(equal(after.parameters, before.parameters)
        ? []
        : [forbidden('parameters', 'updates to parameters are forbidden.')]),
      ...(after.provisioner === before.provisioner
        ? []
        : [forbidden('provisioner', 'updates to provisioner are forbidden.')]),
      ...(after.reclaimPolicy === before.reclaimPolicy
        ? []
        : [forbidden('reclaimPolicy', 'updates to reclaimPolicy are forbidden.')]),
      ...(after.volumeBindingMode === before.volumeBindingMode
        ? []
        : [invalid('volumeBindingMode', after.volumeBindingMode, 'field is immutable')]),
    ];
  },
});

/** `storage.k8s.io/v1` VolumeAttributesClass: qualities of a volume that may change while it is in use. */
interface VolumeAttributesClass extends KubeObject {
  driverName?: string;
  parameters?: Record<string, string>;
}

export const volumeAttributesClasses = builtin({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  package: 'io.k8s.api.storage.v1',
  shortNames: ['vac'],
  namespaced: false,
  returnsDeletedObject: true,
  columns: [
    column<VolumeAttributesClass>(
      'DriverName',
      'Whose volumes it is for.',
      ({ driverName }) => driverName ?? '',
    ),
  ],
  validate(object) {
    const { driverName, parameters = {} } = object as VolumeAttributesClass;
    return [
      ...(driverName ? [] : [required('driverName')]),
      ...(Object.keys(parameters).length > 0
        ? []
        : [required('parameters', 'must contain at least one key/value pair')]),
    ];
  },
  validateUpdate(next, old) {
    const [after, before] = [next as VolumeAttributesClass, old as VolumeAttributesClass];
    return [
      ...(after.driverName === before.driverName
        ? []
        : [forbidden('driverName', 'updates to driverName are forbidden.')]),
      ...(equal(after.parameters, before.parameters)
        ? []
        : [forbidden('parameters', 'updates to parameters are forbidden.')]),
    ];
  },
});

import type { PersistentVolume } from 'kubernetes-types/core/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { dnsSubdomain } from '../schema/names.ts';
import { check, forbidden, immutable, invalid, oneOf, required } from './checks.ts';
import { column, unset, wide } from './columns.ts';
import { builtin } from './define.ts';
import { accessModesCell, validateAccessModes, volumeModes } from './volumes.ts';

/** Fields of a volume's spec that say what it is; the others say where it is. */
const notSources = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]);

export const persistentVolumes = builtin({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  package: 'io.k8s.api.core.v1',
  shortNames: ['pv'],
  namespaced: false,
  status: true,
  returnsDeletedObject: true,
  columns: [
    column<PersistentVolume>('Capacity', 'Size of the volume.', ({ spec }) => spec?.capacity?.storage ?? ''),
    column<PersistentVolume>('Access Modes', 'How it may be mounted.', ({ spec }) =>
      accessModesCell(spec?.accessModes),
    ),
    column<PersistentVolume>(
      'Reclaim Policy',
      'What becomes of it when it is released.',
      ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '',
    ),
    column<PersistentVolume>('Status', 'Phase of the volume.', ({ metadata, status }) =>
      metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    ),
    column<PersistentVolume>('Claim', 'The claim that it is bound to.', ({ spec }) =>
      spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : '',
    ),
    column<PersistentVolume>(
      'StorageClass',
      'Class of the storage.',
      ({ spec }) => spec?.storageClassName ?? '',
    ),
    column<PersistentVolume>(
      'VolumeAttributesClass',
      'Class of its attributes.',
      ({ spec }) => (spec as { volumeAttributesClassName?: string })?.volumeAttributesClassName ?? unset,
    ),
    column<PersistentVolume>('Reason', 'Why it has failed.', ({ status }) => status?.reason ?? ''),
    wide<PersistentVolume>('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec?.volumeMode ?? ''),
  ],
  defaults(object) {
    const { spec } = object as PersistentVolume;
    const { persistentVolumeReclaimPolicy = 'Retain', volumeMode = 'Filesystem', hostPath } = spec ?? {};
    const source = hostPath && { hostPath: { ...hostPath, type: hostPath.type ?? '' } };
    return {
      ...object,
      spec: { ...spec, ...source, persistentVolumeReclaimPolicy, volumeMode },
    } as KubeObject;
  },
  prepareForCreate: (object) => ({ ...object, status: { phase: 'Pending' } }) as KubeObject,
  validate: (object) => validateVolume((object as PersistentVolume).spec),
  validateUpdate(next, old, subresource) {
    if (subresource === 'status') return [];
    const [after, before] = [(next as PersistentVolume).spec, (old as PersistentVolume).spec];
    return [
      ...(equal(sourceOf(after), sourceOf(before))
        ? []
        : [
            forbidden(
              'spec.persistentvolumesource',
              'spec.persistentvolumesource is immutable after creation',
            ),
          ]),
      ...immutable('spec.volumeMode', after?.volumeMode, before?.volumeMode),
    ];
  },
});

const sourceOf = (spec: PersistentVolume['spec']) =>
  Object.fromEntries(Object.entries(spec ?? {}).filter(([field]) => !notSources.has(field)));

function validateVolume(spec: PersistentVolume['spec']): FieldError[] {
  if (!spec) return [required('spec')];
  const errors = validateAccessModes(spec.accessModes, 'spec.accessModes', '');
  const names = Object.keys(spec.capacity ?? {});
  if (names.length === 0) errors.push(required('spec.capacity'));
  else if (names.length > 1 || names[0] !== 'storage') {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'spec.capacity',
      value: spec.capacity,
      detail: 'supported values: "storage"',
    });
  }
  errors.push(
    ...oneOf('spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, [
      'Delete',
      'Recycle',
      'Retain',
    ]),
  );
  const [source, ...more] = Object.keys(sourceOf(spec));
  if (!source) errors.push(required('spec', 'must specify a volume type'));
  for (const extra of more) {
    errors.push(forbidden(`spec.${extra}`, 'may not specify more than 1 volume type'));
  }
  for (const kind of ['hostPath', 'local'] as const) {
    const path = spec[kind]?.path;
    if (!spec[kind]) continue;
    if (!path) errors.push(required(`spec.${kind}.path`));
    else if (path.split('/').includes('..')) {
      errors.push(invalid(`spec.${kind}.path`, path, "must not contain '..'"));
    }
  }
  if (spec.local && !spec.nodeAffinity) {
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  }
  if (spec.storageClassName) {
    errors.push(...check('spec.storageClassName', spec.storageClassName, dnsSubdomain));
  }
  return [...errors, ...oneOf('spec.volumeMode', spec.volumeMode, volumeModes)];
}

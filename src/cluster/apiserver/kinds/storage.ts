import type {
  CSIDriver,
  CSIDriverSpec,
  CSINode,
  CSIStorageCapacity,
  VolumeAttachment,
} from 'kubernetes-types/storage/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { immutable, required } from './checks.ts';
import { column, unset } from './columns.ts';
import { builtin } from './define.ts';

const group = 'storage.k8s.io';
const version = 'v1';
const packageName = 'io.k8s.api.storage.v1';

const flag = (name: keyof CSIDriverSpec & string, title: string, description: string) =>
  column<CSIDriver>(title, description, ({ spec }) => Boolean(spec?.[name]), { type: 'boolean' });

export const csiDrivers = builtin({
  group,
  version,
  kind: 'CSIDriver',
  allowUnconditionalUpdate: false,
  plural: 'csidrivers',
  package: packageName,
  namespaced: false,
  generation: ['spec'],
  returnsDeletedObject: true,
  columns: [
    flag('attachRequired', 'AttachRequired', 'Whether volumes are attached before they are mounted.'),
    flag('podInfoOnMount', 'PodInfoOnMount', 'Whether the driver is told of the pod.'),
    flag('storageCapacity', 'StorageCapacity', 'Whether the driver tells how much room there is.'),
    column<CSIDriver>(
      'TokenRequests',
      'Audiences of the tokens that the driver gets.',
      ({ spec }) => spec?.tokenRequests?.map(({ audience }) => audience).join(',') || unset,
    ),
    flag('requiresRepublish', 'RequiresRepublish', 'Whether volumes are published again and again.'),
    column<CSIDriver>(
      'Modes',
      'Lives of the volumes.',
      ({ spec }) => spec?.volumeLifecycleModes?.join(',') || '<none>',
    ),
  ],
  defaults(object) {
    const { spec } = object as CSIDriver;
    const defaults = {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: ['Persistent'],
      requiresRepublish: false,
      seLinuxMount: false,
    };
    return { ...object, spec: { ...defaults, ...spec } } as KubeObject;
  },
  validateUpdate: (next, old) =>
    immutable(
      'spec.attachRequired',
      (next as CSIDriver).spec?.attachRequired,
      (old as CSIDriver).spec?.attachRequired,
    ),
});

export const csiNodes = builtin({
  group,
  version,
  kind: 'CSINode',
  allowUnconditionalUpdate: false,
  plural: 'csinodes',
  package: packageName,
  namespaced: false,
  returnsDeletedObject: true,
  columns: [
    column<CSINode>('Drivers', 'How many drivers the node has.', ({ spec }) => spec?.drivers?.length ?? 0, {
      type: 'integer',
    }),
  ],
});

export const csiStorageCapacities = builtin({
  group,
  version,
  kind: 'CSIStorageCapacity',
  allowUnconditionalUpdate: false,
  plural: 'csistoragecapacities',
  package: packageName,
  columns: [
    column<CSIStorageCapacity>(
      'StorageClassName',
      'Class of the storage.',
      ({ storageClassName }) => storageClassName ?? '',
    ),
    column<CSIStorageCapacity>('Capacity', 'How much there is.', ({ capacity }) =>
      capacity === undefined ? unset : String(capacity),
    ),
  ],
  validate: (object) =>
    (object as CSIStorageCapacity).storageClassName ? [] : [required('storageClassName')],
});

export const volumeAttachments = builtin({
  group,
  version,
  kind: 'VolumeAttachment',
  allowUnconditionalUpdate: false,
  plural: 'volumeattachments',
  package: packageName,
  namespaced: false,
  status: true,
  returnsDeletedObject: true,
  columns: [
    column<VolumeAttachment>('Attacher', 'Driver that attaches it.', ({ spec }) => spec?.attacher ?? ''),
    column<VolumeAttachment>('PV', 'The volume.', ({ spec }) => spec?.source?.persistentVolumeName ?? ''),
    column<VolumeAttachment>('Node', 'Where it is attached.', ({ spec }) => spec?.nodeName ?? ''),
    column<VolumeAttachment>('Attached', 'Whether it is.', ({ status }) => Boolean(status?.attached), {
      type: 'boolean',
    }),
  ],
  validate(object) {
    const { spec } = object as VolumeAttachment;
    const errors = spec?.attacher ? [] : [required('spec.attacher')];
    if (!spec?.source?.persistentVolumeName && !spec?.source?.inlineVolumeSpec) {
      errors.push(
        required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'),
      );
    }
    return spec?.nodeName ? errors : [...errors, required('spec.nodeName')];
  },
  validateUpdate: (next, old, subresource) =>
    subresource ? [] : immutable('spec', (next as VolumeAttachment).spec, (old as VolumeAttachment).spec),
});

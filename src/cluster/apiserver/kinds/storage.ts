import type {
  CSIDriver,
  CSIDriverSpec,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  VolumeAttachment,
} from 'kubernetes-types/storage/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { dnsSubdomain, qualifiedName } from '../schema/names.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { check, duplicate, immutable, invalid, nonNegative, oneOf, required } from './checks.ts';
import { column, unset } from './columns.ts';
import { builtin } from './define.ts';
import { validateSelector } from './selectors.ts';

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
  validate: (object) => validateDriver((object as CSIDriver).spec),
  validateUpdate(next, old) {
    const [after, before] = [(next as CSIDriver).spec, (old as CSIDriver).spec];
    return [
      // The field is called so in the messages of Kubernetes.
      ...immutable('spec.attachedRequired', after?.attachRequired, before?.attachRequired),
      ...immutable('spec.volumeLifecycleModes', after?.volumeLifecycleModes, before?.volumeLifecycleModes),
    ];
  },
});

const MIN_TOKEN_SECONDS = 600;

function validateDriver(spec: CSIDriverSpec): FieldError[] {
  const errors = oneOf('spec.fsGroupPolicy', spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType']);
  const audiences = new Set<string>();
  for (const [i, { audience, expirationSeconds }] of (spec.tokenRequests ?? []).entries()) {
    const field = `spec.tokenRequests[${i}]`;
    if (audiences.has(audience)) errors.push(duplicate(`${field}.audience`, audience));
    audiences.add(audience);
    if (expirationSeconds !== undefined && expirationSeconds < MIN_TOKEN_SECONDS) {
      const detail = 'may not specify a duration less than 10 minutes';
      errors.push(invalid(`${field}.expirationSeconds`, expirationSeconds, detail));
    }
  }
  const modes = (spec.volumeLifecycleModes ?? []).flatMap((mode) =>
    oneOf('spec.volumeLifecycleModes', mode, ['Persistent', 'Ephemeral']),
  );
  return [...errors, ...modes];
}

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
  validate: (object) => validateNodeDrivers((object as CSINode).spec?.drivers ?? []),
});

const NODE_ID_MAX = 256;

function validateNodeDrivers(drivers: readonly CSINodeDriver[]): FieldError[] {
  const names = new Set<string>();
  return drivers.flatMap(({ name = '', nodeID = '', allocatable, topologyKeys = [] }, i) => {
    const field = `spec.drivers[${i}]`;
    const errors = name ? check(`${field}.name`, name, dnsSubdomain) : [required(`${field}.name`)];
    if (!nodeID) errors.push(required(`${field}.nodeID`));
    if (nodeID.length > NODE_ID_MAX) {
      errors.push(invalid(`${field}.nodeID`, nodeID, `must be ${NODE_ID_MAX} characters or less`));
    }
    errors.push(...nonNegative(`${field}.allocatable.count`, allocatable?.count));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    for (const [j, key] of topologyKeys.entries()) {
      if (topologyKeys.indexOf(key) < j) errors.push(duplicate(field, key));
      errors.push(...check(field, key, qualifiedName));
    }
    return errors;
  });
}

export const csiStorageCapacities = builtin({
  group,
  version,
  kind: 'CSIStorageCapacity',
  allowUnconditionalUpdate: false,
  plural: 'csistoragecapacities',
  package: packageName,
  allColumns: [
    column<CSIStorageCapacity>(
      'StorageClassName',
      'Class of the storage.',
      ({ storageClassName }) => storageClassName ?? '',
    ),
    column<CSIStorageCapacity>('Capacity', 'How much there is.', ({ capacity }) =>
      capacity === undefined ? unset : String(capacity),
    ),
  ],
  validate(object) {
    const { storageClassName = '', capacity, nodeTopology } = object as CSIStorageCapacity;
    const errors = [
      ...validateSelector(nodeTopology, 'nodeTopology'),
      ...check('storageClassName', storageClassName, dnsSubdomain),
    ];
    if (capacity !== undefined && compareQuantities(capacity, 0) < 0) {
      errors.push(invalid('capacity', String(capacity), 'must be greater than or equal to 0'));
    }
    return errors;
  },
  validateUpdate(next, old) {
    const [after, before] = [next as CSIStorageCapacity, old as CSIStorageCapacity];
    return [
      ...immutable('nodeTopology', after.nodeTopology, before.nodeTopology),
      ...immutable('storageClassName', after.storageClassName, before.storageClassName),
    ];
  },
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
    column<VolumeAttachment>('Attacher', 'Driver that attaches it.', ({ spec }) => spec?.attacher ?? '', {
      format: 'name',
    }),
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

import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimStatus,
} from 'kubernetes-types/core/v1.d.ts';
import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';
import {
  type Decision,
  type Effect,
  type EventRecord,
  PersistentVolumeClaims,
  PersistentVolumes,
  parseQuantity,
} from '../../../api/index.ts';
import { findVolume, isReservedFor } from './matching.ts';
import {
  claimReference,
  PROVISIONED_BY,
  PROVISIONER,
  provisionedName,
  provisionedVolume,
  SELECTED_NODE,
} from './provisioning.ts';

export interface ClaimView {
  claim: PersistentVolumeClaim;
  /** All there are. */
  volumes: readonly PersistentVolume[];
  /** That of the claim, if it exists. */
  storageClass: StorageClass | undefined;
  /** Pods on nodes that mount it. */
  users: number;
  /** Where the default class has its folders; undefined: it makes no volumes. */
  volumesFolder: string | undefined;
}

type ClaimDecision = Decision<PersistentVolumeClaimStatus>;

const IN_USE = 'kubernetes.io/pvc-protection';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
/** The provisioner of volumes that people make. */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

/** On a claim: who was asked for its volume. */
const storageProvisioner = {
  'volume.beta.kubernetes.io/storage-provisioner': PROVISIONER,
  'volume.kubernetes.io/storage-provisioner': PROVISIONER,
};

const nameOf = ({ metadata }: { metadata?: { name?: string } }): string => metadata?.name ?? '';

/** Gives a claim its volume: one that is there, or a new one when its class makes volumes. */
export function decideClaim(view: ClaimView): ClaimDecision {
  const { claim, volumes } = view;
  if (claim.metadata?.deletionTimestamp) return release(view);
  const volumeName = claim.spec?.volumeName;
  if (!volumeName) return seek(view);
  const volume = volumes.find((each) => nameOf(each) === volumeName);
  const isCompleted = claim.metadata?.annotations?.[BIND_COMPLETED] !== undefined;
  if (!volume) {
    if (!isCompleted) return outcome('VolumeMissing', `volume ${volumeName} is not there (yet)`);
    if (claim.status?.phase === 'Lost') return outcome('Lost', `volume ${volumeName} is lost`);
    return {
      ...outcome('Lost', `volume ${volumeName} is lost`, {
        type: 'Warning',
        reason: 'ClaimLost',
        message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
      }),
      status: { ...claim.status, phase: 'Lost' },
    };
  }
  if (volume.spec?.claimRef && !isReservedFor(volume, claim)) {
    const message = isCompleted
      ? 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!'
      : `volume ${JSON.stringify(volumeName)} already bound to a different claim.`;
    const reason = isCompleted ? 'ClaimMisbound' : 'FailedBinding';
    return outcome(reason, message, { type: 'Warning', reason, message });
  }
  return bind(claim, volume, false);
}

/** Deletion waits until no pod uses the claim any more. */
function release({ claim, users }: ClaimView): ClaimDecision {
  const { finalizers = [] } = claim.metadata ?? {};
  if (!finalizers.includes(IN_USE)) return outcome('Deleting', 'it is being deleted');
  if (users > 0) return outcome('InUse', `${users} pods use it`);
  const rest = finalizers.filter((finalizer) => finalizer !== IN_USE);
  const effect = patchClaim(claim, 'let go of', { metadata: { finalizers: rest } });
  return { ...outcome('Unused', 'no pod uses it'), effects: [effect] };
}

function seek(view: ClaimView): ClaimDecision {
  const { claim, storageClass, volumesFolder } = view;
  const className = claim.spec?.storageClassName;
  const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  const isChosen = claim.metadata?.annotations?.[SELECTED_NODE] !== undefined;
  const found = findVolume(claim, view.volumes);
  // A volume that is meant for this claim needs no pod to choose it.
  if (found && (!waits || isChosen || found.spec?.claimRef)) return bind(claim, found, true);
  if (!className) {
    return pending(
      'Normal',
      'FailedBinding',
      'no persistent volumes available for this claim and no storage class is set',
    );
  }
  if (!storageClass) {
    const message = `storageclass.storage.k8s.io ${JSON.stringify(className)} not found`;
    return pending('Warning', 'ProvisioningFailed', message);
  }
  if (waits && !isChosen) {
    return pending(
      'Normal',
      'WaitForFirstConsumer',
      'waiting for first consumer to be created before binding',
    );
  }
  const { provisioner } = storageClass;
  if (provisioner === NO_PROVISIONER) {
    return pending('Warning', 'ProvisioningFailed', `no volume plugin matched name: ${provisioner}`);
  }
  if (provisioner !== PROVISIONER || volumesFolder === undefined) {
    const message =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the ` +
      'system administrator. If volume creation is delayed, please verify that the provisioner is running and ' +
      'correctly registered.';
    return pending('Normal', 'ExternalProvisioning', message);
  }
  const volume = provisionedVolume(claim, storageClass, volumesFolder);
  const name = provisionedName(claim);
  const made: Effect = {
    kind: 'create',
    what: `create volume ${name}`,
    ref: { type: PersistentVolumes, name },
    object: volume,
  };
  const bound = bind(claim, volume, true, storageProvisioner);
  return {
    ...bound,
    effects: [made, ...bound.effects],
    events: [
      {
        type: 'Normal',
        reason: 'ProvisioningSucceeded',
        message: `Successfully provisioned volume ${name}`,
      },
    ],
  };
}

/** Says of both that they belong together; the volume first, so that no other claim gets it. */
function bind(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  byController: boolean,
  more: Record<string, string> = {},
): ClaimDecision {
  const effects: Effect[] = [];
  const volumeName = nameOf(volume);
  if (volume.spec?.claimRef?.uid !== claim.metadata?.uid) {
    const annotations = volume.spec?.claimRef ? {} : { [BOUND_BY_CONTROLLER]: 'yes' };
    effects.push({
      kind: 'patch',
      what: `bind volume ${volumeName}`,
      ref: { type: PersistentVolumes, name: volumeName },
      patch: { metadata: { annotations }, spec: { claimRef: claimReference(claim) } },
      resourceVersion: volume.metadata?.resourceVersion,
    });
  }
  const isCompleted = claim.metadata?.annotations?.[BIND_COMPLETED] !== undefined;
  if (claim.spec?.volumeName !== volumeName || !isCompleted) {
    const annotations = {
      ...more,
      [BIND_COMPLETED]: 'yes',
      ...(byController && { [BOUND_BY_CONTROLLER]: 'yes' }),
    };
    effects.push(patchClaim(claim, 'bind', { metadata: { annotations }, spec: { volumeName } }));
  }
  const capacity = grown(claim, volume);
  if (capacity !== volume.spec?.capacity) {
    effects.push({
      kind: 'patch',
      what: `enlarge volume ${volumeName}`,
      ref: { type: PersistentVolumes, name: volumeName },
      patch: { spec: { capacity } },
    });
  }
  return {
    ...outcome('Bound', `it has volume ${volumeName}`),
    effects,
    status: { ...claim.status, phase: 'Bound', accessModes: volume.spec?.accessModes, capacity },
  };
}

/** A folder has as much room as its claim asks for; other volumes are as large as they are. */
function grown({ spec }: PersistentVolumeClaim, volume: PersistentVolume) {
  const capacity = volume.spec?.capacity;
  const wanted = spec?.resources?.requests?.storage;
  const isOurs = volume.metadata?.annotations?.[PROVISIONED_BY] === PROVISIONER;
  const isMore = (parseQuantity(wanted ?? '0') ?? 0) > (parseQuantity(capacity?.storage ?? '0') ?? 0);
  return isOurs && isMore && wanted !== undefined ? { ...capacity, storage: wanted } : capacity;
}

function patchClaim(claim: PersistentVolumeClaim, verb: string, patch: Record<string, unknown>): Effect {
  const { namespace, name = '', resourceVersion } = claim.metadata ?? {};
  return {
    kind: 'patch',
    what: `${verb} claim ${name}`,
    ref: { type: PersistentVolumeClaims, namespace, name },
    patch,
    resourceVersion,
  };
}

const pending = (type: EventRecord['type'], reason: string, message: string) =>
  outcome(reason, message, { type, reason, message });

const outcome = (code: string, text: string, ...events: EventRecord[]): ClaimDecision => ({
  effects: [],
  events,
  because: [{ code, text }],
});

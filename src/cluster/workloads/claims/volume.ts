import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeStatus,
} from 'kubernetes-types/core/v1.d.ts';
import {
  type Decision,
  type Effect,
  type EventRecord,
  formatTime,
  type Instant,
  PersistentVolumes,
} from '../../../api/index.ts';
import { PROVISIONED_BY, PROVISIONER } from './provisioning.ts';

export interface VolumeView {
  volume: PersistentVolume;
  /** The claim that it is reserved for, whichever incarnation is there now. */
  claim: PersistentVolumeClaim | undefined;
}

const IN_USE = 'kubernetes.io/pv-protection';

type Phase = Pick<PersistentVolumeStatus, 'phase' | 'message'>;

/** Says whether a volume is free, taken or left behind, and does with it then what its policy says. */
export function decideVolume(view: VolumeView, now: Instant): Decision<PersistentVolumeStatus> {
  const { volume } = view;
  const phase = phaseOf(view);
  const decision = {
    status: statusOf(volume, phase, now),
    effects: [] as Effect[],
    events: [] as EventRecord[],
    because: [{ code: phase.phase ?? '', text: `it is ${phase.phase}` }],
  };
  const { finalizers = [], deletionTimestamp, name = '', uid, resourceVersion } = volume.metadata ?? {};
  const ref = { type: PersistentVolumes, name };
  if (deletionTimestamp) {
    if (phase.phase === 'Bound' || !finalizers.includes(IN_USE)) return decision;
    const patch = { metadata: { finalizers: finalizers.filter((finalizer) => finalizer !== IN_USE) } };
    decision.effects.push({ kind: 'patch', what: `let go of volume ${name}`, ref, patch, resourceVersion });
    // It is gone with that.
    return { ...decision, status: volume.status ?? {} };
  }
  if (phase.phase === 'Failed' && volume.status?.phase !== 'Failed') {
    decision.events.push({ type: 'Warning', reason: 'VolumeFailedDelete', message: phase.message ?? '' });
  }
  if (phase.phase === 'Released' && isOurs(volume) && policyOf(volume) === 'Delete') {
    decision.effects.push({ kind: 'delete', what: `delete volume ${name}, which nobody claims`, ref, uid });
  }
  return decision;
}

const isOurs = ({ metadata }: PersistentVolume) => metadata?.annotations?.[PROVISIONED_BY] === PROVISIONER;

const policyOf = ({ spec }: PersistentVolume) => spec?.persistentVolumeReclaimPolicy;

function phaseOf({ volume, claim }: VolumeView): Phase {
  const wanted = volume.spec?.claimRef;
  // Reserved, but not bound yet, or not reserved at all.
  if (!wanted?.uid) return { phase: 'Available' };
  if (claim?.metadata?.uid === wanted.uid) return { phase: 'Bound' };
  const isProvisioned = volume.metadata?.annotations?.[PROVISIONED_BY] !== undefined;
  if (policyOf(volume) === 'Retain' || isProvisioned) return { phase: 'Released' };
  const { name } = volume.metadata ?? {};
  const message = `error getting deleter volume plugin for volume ${JSON.stringify(name)}: no deletable volume plugin matched`;
  return { phase: 'Failed', message };
}

function statusOf(
  { status }: PersistentVolume,
  { phase, message }: Phase,
  now: Instant,
): PersistentVolumeStatus {
  if (status?.phase === phase) return status ?? {};
  return { ...status, phase, message, lastPhaseTransitionTime: formatTime(now) } as PersistentVolumeStatus;
}

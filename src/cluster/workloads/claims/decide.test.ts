import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { ago, NOW } from '../testing/objects.ts';
import { type ClaimView, decideClaim } from './decide.ts';
import { PROVISIONED_BY, PROVISIONER, SELECTED_NODE, standardClass } from './provisioning.ts';
import { decideVolume } from './volume.ts';

type Meta = PersistentVolumeClaim['metadata'];

function claim(
  spec: PersistentVolumeClaim['spec'] = {},
  metadata: Meta = {},
  phase = 'Pending',
): PersistentVolumeClaim {
  return {
    metadata: { name: 'data', namespace: 'a', uid: 'uid-c', resourceVersion: '3', ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'standard',
      volumeMode: 'Filesystem',
      ...spec,
    },
    status: { phase },
  };
}

function volume(name: string, storage: string, spec: PersistentVolume['spec'] = {}): PersistentVolume {
  return {
    metadata: { name, uid: `uid-${name}`, resourceVersion: '5' },
    spec: {
      capacity: { storage },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'standard',
      volumeMode: 'Filesystem',
      persistentVolumeReclaimPolicy: 'Retain',
      ...spec,
    },
    status: { phase: 'Available' },
  };
}

const immediate = { ...standardClass, volumeBindingMode: 'Immediate' };
const decide = (of: PersistentVolumeClaim, more: Partial<ClaimView> = {}) =>
  decideClaim({
    claim: of,
    volumes: [],
    storageClass: immediate,
    users: 0,
    volumesFolder: '/volumes',
    ...more,
  });
const reference = (uid?: string) => ({ claimRef: { namespace: 'a', name: 'data', ...(uid && { uid }) } });

describe('a claim', () => {
  it('gets the smallest free volume that is enough, and each is told of the other', () => {
    const volumes = [volume('big', '5Gi'), volume('fits', '2Gi'), volume('small', '500Mi')];
    const decision = decide(claim(), { volumes });
    expect(decision.effects).toMatchObject([
      {
        kind: 'patch',
        ref: { name: 'fits' },
        patch: {
          metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
          spec: { claimRef: { kind: 'PersistentVolumeClaim', namespace: 'a', name: 'data', uid: 'uid-c' } },
        },
        resourceVersion: '5',
      },
      {
        kind: 'patch',
        ref: { name: 'data', namespace: 'a' },
        patch: {
          metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
          spec: { volumeName: 'fits' },
        },
        resourceVersion: '3',
      },
    ]);
    expect(decision.status).toEqual({
      phase: 'Bound',
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '2Gi' },
    });
  });

  it.each([
    ['another class', { storageClassName: 'other' }],
    ['another mode of access', { accessModes: ['ReadOnlyMany'] }],
    ['another kind of volume', { volumeMode: 'Block' }],
    ['another claim', { claimRef: { namespace: 'a', name: 'other' } }],
    ['an earlier claim of the same name', reference('uid-before')],
  ])('does not get a volume for %s', (_what, spec) => {
    const decision = decide(claim(), { volumes: [volume('v', '5Gi', spec)], storageClass: undefined });
    expect(decision.effects).toEqual([]);
  });

  it('gets what is reserved for it, and only what its selector selects', () => {
    const volumes = [volume('free', '1Gi'), volume('mine', '5Gi', reference())];
    expect(decide(claim(), { volumes }).effects[1]).toMatchObject({
      patch: { spec: { volumeName: 'mine' } },
    });
    const selective = claim({ selector: { matchLabels: { tier: 'fast' } } });
    expect(decide(selective, { volumes, storageClass: undefined }).effects).toEqual([]);
  });

  it('gets a new volume of its class: a folder with its name, for it alone', () => {
    const chosen = claim({}, { annotations: { [SELECTED_NODE]: 'n' } });
    const { effects, events, status } = decide(chosen, { storageClass: standardClass });
    expect(effects[0]).toMatchObject({
      kind: 'create',
      object: {
        metadata: { name: 'pvc-uid-c', annotations: { [PROVISIONED_BY]: PROVISIONER } },
        spec: {
          capacity: { storage: '1Gi' },
          persistentVolumeReclaimPolicy: 'Delete',
          storageClassName: 'standard',
          claimRef: { uid: 'uid-c' },
          hostPath: { path: '/volumes/pvc-uid-c_a_data', type: 'DirectoryOrCreate' },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n'] }] },
              ],
            },
          },
        },
      },
    });
    expect(effects).toHaveLength(2);
    expect(status?.phase).toBe('Bound');
    expect(events).toMatchObject([{ reason: 'ProvisioningSucceeded' }]);
  });

  it.each([
    ['WaitForFirstConsumer', { storageClass: standardClass }],
    ['ExternalProvisioning', { storageClass: { ...immediate, provisioner: 'elsewhere' } }],
    ['ProvisioningFailed', { storageClass: undefined }],
    ['ExternalProvisioning', { volumesFolder: undefined }],
  ])('that has to wait says why: %s', (reason, more) => {
    const decision = decide(claim(), more);
    expect(decision).toMatchObject({ effects: [], events: [{ reason }] });
    expect(decision.status).toBeUndefined();
  });

  it('without a class takes only what is there', () => {
    const decision = decide(claim({ storageClassName: '' }), { storageClass: undefined });
    expect(decision.events).toMatchObject([
      {
        reason: 'FailedBinding',
        message: 'no persistent volumes available for this claim and no storage class is set',
      },
    ]);
  });

  it('that names its volume gets that, or hears that it is taken', () => {
    const named = claim({ volumeName: 'v' });
    expect(decide(named).effects).toEqual([]);
    expect(decide(named, { volumes: [volume('v', '1Gi')] }).status?.phase).toBe('Bound');
    const taken = decide(named, {
      volumes: [volume('v', '1Gi', { claimRef: { namespace: 'b', name: 'x' } })],
    });
    expect(taken.events).toMatchObject([
      { reason: 'FailedBinding', message: 'volume "v" already bound to a different claim.' },
    ]);
  });

  it('that asks for more gets it where its volume is a folder', () => {
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
    const spec = { volumeName: 'v', resources: { requests: { storage: '2Gi' } } };
    const bound = claim(spec, { annotations }, 'Bound');
    const made = volume('v', '1Gi', reference('uid-c'));
    made.metadata = { ...made.metadata, annotations: { [PROVISIONED_BY]: PROVISIONER } };
    expect(decide(bound, { volumes: [made] })).toMatchObject({
      effects: [{ kind: 'patch', ref: { name: 'v' }, patch: { spec: { capacity: { storage: '2Gi' } } } }],
      status: { capacity: { storage: '2Gi' } },
    });
    expect(decide(bound, { volumes: [volume('v', '1Gi', reference('uid-c'))] }).effects).toEqual([]);
  });

  it('that is bound is left alone, and is lost once with its volume', () => {
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
    const bound = claim({ volumeName: 'v' }, { annotations }, 'Bound');
    expect(decide(bound, { volumes: [volume('v', '1Gi', reference('uid-c'))] }).effects).toEqual([]);
    const lost = decide(bound);
    expect(lost).toMatchObject({ status: { phase: 'Lost' }, events: [{ reason: 'ClaimLost' }] });
    expect(decide({ ...bound, status: { phase: 'Lost' } }).events).toEqual([]);
  });

  it('that is being deleted stays until no pod uses it', () => {
    const finalizers = ['x/y', 'kubernetes.io/pvc-protection'];
    const leaving = claim({}, { deletionTimestamp: ago(1), finalizers });
    expect(decide(leaving, { users: 1 }).effects).toEqual([]);
    expect(decide(leaving).effects).toMatchObject([{ patch: { metadata: { finalizers: ['x/y'] } } }]);
  });
});

describe('a volume', () => {
  const phase = (of: PersistentVolume, to?: PersistentVolumeClaim) =>
    decideVolume({ volume: of, claim: to }, NOW);
  const provisioned = (spec: PersistentVolume['spec']) => {
    const made = volume('v', '1Gi', spec);
    return { ...made, metadata: { ...made.metadata, annotations: { [PROVISIONED_BY]: PROVISIONER } } };
  };

  it('is free, taken, or left behind', () => {
    expect(phase(volume('v', '1Gi')).status?.phase).toBe('Available');
    expect(phase(volume('v', '1Gi', reference())).status?.phase).toBe('Available');
    expect(phase(volume('v', '1Gi', reference('uid-c')), claim()).status).toMatchObject({
      phase: 'Bound',
      lastPhaseTransitionTime: ago(0),
    });
    expect(phase(volume('v', '1Gi', reference('uid-old')), claim())).toMatchObject({
      status: { phase: 'Released' },
      effects: [],
    });
  });

  it('that was made for a claim goes with it, when its class says so', () => {
    const left = provisioned({ ...reference('uid-c'), persistentVolumeReclaimPolicy: 'Delete' });
    expect(phase(left).effects).toMatchObject([{ kind: 'delete', uid: 'uid-v' }]);
    expect(phase(provisioned(reference('uid-c'))).effects).toEqual([]);
  });

  it('of somebody else is not deleted, and that is said once', () => {
    const foreign = volume('v', '1Gi', { ...reference('uid-c'), persistentVolumeReclaimPolicy: 'Delete' });
    const failed = phase(foreign);
    expect(failed).toMatchObject({
      status: { phase: 'Failed' },
      effects: [],
      events: [{ reason: 'VolumeFailedDelete' }],
    });
    expect(phase({ ...foreign, status: failed.status! }).events).toEqual([]);
  });

  it('that is being deleted stays while it is bound', () => {
    const going = volume('v', '1Gi', reference('uid-c'));
    going.metadata = {
      ...going.metadata,
      deletionTimestamp: ago(1),
      finalizers: ['kubernetes.io/pv-protection'],
    };
    expect(phase(going, claim()).effects).toEqual([]);
    expect(phase(going).effects).toMatchObject([{ patch: { metadata: { finalizers: [] } } }]);
  });
});

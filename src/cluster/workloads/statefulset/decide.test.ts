import type { ControllerRevision, StatefulSet, StatefulSetSpec } from 'kubernetes-types/apps/v1.d.ts';
import type { PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { controllerReference, StatefulSets } from '../../../api/index.ts';
import { ago, NOW, type PodOptions, pod } from '../testing/objects.ts';
import { decideStatefulSet } from './decide.ts';

const template = (image: string) => ({
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'main', image }] },
});

function statefulSet(replicas: number, spec: Partial<StatefulSetSpec> = {}, status?: StatefulSet['status']) {
  return {
    metadata: { name: 'web', namespace: 'a', uid: 'uid-web', generation: 1 },
    spec: {
      replicas,
      serviceName: 'web',
      selector: { matchLabels: { app: 'x' } },
      template: template('image:2'),
      ...spec,
    },
    ...(status && { status }),
  } satisfies StatefulSet;
}

const revision = (name: string, number: number, image: string): ControllerRevision => ({
  metadata: { name, namespace: 'a', uid: `uid-${name}` },
  data: { spec: { template: { ...template(image), $patch: 'replace' } } },
  revision: number,
});
const revisions = [revision('web-1', 1, 'image:1'), revision('web-2', 2, 'image:2')];

/** Ready for a minute and of the present template, unless said otherwise. */
function member(ordinal: number, of = 'web-2', options: PodOptions & { leaving?: boolean } = {}): Pod {
  const name = `web-${ordinal}`;
  return pod(name, {
    readyFor: 60,
    ...options,
    metadata: {
      labels: { app: 'x', 'controller-revision-hash': of },
      ownerReferences: [controllerReference(StatefulSets, statefulSet(1))],
      ...(options.leaving && { deletionTimestamp: ago(1) }),
    },
  });
}
const unready = (ordinal: number, of?: string) => member(ordinal, of, { readyFor: undefined });

function decide(
  set: StatefulSet,
  pods: Pod[] = [],
  kept = revisions,
  claims: (string | PersistentVolumeClaim)[] = [],
) {
  const objects = claims.map((each) => (typeof each === 'string' ? { metadata: { name: each } } : each));
  const claim = (name: string) => objects.find(({ metadata }) => metadata?.name === name);
  return decideStatefulSet({ set, pods, revisions: kept, claim }, NOW);
}
const names = ({ effects }: ReturnType<typeof decide>) =>
  effects.map(({ kind, ref }) => `${kind} ${ref.name}`);

describe('a StatefulSet', () => {
  it('keeps its template as a revision before it makes a pod of it', () => {
    const { effects, status } = decide(statefulSet(1), [], []);
    expect(effects).toMatchObject([
      { kind: 'create', object: { kind: 'ControllerRevision', revision: 1, data: { spec: {} } } },
    ]);
    expect(status?.updateRevision).toBe(effects[0]?.ref.name);
    expect(status?.currentRevision).toBe(effects[0]?.ref.name);
  });

  it('may have several pods missing in an update, when it says so', () => {
    const rolling = (maxUnavailable: number | string) =>
      statefulSet(4, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable } } });
    const old = [0, 1, 2, 3].map((ordinal) => member(ordinal, 'web-1'));
    expect(names(decide(rolling(2), old))).toEqual(['delete web-3', 'delete web-2']);
    expect(names(decide(rolling('25%'), old))).toEqual(['delete web-3']);
    const parallel = { ...rolling(2), spec: { ...rolling(2).spec, podManagementPolicy: 'Parallel' } };
    const begun = [...old.slice(0, 2), unready(2), unready(3)];
    expect(names(decide(parallel, begun))).toEqual([]);
    expect(names(decide(parallel, [...old.slice(0, 2), unready(2), member(3)]))).toEqual(['delete web-1']);
  });

  describe('whose claims it deletes', () => {
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: {} }];
    const set = (whenDeleted: string, whenScaled: string, replicas = 1) =>
      statefulSet(replicas, {
        volumeClaimTemplates,
        persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
      });
    const claims = ['data-web-0', 'data-web-1'];
    const owners = (of: StatefulSet, ...more: (string | PersistentVolumeClaim)[]) =>
      decide(of, [member(0), member(1)], revisions, more.length > 0 ? more : claims).effects.map((effect) =>
        effect.kind === 'patch'
          ? [
              effect.ref.name,
              (effect.patch.metadata as PersistentVolumeClaim['metadata'])?.ownerReferences?.map(
                ({ kind, name }) => `${kind} ${name}`,
              ),
            ]
          : [effect.kind, effect.ref.name],
      );

    it('with itself, or with a pod that is too many, makes them theirs before', () => {
      expect(owners(set('Retain', 'Retain'))).toEqual([['delete', 'web-1']]);
      expect(owners(set('Delete', 'Retain'))).toEqual([
        ['data-web-0', ['StatefulSet web']],
        ['data-web-1', ['StatefulSet web']],
      ]);
      expect(owners(set('Retain', 'Delete'))).toEqual([['data-web-1', ['Pod web-1']]]);
      expect(owners(set('Delete', 'Delete'))).toEqual([
        ['data-web-0', ['StatefulSet web']],
        ['data-web-1', ['Pod web-1']],
      ]);
    });

    it('lets go of them when the policy changes, and leaves other owners alone', () => {
      const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'u' };
      const owned = {
        metadata: {
          name: 'data-web-0',
          ownerReferences: [other, controllerReference(StatefulSets, statefulSet(1))],
        },
      };
      expect(owners(set('Retain', 'Retain'), owned)).toEqual([['data-web-0', ['ConfigMap c']]]);
    });

    it('makes one anew that a pending pod lacks', () => {
      const pending = member(0, 'web-2', { phase: 'Pending', readyFor: undefined });
      expect(names(decide(set('Retain', 'Retain'), [pending]))).toEqual(['create data-web-0']);
      expect(names(decide(set('Retain', 'Retain'), [member(0)]))).toEqual([]);
    });

    it('waits with a pod until an old claim of its name is gone', () => {
      const leaving = { metadata: { name: 'data-web-0', deletionTimestamp: ago(1) } };
      const decision = decide(set('Retain', 'Delete'), [], revisions, [leaving]);
      expect(decision.effects).toEqual([]);
      expect(decision.events).toEqual([
        {
          type: 'Warning',
          reason: 'FailedCreate',
          message: 'create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted',
        },
      ]);
    });
  });

  it('makes a template that comes back the newest revision again', () => {
    const back = statefulSet(1, { template: template('image:1') });
    const { effects } = decide(back);
    expect(effects).toMatchObject([{ kind: 'patch', ref: { name: 'web-1' }, patch: { revision: 3 } }]);
  });

  it('gives its pods a name, a number, a host name and volumes of their own', () => {
    const spec = { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] };
    const { effects, events } = decide(statefulSet(1, spec));
    expect(effects).toMatchObject([
      { kind: 'create', object: { kind: 'PersistentVolumeClaim', metadata: { name: 'data-web-0' } } },
      {
        kind: 'create',
        object: {
          metadata: {
            name: 'web-0',
            labels: {
              app: 'x',
              'statefulset.kubernetes.io/pod-name': 'web-0',
              'apps.kubernetes.io/pod-index': '0',
              'controller-revision-hash': 'web-2',
            },
          },
          spec: {
            hostname: 'web-0',
            subdomain: 'web',
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } }],
          },
        },
      },
    ]);
    expect(events.map(({ message }) => message)).toEqual([
      'create Claim data-web-0 Pod web-0 in StatefulSet web success',
      'create Pod web-0 in StatefulSet web successful',
    ]);
    expect(names(decide(statefulSet(1, spec), [], revisions, ['data-web-0']))).toEqual(['create web-0']);
  });

  it('in order makes one pod after the other, each when those before it are available', () => {
    expect(names(decide(statefulSet(3)))).toEqual(['create web-0']);
    expect(names(decide(statefulSet(3), [unready(0)]))).toEqual([]);
    expect(names(decide(statefulSet(3), [member(0)]))).toEqual(['create web-1']);
    const slow = decide(statefulSet(3, { minReadySeconds: 90 }), [member(0)]);
    expect([slow.effects, slow.wakeAt]).toEqual([[], NOW + 30_000]);
  });

  it('in parallel makes and deletes all at once', () => {
    const parallel = { podManagementPolicy: 'Parallel' };
    expect(names(decide(statefulSet(3, parallel)))).toEqual(['create web-0', 'create web-1', 'create web-2']);
    expect(names(decide(statefulSet(0, parallel), [unready(0), member(1)]))).toEqual([
      'delete web-1',
      'delete web-0',
    ]);
  });

  it('in order deletes the highest first, and one that is not available only as the last of these', () => {
    expect(names(decide(statefulSet(1), [member(0), member(1), member(2)]))).toEqual(['delete web-2']);
    const leaving = member(2, 'web-2', { leaving: true });
    expect(names(decide(statefulSet(1), [member(0), member(1), leaving]))).toEqual([]);
    expect(names(decide(statefulSet(1), [unready(0), member(1), member(2)]))).toEqual([]);
    // What is broken does not hold up the others that are to go, nor itself.
    expect(names(decide(statefulSet(1), [member(0), unready(1), member(2)]))).toEqual(['delete web-2']);
    expect(names(decide(statefulSet(1), [member(0), unready(1)]))).toEqual(['delete web-1']);
    expect(names(decide(statefulSet(1), [member(0), unready(1), unready(2)]))).toEqual([]);
    expect(names(decide(statefulSet(1), [member(0), member(1), unready(2)]))).toEqual(['delete web-2']);
  });

  it('starts with the number it is told', () => {
    const spec = { ordinals: { start: 5 } };
    expect(names(decide(statefulSet(1, spec)))).toEqual(['create web-5']);
    expect(names(decide(statefulSet(1, spec), [member(5), member(0)]))).toEqual(['delete web-0']);
  });

  it('deletes a pod that has ended, to make it anew', () => {
    const { effects, events } = decide(statefulSet(1), [member(0, 'web-2', { phase: 'Failed' })]);
    expect(effects).toMatchObject([{ kind: 'delete', uid: 'uid-web-0' }]);
    expect(events).toEqual([
      {
        type: 'Warning',
        reason: 'RecreatingFailedPod',
        message: 'StatefulSet a/web is recreating failed Pod web-0',
      },
    ]);
  });

  it('rolls from the highest number down, one at a time, and says when it is done', () => {
    const before = { currentRevision: 'web-1', replicas: 2 };
    const roll = (...pods: Pod[]) => decide(statefulSet(2, {}, before), pods);
    const first = roll(member(0, 'web-1'), member(1, 'web-1'));
    expect(names(first)).toEqual(['delete web-1']);
    expect(first.status).toMatchObject({
      currentRevision: 'web-1',
      updateRevision: 'web-2',
      currentReplicas: 2,
    });
    expect(names(roll(member(0, 'web-1'), unready(1)))).toEqual([]);
    const second = roll(member(0, 'web-1'), member(1));
    expect(names(second)).toEqual(['delete web-0']);
    expect(second.status).toMatchObject({ currentReplicas: 1, updatedReplicas: 1 });
    expect(roll(member(0), member(1)).status).toMatchObject({
      currentRevision: 'web-2',
      currentReplicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
    });
  });

  it('keeps the earlier template below the partition, also for pods that are made', () => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    const set = statefulSet(2, { updateStrategy }, { currentRevision: 'web-1', replicas: 2 });
    expect(names(decide(set, [member(0, 'web-1'), member(1, 'web-1')]))).toEqual(['delete web-1']);
    expect(names(decide(set, [member(0, 'web-1'), member(1)]))).toEqual([]);
    expect(decide(set, [member(1)]).effects).toMatchObject([
      { object: { metadata: { name: 'web-0' }, spec: { containers: [{ image: 'image:1' }] } } },
    ]);
  });

  it('on delete leaves old pods alone', () => {
    const set = statefulSet(1, { updateStrategy: { type: 'OnDelete' } });
    expect(names(decide(set, [member(0, 'web-1')]))).toEqual([]);
    expect(decide(set).effects).toMatchObject([{ object: { spec: { containers: [{ image: 'image:2' }] } } }]);
  });

  it('adopts pods of its name and labels, not those of others', () => {
    const orphan = (name: string) => pod(name, { readyFor: 60 });
    const { effects } = decide(statefulSet(1), [orphan('web-0'), orphan('web-a'), orphan('other-0')]);
    expect(effects.map(({ what }) => what)).toEqual(['adopt Pod web-0']);
  });

  it('keeps no more revisions than it should, and those that are in use', () => {
    const kept = [revision('web-0', 0, 'image:0'), ...revisions];
    const limited = statefulSet(1, { revisionHistoryLimit: 0, updateStrategy: { type: 'OnDelete' } });
    expect(names(decide(limited, [member(0, 'web-1')], kept))).toEqual(['delete web-0']);
  });

  it('does nothing while it is being deleted', () => {
    const set = statefulSet(3);
    const leaving = { ...set, metadata: { ...set.metadata, deletionTimestamp: ago(1) } };
    expect(decide(leaving).effects).toEqual([]);
  });
});

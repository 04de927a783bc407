import { describe, expect, it } from 'vitest';
import { controllerReference, ReplicaSets } from '../../../api/index.ts';
import { ago, NOW, type PodOptions, pod, replicaSet } from '../testing/objects.ts';
import { decideReplicaSet, decideReplicaSetFailure } from './decide.ts';
import { inDeletionOrder } from './order.ts';

function decide(rs = replicaSet(3), pods = [] as ReturnType<typeof pod>[]) {
  return decideReplicaSet({ replicaSet: rs, pods, related: pods }, NOW);
}
const owned = (name: string, options: PodOptions = {}) => pod(name, { owner: replicaSet(1), ...options });

describe('a ReplicaSet', () => {
  it('makes the pods that are missing, from its template and under its control', () => {
    const { effects, events, status } = decide(replicaSet(3), [owned('p')]);
    expect(effects.map((effect) => effect.kind)).toEqual(['create', 'create']);
    const [first] = effects;
    expect(first).toMatchObject({
      object: {
        kind: 'Pod',
        metadata: {
          name: expect.stringMatching(/^rs-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
          generateName: 'rs-',
          labels: { app: 'x' },
          ownerReferences: [
            { kind: 'ReplicaSet', name: 'rs', uid: 'uid-rs', controller: true, blockOwnerDeletion: true },
          ],
        },
        spec: { containers: [{ image: 'image:1' }] },
      },
    });
    expect(new Set(effects.map((effect) => effect.ref.name)).size).toBe(2);
    expect(events[0]).toEqual({
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message: `Created pod: ${first?.ref.name}`,
    });
    expect(status).toMatchObject({ replicas: 1, fullyLabeledReplicas: 1, observedGeneration: 1 });
  });

  it('gives other names at another time, so that a name is not used again', () => {
    const names = (now: number) =>
      decideReplicaSet({ replicaSet: replicaSet(50), pods: [], related: [] }, now).effects.map(
        (effect) => effect.ref.name,
      );
    expect(new Set([...names(NOW), ...names(NOW + 1)]).size).toBe(100);
    expect(names(NOW)).toEqual(names(NOW));
  });

  it('does not count pods that have ended or are going', () => {
    const pods = [
      owned('failed', { phase: 'Failed' }),
      owned('done', { phase: 'Succeeded' }),
      pod('going', {
        metadata: { deletionTimestamp: ago(1), ownerReferences: owned('x').metadata!.ownerReferences! },
      }),
    ];
    expect(decide(replicaSet(1), pods).effects).toHaveLength(1);
  });

  it('deletes what is too many, by uid, and says so', () => {
    const { effects, events } = decide(replicaSet(1), [
      owned('old', { readyFor: 1000 }),
      owned('young', { phase: 'Pending' }),
    ]);
    expect(effects).toMatchObject([{ kind: 'delete', ref: { name: 'young' }, uid: 'uid-young' }]);
    expect(events).toMatchObject([{ reason: 'SuccessfulDelete', message: 'Deleted pod: young' }]);
  });

  it('makes at most 500 pods in one pass', () => {
    expect(decide(replicaSet(2000)).effects).toHaveLength(500);
  });

  it('makes nothing while it is being deleted', () => {
    const { effects, status } = decide(replicaSet(3, { metadata: { deletionTimestamp: ago(1) } }));
    expect(effects).toEqual([]);
    expect(status?.replicas).toBe(0);
  });

  it('counts ready and available pods, and wakes when availability is a matter of time', () => {
    const rs = replicaSet(3, { minReadySeconds: 30 });
    const decision = decide(rs, [owned('a', { readyFor: 40 }), owned('b', { readyFor: 10 }), owned('c')]);
    expect(decision.status).toMatchObject({ replicas: 3, readyReplicas: 2, availableReplicas: 1 });
    expect(decision.wakeAt).toBe(NOW + 20_000);
    expect(decide(replicaSet(1), [owned('a', { readyFor: 0 })]).status?.availableReplicas).toBe(1);
  });

  it('adopts a pod that it selects and releases one that it no longer does, before it makes others', () => {
    const stray = pod('stray');
    const relabelled = owned('relabelled', { metadata: { labels: { app: 'y' } } });
    const lost = {
      ...relabelled,
      metadata: {
        ...relabelled.metadata,
        ownerReferences: [controllerReference(ReplicaSets, replicaSet(1))],
      },
    };
    const { effects } = decide(replicaSet(5), [stray, lost]);
    expect(effects).toMatchObject([
      {
        kind: 'patch',
        what: 'adopt Pod stray',
        resourceVersion: '1',
        patch: { metadata: { uid: 'uid-stray', ownerReferences: [{ uid: 'uid-rs' }] } },
      },
      { kind: 'patch', what: 'release Pod relabelled', patch: { metadata: { ownerReferences: [] } } },
    ]);
  });

  it("leaves alone what another controls, and what is another's to adopt", () => {
    const other = replicaSet(1, { metadata: { name: 'other', uid: 'uid-other' } });
    expect(
      decide(replicaSet(0), [pod('p', { owner: other }), pod('q', { metadata: { labels: { app: 'y' } } })])
        .effects,
    ).toEqual([]);
  });

  it('says in a condition why pods cannot be made, and takes it back when they can', () => {
    const view = { replicaSet: replicaSet(3), pods: [], related: [] };
    const [effect] = decideReplicaSet(view, NOW).effects;
    const failed = decideReplicaSetFailure(view, { effect: effect!, message: 'exceeded quota' }, NOW);
    const condition = {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'exceeded quota',
    };
    expect(failed.status?.conditions).toMatchObject([{ ...condition, lastTransitionTime: ago(0) }]);
    expect(failed.events).toEqual([
      { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: exceeded quota' },
    ]);
    const broken = replicaSet(3, { status: failed.status! });
    expect(decideReplicaSet({ ...view, replicaSet: broken }, NOW).status?.conditions).toBeUndefined();
  });
});

describe('pods are given up', () => {
  const order = (...pods: ReturnType<typeof pod>[]) =>
    inDeletionOrder([...pods].reverse(), pods, NOW).map((each) => each.metadata?.name);
  const cost = (value: string) => ({ annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } });

  it.each([
    [
      'without a node first',
      pod('first', { spec: { nodeName: '' }, readyFor: 9 }),
      pod('last', { phase: 'Pending' }),
    ],
    ['pending before running', pod('first', { phase: 'Pending' }), pod('last')],
    ['not ready before ready', pod('first'), pod('last', { readyFor: 1 })],
    [
      'cheaper before dearer, whatever their age',
      pod('first', { readyFor: 9000, metadata: { name: 'first', ...cost('-5') } }),
      pod('last', { readyFor: 1, metadata: { name: 'last' } }),
    ],
    ['ready for a shorter time first', pod('first', { readyFor: 5 }), pod('last', { readyFor: 5000 })],
    [
      'restarted more often first',
      pod('first', { readyFor: 5, restarts: 3 }),
      pod('last', { readyFor: 5, restarts: 1 }),
    ],
    [
      'younger first',
      pod('first', { readyFor: 5, metadata: { name: 'first', creationTimestamp: ago(10) } }),
      pod('last', { readyFor: 5, metadata: { name: 'last', creationTimestamp: ago(9000) } }),
    ],
  ])('%s', (_what, first, last) => {
    expect(order(first, last)).toEqual(['first', 'last']);
  });

  it('from the node with most of them', () => {
    const on = (name: string, nodeName: string) => pod(name, { readyFor: 5, spec: { nodeName } });
    expect(order(on('b1', 'b'), on('a1', 'a'), on('a2', 'a')).at(-1)).toBe('b1');
    // Those that have ended take no room.
    const pods = [on('b1', 'b'), on('a1', 'a')];
    const ended = ['b2', 'b3'].map((name) => pod(name, { phase: 'Succeeded', spec: { nodeName: 'b' } }));
    const sibling = on('a2', 'a');
    const [first] = inDeletionOrder(pods, [...pods, ...ended, sibling], NOW);
    expect(first?.metadata?.name).toBe('a1');
  });

  it('with a cost that is no integer counting as none', () => {
    const odd = pod('odd', { readyFor: 5, metadata: { name: 'odd', ...cost('-1e3') } });
    const dear = pod('cheap', { readyFor: 5, metadata: { name: 'cheap', ...cost('-1') } });
    expect(order(odd, dear)).toEqual(['cheap', 'odd']);
  });
});

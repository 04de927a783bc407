import type { PodDisruptionBudgetSpec, PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { ago, NOW, pod } from '../testing/objects.ts';
import { type DisruptionView, decideDisruption } from './decide.ts';

const ready = (name: string) => pod(name, { readyFor: 60 });
const three = [ready('a'), ready('b'), ready('c')];

function decide(
  spec: PodDisruptionBudgetSpec,
  pods = three,
  options: {
    replicas?: number;
    status?: Partial<PodDisruptionBudgetStatus>;
    unknown?: string;
    isPartial?: boolean;
  } = {},
) {
  const { replicas = pods.length, status, unknown, isPartial = false } = options;
  const view: DisruptionView = {
    budget: {
      metadata: { name: 'pdb', namespace: 'a', generation: 2 },
      spec,
      ...(status && { status: status as PodDisruptionBudgetStatus }),
    },
    pods,
    scale: unknown ? { kind: 'unknown', message: unknown } : { kind: 'known', replicas, isPartial },
  };
  return decideDisruption(view, NOW);
}

describe('a PodDisruptionBudget', () => {
  it.each([
    ['a number of available pods', { minAvailable: 2 }, 3, 3, 2, 1],
    ['a share of available pods, rounded up', { minAvailable: '50%' }, 3, 3, 2, 1],
    ['a number of missing pods', { maxUnavailable: 1 }, 3, 3, 2, 1],
    ['a share of missing pods, rounded up', { maxUnavailable: '30%' }, 3, 3, 2, 1],
    ['pods that are still to come', { maxUnavailable: 1 }, 5, 5, 4, 0],
    ['more missing pods than there are', { maxUnavailable: 9 }, 3, 3, 0, 3],
  ])('counts with %s', (_what, spec, replicas, expectedPods, desiredHealthy, disruptionsAllowed) => {
    expect(decide(spec, three, { replicas }).status).toMatchObject({
      observedGeneration: 2,
      currentHealthy: 3,
      expectedPods,
      desiredHealthy,
      disruptionsAllowed,
    });
  });

  it('says in a condition whether a pod may go, and since when', () => {
    const sufficient = decide({ minAvailable: 2 });
    expect(sufficient.status?.conditions).toEqual([
      {
        type: 'DisruptionAllowed',
        status: 'True',
        reason: 'SufficientPods',
        message: '',
        observedGeneration: 2,
        lastTransitionTime: ago(0),
      },
    ]);
    const conditions = sufficient.status!.conditions!.map((each) => ({
      ...each,
      lastTransitionTime: ago(9),
    }));
    const afterwards = (spec: PodDisruptionBudgetSpec) =>
      decide(spec, three, { status: { conditions } }).status?.conditions;
    expect(afterwards({ minAvailable: 1 })).toMatchObject([{ status: 'True', lastTransitionTime: ago(9) }]);
    expect(afterwards({ minAvailable: 3 })).toMatchObject([
      { status: 'False', reason: 'InsufficientPods', lastTransitionTime: ago(0) },
    ]);
  });

  it('counts only pods that are ready and stay', () => {
    const leaving = pod('d', { readyFor: 9, metadata: { name: 'd', deletionTimestamp: ago(1) } });
    expect(decide({ minAvailable: 1 }, [...three, leaving, pod('e')]).status).toMatchObject({
      expectedPods: 5,
      currentHealthy: 3,
    });
  });

  it('holds an evicted pod against the budget until its deletion is seen, for two minutes', () => {
    const evicted = (seconds: number) =>
      decide({ minAvailable: 2 }, three, { status: { disruptedPods: { a: ago(seconds), gone: ago(1) } } });
    expect(evicted(20)).toMatchObject({
      status: { currentHealthy: 2, disruptionsAllowed: 0, disruptedPods: { a: ago(20) } },
      wakeAt: NOW + 100_000,
    });
    expect(evicted(20).status?.disruptedPods).not.toHaveProperty('gone');
    const given = evicted(120);
    expect(given.status).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 1 });
    expect(given.status?.disruptedPods).toBeUndefined();
    expect(given.events).toMatchObject([{ type: 'Warning', reason: 'NotDeleted' }]);
  });

  it('allows nothing while a controller does not say its size', () => {
    const { status, events } = decide({ maxUnavailable: 1 }, three, { unknown: 'no scale' });
    expect(status).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ status: 'False', reason: 'SyncFailed', message: 'no scale' }],
    });
    expect(events).toMatchObject([
      { reason: 'NoControllers', message: 'no scale' },
      {
        reason: 'CalculateExpectedPodCountFailed',
        message: 'Failed to calculate the number of expected pods: no scale',
      },
    ]);
  });

  it('says that pods without a controller do not count', () => {
    const { events } = decide({ maxUnavailable: 1 }, three, { isPartial: true });
    expect(events).toMatchObject([{ type: 'Warning', reason: 'UnmanagedPods' }]);
  });

  it('without pods allows nothing, and says so', () => {
    const { status, events } = decide({ minAvailable: 0 }, []);
    expect(status).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect(events).toEqual([{ type: 'Normal', reason: 'NoPods', message: 'No matching pods found' }]);
  });
});

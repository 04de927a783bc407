import { describe, expect, it } from 'vitest';
import type { Rollout } from '../../api/index.ts';
import { analysisRun, experiment, pod, replicaSet, rollout } from '../testing/objects.ts';
import { shownPhase } from './phase.ts';
import { type RolloutObjects, rolloutInfo } from './rollout.ts';
import { setWeightOf, stepText } from './weights.ts';

const info = (objects: Partial<RolloutObjects> & Pick<RolloutObjects, 'rollout'>) =>
  rolloutInfo({ replicaSets: [], pods: [], experiments: [], analysisRuns: [], ...objects });

describe('weights', () => {
  const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
  const at = (index: number | undefined, status: object = {}, canary: object = {}) =>
    rollout('r', {
      spec: { strategy: { canary: { steps, ...canary } } },
      status: { ...(index !== undefined && { currentStepIndex: index }), ...status },
    });

  it.each<[string, Rollout, number]>([
    ['at the first step', at(0), 10],
    ['after it', at(1), 10],
    ['at a later one', at(3), 60],
    ['past the end', at(4), 100],
    ['without an index', at(undefined), 10],
    ['aborted', at(3, { abort: true }), 0],
    ['before any setWeight', at(0, {}, { steps: [{ pause: {} }, { setWeight: 5 }] }), 0],
    ['without steps', at(0, {}, { steps: null }), 100],
    ['past the end of 1000', at(4, {}, { trafficRouting: { nginx: {}, maxTrafficWeight: 1000 } }), 1000],
  ])('CLI-066 SetWeight %s', (_, object, weight) => {
    expect(setWeightOf(object)).toBe(weight);
  });

  const routed = {
    trafficRouting: { nginx: {}, maxTrafficWeight: 1000 },
    steps: [{ setWeight: 250 }, { pause: {} }],
  };
  const weights = { canary: { weight: 240 }, stable: { weight: 760 } };
  it.each<[string, Rollout, number, string]>([
    ['1 of 5', at(1, { availableReplicas: 5 }), 1, '20'],
    ['1 of 3, rounded down', at(1, { availableReplicas: 3 }), 1, '33'],
    ['nothing available', at(1, { availableReplicas: 0 }), 1, '0'],
    ['past the end', at(4, { availableReplicas: 0 }), 1, '100'],
    ['routed, from the status', at(1, { availableReplicas: 3, canary: { weights } }, routed), 1, '240'],
    ['routed, without a status', at(1, { availableReplicas: 3 }, routed), 1, '250'],
  ])('CLI-067 ActualWeight %s', (_, object, canaries, weight) => {
    const withHashes = { ...object, status: { ...object.status, stableRS: 'old', currentPodHash: 'new' } };
    const canary = replicaSet(withHashes, 'new', { replicas: canaries });
    expect(info({ rollout: withHashes, replicaSets: [canary] }).actualWeight).toBe(weight);
  });

  it('steps are only counted while there is an index', () => {
    expect([stepText(at(2)), stepText(at(undefined)), stepText(rollout('r'))]).toEqual(['2/4', '', '']);
  });
});

describe('phase', () => {
  const of = (change: Parameters<typeof rollout>[1], workload?: object) =>
    shownPhase(rollout('r', { metadata: { generation: 2 }, ...change }), workload);

  it('CLI-065 what the controller has not seen comes before what it wrote', () => {
    const seen = { observedGeneration: '2' };
    expect(of({ status: { observedGeneration: '1' } }).message).toBe(
      'waiting for rollout spec update to be observed',
    );
    expect(of({ status: { observedGeneration: 'x' } }).phase).toBe('Healthy');
    expect(of({ status: { observedGeneration: '3' } }).phase).toBe('Healthy');
    expect(of({ status: { ...seen, controllerPause: true } }).message).toBe('waiting for rollout to unpause');
    expect(of({ status: { ...seen, phase: 'Degraded', message: 'm' } })).toEqual({
      phase: 'Degraded',
      message: 'm',
    });
    expect(of({ status: { ...seen, phase: null as never }, spec: { paused: true } })).toEqual({
      phase: 'Paused',
      message: 'manually paused',
    });
  });

  it('CLI-065 an unobserved workload counts as unobserved', () => {
    const change = {
      metadata: { generation: 2, annotations: { 'rollout.argoproj.io/workload-generation': '4' } },
      status: { observedGeneration: '2', workloadObservedGeneration: '4' },
    };
    expect(of(change, { metadata: { generation: 5 } })).toEqual({
      phase: 'Progressing',
      message: 'waiting for rollout spec update to be observed for the reference workload',
    });
    expect(of(change, { metadata: { generation: 4 } }).phase).toBe('Healthy');
    expect(of(change).phase).toBe('Healthy');
  });
});

describe('ReplicaSets', () => {
  const canary = (pingPong: object | undefined, stablePingPong?: string) =>
    rollout('r', {
      spec: { strategy: { canary: { ...(pingPong && { pingPong }) } } } as never,
      status: { stableRS: 's', currentPodHash: 'c', canary: { ...(stablePingPong && { stablePingPong }) } },
    });
  const roles = (owner: Rollout, hash: string) => {
    const [first] = info({ rollout: owner, replicaSets: [replicaSet(owner, hash)] }).replicaSets;
    return Object.entries(first ?? {})
      .filter(([, value]) => value === true)
      .map(([name]) => name);
  };

  it('CLI-068 stable, canary, ping and pong', () => {
    const services = { pingService: 'a', pongService: 'b' };
    expect(roles(canary(undefined), 's')).toEqual(['stable']);
    expect(roles(canary(undefined), 'c')).toEqual(['canary']);
    expect(roles(canary(services, 'ping'), 's')).toEqual(['stable', 'ping']);
    expect(roles(canary(services, 'ping'), 'c')).toEqual(['canary', 'pong']);
    expect(roles(canary(services, 'pong'), 's')).toEqual(['stable', 'pong']);
    expect(roles(canary(services), 'other')).toEqual([]);
  });

  it('CLI-068 without a hash it is nothing', () => {
    const empty = rollout('r', { status: { stableRS: '' } });
    expect(roles(empty, '')).toEqual([]);
  });

  it.each([
    ['Progressing', { metadata: { generation: 2 } }],
    [
      'ReplicaFailure',
      { status: { observedGeneration: 1, conditions: [{ type: 'ReplicaFailure', status: 'True' }] } },
    ],
    ['Progressing', { status: { observedGeneration: 1, availableReplicas: 0 } }],
    ['ScaledDown', { spec: { replicas: 0 } }],
    ['Healthy', {}],
  ])('CLI-068 health %s', (health, change) => {
    const owner = rollout('r');
    const set = replicaSet(owner, 'a');
    const changed = Object.fromEntries(
      Object.entries(set).map(([key, value]) => [key, Object.assign({}, value, change[key as never])]),
    );
    const shown = info({ rollout: owner, replicaSets: [{ ...changed, kind: 'ReplicaSet' }] });
    expect(shown.replicaSets[0]?.status).toBe(health);
  });
});

describe('order', () => {
  it('CLI-074 ReplicaSets, pods, runs and experiments', () => {
    const owner = rollout('r');
    const first = replicaSet(owner, 'b', { revision: 1 });
    const replicaSets = [
      first,
      replicaSet(owner, 'a', { revision: 1 }),
      replicaSet(owner, 'c', { revision: 10 }),
    ];
    const pods = [
      pod(first, 'z', { ageSeconds: 9 }),
      pod(first, 'y', { ageSeconds: 5 }),
      pod(first, 'x', { ageSeconds: 9 }),
    ];
    const analysisRuns = [
      analysisRun(owner, 'x', { revision: 1, ageSeconds: 5 }),
      analysisRun(owner, 'y', { revision: 1, ageSeconds: 5 }),
      analysisRun(owner, 'z', { revision: 1, ageSeconds: 9 }),
      analysisRun(owner, 'new', { revision: 2 }),
    ];
    const experiments = ['1', '2'].map((revision) =>
      experiment(owner, `e${revision}`, {
        metadata: { annotations: { 'rollout.argoproj.io/revision': revision } },
      }),
    );
    const shown = info({ rollout: owner, replicaSets, pods, analysisRuns, experiments });
    const names = (list: { objectMeta: { name?: string } }[]) =>
      list.map(({ objectMeta }) => objectMeta.name);
    expect(names(shown.replicaSets)).toEqual(['r-c', 'r-a', 'r-b']);
    expect(names(shown.replicaSets[2]?.pods ?? [])).toEqual(['r-b-x', 'r-b-z', 'r-b-y']);
    expect(names(shown.analysisRuns)).toEqual(['r-new', 'r-z', 'r-y', 'r-x']);
    expect(names(shown.experiments)).toEqual(['e2', 'e1']);
  });
});

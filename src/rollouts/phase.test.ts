import { describe, expect, it } from 'vitest';
import type { RolloutCondition, RolloutSpec, RolloutStatus } from '../api/index.ts';
import { phaseOf, rolloutPhase } from './phase.ts';
import { rollout, START } from './testing.ts';

const condition = (type: string, reason: string): RolloutCondition => ({
  type,
  status: 'False',
  reason,
  message: 'why',
  lastUpdateTime: '',
  lastTransitionTime: '',
});
const fine: RolloutStatus = {
  replicas: 5,
  updatedReplicas: 5,
  availableReplicas: 5,
  stableRS: 'a',
  currentPodHash: 'a',
};
const routed = { strategy: { canary: { trafficRouting: {} } } };

describe('phase and message (CAN §15)', () => {
  it.each<[number, RolloutSpec, RolloutStatus, string, string]>([
    [
      1,
      {},
      { ...fine, conditions: [condition('InvalidSpec', 'InvalidSpec')] },
      'Degraded',
      'InvalidSpec: why',
    ],
    [
      1,
      {},
      { ...fine, conditions: [condition('Progressing', 'RolloutAborted')] },
      'Degraded',
      'RolloutAborted: why',
    ],
    [
      1,
      {},
      { ...fine, conditions: [condition('Progressing', 'ProgressDeadlineExceeded')] },
      'Degraded',
      'ProgressDeadlineExceeded: why',
    ],
    [
      1,
      {},
      { ...fine, conditions: [condition('Progressing', 'ReplicaSetCreateError')] },
      'Degraded',
      'ReplicaSetCreateError: why',
    ],
    [2, { paused: true }, fine, 'Paused', 'manually paused'],
    [
      3,
      {},
      { ...fine, pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '' }] },
      'Paused',
      'CanaryPauseStep',
    ],
    [4, { restartAt: '2026-03-02T08:00:00Z' }, fine, 'Progressing', 'rollout is restarting'],
    [4, { restartAt: '2027-03-02T08:00:00Z' }, fine, 'Healthy', ''],
    [5, {}, { ...fine, updatedReplicas: 2 }, 'Progressing', 'more replicas need to be updated'],
    [
      6,
      {},
      { ...fine, availableReplicas: 4 },
      'Progressing',
      'updated replicas are still becoming available',
    ],
    [7, {}, { ...fine, replicas: 6 }, 'Progressing', 'old replicas are pending termination'],
    [7, routed, { ...fine, replicas: 6 }, 'Healthy', ''],
    [8, {}, { ...fine, stableRS: 'b' }, 'Progressing', 'waiting for all steps to complete'],
    [9, {}, fine, 'Healthy', ''],
  ])('CAN-124 row %i: %j', (_row, spec, status, phase, message) => {
    expect(phaseOf({ replicas: 5, ...spec }, status, START)).toEqual({ phase, message });
  });
});

describe('what clients show (CLI §3.2)', () => {
  const shown = (status: RolloutStatus, generation = 2) => {
    const subject = rollout();
    return rolloutPhase({ ...subject, metadata: { ...subject.metadata, generation }, status });
  };
  it('CAN-125 an unobserved spec, a resume on its way, then what the controller wrote', () => {
    expect(shown({ ...fine, observedGeneration: '1', phase: 'Healthy' })).toEqual({
      phase: 'Progressing',
      message: 'waiting for rollout spec update to be observed',
    });
    expect(shown({ ...fine, observedGeneration: '2', controllerPause: true })).toEqual({
      phase: 'Progressing',
      message: 'waiting for rollout to unpause',
    });
    expect(shown({ observedGeneration: '3', phase: 'Degraded', message: 'x' })).toEqual({
      phase: 'Degraded',
      message: 'x',
    });
    expect(shown({ ...fine, observedGeneration: 'abc' })).toEqual({ phase: 'Healthy', message: '' });
  });
});

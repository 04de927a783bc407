import { describe, expect, it } from 'vitest';
import { progressThresholdMet } from './canary/targets.ts';
import { setCondition } from './conditions.ts';
import { decideCreationFailed } from './creation.ts';
import { decideRolloutDeleted } from './deletion.ts';
import {
  analysis,
  analysisTemplate,
  healthy,
  pause,
  rollout,
  type Scenario,
  START,
  service,
  setWeight,
} from './testing.ts';

const conditionOf = (scenario: Scenario, type: string) =>
  scenario.status.conditions?.find((condition) => condition.type === type);

describe('the status', () => {
  it('CAN-117 CAN-118 CAN-119 counts all pods and observes the generation', () => {
    const scenario = healthy({ steps: [setWeight(40), pause()] })
      .setImage('app:2')
      .advance(10_000);
    expect(scenario.status).toMatchObject({
      replicas: 5,
      updatedReplicas: 2,
      readyReplicas: 5,
      availableReplicas: 5,
      HPAReplicas: 5,
      selector: 'app=demo',
      observedGeneration: '2',
    });
    expect(scenario.status.canary).toBeUndefined();
  });

  it('CAN-120 CAN-122 a healthy Rollout has these conditions', () => {
    const scenario = healthy();
    const name = scenario.replicaSets[0]?.metadata?.name;
    const lines = scenario.status.conditions?.map(
      ({ type, status, reason, message }) => `${type} ${status} ${reason} ${message}`,
    );
    expect(lines?.sort()).toEqual([
      'Available True AvailableReason Rollout has minimum availability',
      'Completed True RolloutCompleted RolloutCompleted',
      'Healthy True RolloutHealthy Rollout is healthy',
      `Progressing True NewReplicaSetAvailable ReplicaSet "${name}" has successfully progressed.`,
    ]);
  });

  it('CAN-121 the same status and reason change nothing, another reason keeps the transition time', () => {
    const first = setCondition([], { type: 'Available', status: 'True', reason: 'A', message: 'one' }, START);
    const same = setCondition(
      first,
      { type: 'Available', status: 'True', reason: 'A', message: 'two' },
      START + 5000,
    );
    expect(same).toEqual(first);
    const [other] = setCondition(
      first,
      { type: 'Available', status: 'True', reason: 'B', message: 'three' },
      START + 5000,
    );
    expect(other).toMatchObject({ message: 'three', lastTransitionTime: first[0]?.lastTransitionTime });
    expect(other?.lastUpdateTime).not.toBe(first[0]?.lastUpdateTime);
  });

  it('CAN-123 mirrors a ReplicaFailure and drops it again', () => {
    const scenario = healthy();
    const rs = scenario.replicaSets[0];
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' };
    scenario.put('replicasets', { ...rs, status: { ...rs?.status, conditions: [failure] } } as never).pass();
    expect(conditionOf(scenario, 'ReplicaFailure')).toMatchObject({
      status: 'True',
      reason: 'FailedCreate',
      message: 'quota',
    });
    scenario.put('replicasets', { ...rs, status: { ...rs?.status } } as never).pass();
    expect(conditionOf(scenario, 'ReplicaFailure')).toBeUndefined();
  });

  it('CAN-120 a ReplicaSet that cannot be created is Degraded', () => {
    const subject = rollout();
    const decision = decideCreationFailed(subject, 'demo-x', 'exceeded quota', START);
    expect(decision.status).toMatchObject({
      phase: 'Degraded',
      message: 'ReplicaSetCreateError: Failed to create new replica set "demo-x": exceeded quota',
    });
    expect(decision.events[0]).toMatchObject({ type: 'Warning', reason: 'ReplicaSetCreateError' });
  });
});

describe('progress', () => {
  const spec = { progressDeadlineSeconds: 20 };

  it.each([
    ['a pause', pause(120)],
    ['an endless pause', pause()],
    ['an analysis', analysis('check')],
  ])('CAN-104 %s longer than the deadline does not degrade', (_name, step) => {
    const scenario = healthy({ steps: [setWeight(20), step], spec }, (fresh) => {
      fresh.templates.set('check', analysisTemplate('check'));
    });
    scenario.setImage('app:2').advance(100_000);
    expect(scenario.status.phase).not.toBe('Degraded');
    expect(scenario.status.currentStepIndex).toBe(1);
  });

  it.each([
    ['Percent', 90, 10, 9, true],
    ['Percent', 90, 10, 8, false],
    ['Pods', 5, 10, 5, true],
    ['Pods', 5, 10, 4, false],
    ['Pods', 50, 10, 10, true],
    ['Percent', 0, 10, 0, false],
    ['Percent', 90, 0, 0, true],
    ['Percent', -1, 10, 9, false],
  ])(
    'CAN-069 a threshold of %s %i with %i pods wanted and %i available: %s',
    (type, value, wanted, available, met) => {
      const rs = {
        spec: { replicas: wanted, selector: {} },
        status: { replicas: wanted, availableReplicas: available },
      };
      expect(
        progressThresholdMet({ canary: { replicaProgressThreshold: { type, value } } }, rs, wanted),
      ).toBe(met);
    },
  );

  it('CAN-070 a threshold also lets the last step promote', () => {
    const scenario = healthy({
      replicas: 4,
      canary: { replicaProgressThreshold: { type: 'Percent', value: 75 } },
    });
    scenario.setImage('app:2').settle();
    scenario.advance(1999);
    const rs = scenario.replicaSetOf('app:2');
    scenario.put('replicasets', {
      ...rs,
      spec: { ...rs?.spec, replicas: 4 },
      status: { ...rs?.status, replicas: 4, availableReplicas: 3 },
    } as never);
    scenario.pass();
    expect(scenario.status.stableRS).toBe(scenario.status.currentPodHash);
  });

  it('CAN-049 a stable version that crashes does not hold up a good one', () => {
    const scenario = healthy({ steps: [setWeight(40)] });
    scenario.broken.add('app:1');
    for (const pod of scenario.pods) scenario.remove('pods', pod.metadata?.name ?? '');
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:2': 5 });
    expect(scenario.status.phase).toBe('Healthy');
  });
});

describe('duration (CAN §13.2)', () => {
  const started = (scenario: Scenario) => scenario.status.duration?.rolloutStartedAt;

  it('CAN-130 Promoted, with the time that a person let it wait apart', () => {
    const scenario = healthy({ steps: [pause(), pause(10)] });
    expect(scenario.status.duration).toMatchObject({ completionStatus: 'Promoted' });
    scenario.setImage('app:2').advance(30_000);
    expect(scenario.status.duration?.manualPauseStartedAt).toBeDefined();
    expect(scenario.status.duration?.finishedAt).toBeUndefined();
    scenario.patchStatus({ pauseConditions: null }).advance(60_000);
    expect(scenario.status.duration).toMatchObject({
      completionStatus: 'Promoted',
      totalManualPauseDurationSeconds: 30,
    });
    expect(scenario.status.duration?.manualPauseStartedAt).toBeUndefined();
  });

  it('CAN-130 Aborted, and a retry starts anew', () => {
    const scenario = healthy({ steps: [setWeight(20), pause()] })
      .setImage('app:2')
      .advance(10_000);
    const first = started(scenario);
    scenario.patchStatus({ abort: true }).advance(10_000);
    expect(scenario.status.duration).toMatchObject({ completionStatus: 'Aborted', rolloutStartedAt: first });
    scenario.patchStatus({ abort: false }).advance(10_000);
    expect(started(scenario)).not.toBe(first);
    expect(scenario.status.duration?.finishedAt).toBeUndefined();
  });

  it('CAN-130 FastPromoted and RolledBack', () => {
    const steps = [setWeight(20), pause()];
    const promoted = healthy({ steps })
      .setImage('app:2')
      .advance(10_000)
      .patchStatus({ promoteFull: true })
      .advance(60_000);
    expect(promoted.status.duration?.completionStatus).toBe('FastPromoted');
    const back = healthy({ steps }).setImage('app:2').advance(10_000);
    const first = started(back);
    back.setImage('app:1').advance(60_000);
    expect(back.status.duration).toMatchObject({ completionStatus: 'RolledBack', rolloutStartedAt: first });
  });

  it('CAN-130 scaling is no rollout', () => {
    const scenario = healthy();
    const before = scenario.status.duration;
    scenario.edit({ replicas: 7 }).advance(60_000);
    expect(scenario.status.duration).toEqual(before);
  });
});

describe('deletion', () => {
  it('CAN-131 gives the Services back and says so, name first', () => {
    const scenario = healthy({ canary: { stableService: 'stable' } }, (fresh) => {
      fresh.services.set('stable', service('stable'));
    });
    const other = service('other');
    const decision = decideRolloutDeleted(scenario.rollout, [...scenario.services.values(), other]);
    expect(decision.events).toEqual([
      { type: 'Normal', reason: 'RolloutDeleted', message: 'Rollout demo/shop is deleted.' },
    ]);
    expect(decision.effects).toMatchObject([
      {
        kind: 'patch',
        ref: { name: 'stable' },
        patch: { spec: { selector: { 'rollouts-pod-template-hash': null } } },
      },
    ]);
  });

  it('CAN-131 a Rollout that is being deleted is left alone', () => {
    const scenario = healthy();
    scenario.rollout = {
      ...scenario.rollout,
      metadata: { ...scenario.rollout.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect(scenario.setImage('app:2').pass()).toBe(false);
    expect(scenario.last.effects).toEqual([]);
  });
});

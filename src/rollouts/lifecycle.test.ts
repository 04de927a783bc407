import { describe, expect, it } from 'vitest';
import { healthy, pause, rollout, Scenario, setWeight } from './testing.ts';

describe('initial deploy', () => {
  it('CAN-037 CAN-038 scales straight to the wanted size, without steps, with the events of §8.1', () => {
    const scenario = new Scenario(rollout({ steps: [setWeight(20), pause()] })).advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 5 });
    expect(scenario.status).toMatchObject({ phase: 'Healthy', currentStepIndex: 2 });
    expect(scenario.status.stableRS).toBe(scenario.status.currentPodHash);
    expect(scenario.reasons()).toEqual([
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'RolloutCompleted',
    ]);
    expect(scenario.events.at(-1)?.message).toMatch(
      /^Rollout completed update to revision 1 \([4-9bcdf]+\): Initial deploy$/,
    );
  });

  it('CAN-039 stays at no pods while spec.paused, and starts when unpaused', () => {
    const scenario = new Scenario(rollout({ spec: { paused: true } })).advance(60_000);
    expect(scenario.layout()).toEqual({});
    expect(scenario.status).toMatchObject({ phase: 'Paused', message: 'manually paused' });
    scenario.edit({ paused: false }).advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 5 });
    expect(scenario.status.phase).toBe('Healthy');
  });

  it('CAN-003 writes replicas that are not set as 1', () => {
    const scenario = new Scenario(rollout({ replicas: undefined })).advance(60_000);
    expect(scenario.rollout.spec.replicas).toBe(1);
    expect(scenario.layout()).toEqual({ 'app:1': 1 });
  });

  it('CAN-128 comes to rest: a pass at steady state decides nothing', () => {
    const scenario = healthy();
    expect(scenario.pass()).toBe(false);
    expect(scenario.last).toMatchObject({ effects: [], events: [] });
  });
});

describe('an update', () => {
  it('CAN-127 CAN-072 CAN-071 has the event sequence of §8.2', () => {
    const scenario = healthy({ replicas: 1, steps: [setWeight(50), pause('3s')] });
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.layout()).toEqual({ 'app:2': 1 });
    expect(scenario.reasons()).toEqual([
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'RolloutStepCompleted',
      'RolloutPaused',
      'RolloutStepCompleted',
      'RolloutResumed',
      'ScalingReplicaSet',
      'RolloutCompleted',
    ]);
  });

  it('CAN-042 5 replicas settle at 1 and 4 at 20 %, and wait at the pause', () => {
    const scenario = healthy({ steps: [setWeight(20), pause(), setWeight(50), pause('30s')] });
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 1 });
    expect(scenario.status).toMatchObject({
      phase: 'Paused',
      message: 'CanaryPauseStep',
      currentStepIndex: 1,
      controllerPause: true,
      pauseConditions: [{ reason: 'CanaryPauseStep' }],
    });
    expect(scenario.status.conditions?.find(({ type }) => type === 'Paused')?.status).toBe('True');
    expect(scenario.pass()).toBe(false);
    expect(scenario.last.because.map(({ code }) => code)).toContain('WaitingForPromotion');
  });

  it('CAN-041 10 replicas at 41 % settle at 4 and 6', () => {
    const scenario = healthy({ replicas: 10, steps: [setWeight(41), pause()] });
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 6, 'app:2': 4 });
  });

  it('CAN-073 goes on when a person clears the pause', () => {
    const scenario = healthy({ steps: [setWeight(20), pause()] });
    scenario.setImage('app:2').advance(60_000);
    scenario.patchStatus({ pauseConditions: null }).settle();
    expect(scenario.status.currentStepIndex).toBe(2);
    expect(scenario.status.controllerPause).toBeUndefined();
    scenario.advance(60_000);
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.layout()).toEqual({ 'app:2': 5 });
  });

  it('CAN-071 a timed pause ends strictly after its duration', () => {
    const scenario = healthy({ steps: [pause(30)] });
    scenario.setImage('app:2').settle();
    expect(scenario.status.currentStepIndex).toBe(0);
    const end = scenario.now + 30_000;
    scenario.now = end;
    scenario.settle();
    expect(scenario.status.currentStepIndex).toBe(0);
    expect(scenario.last.wakeAt).toBe(end + 1);
    scenario.now = end + 1;
    scenario.settle();
    expect(scenario.status.currentStepIndex).toBe(1);
  });

  it('CAN-044 with 0 replicas runs through all steps', () => {
    const scenario = healthy({ replicas: 0, steps: [setWeight(20), pause('5s'), setWeight(60)] });
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.status).toMatchObject({ phase: 'Healthy', currentStepIndex: 3 });
    expect(scenario.layout()).toEqual({});
  });

  it('CAN-051 steps that begin with a pause run without canary pods', () => {
    const scenario = healthy({ steps: [pause(), setWeight(50)] });
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 5 });
  });

  it('CAN-050 CAN-103 a bad version stalls within surge, turns Degraded and recovers', () => {
    const scenario = healthy({ spec: { progressDeadlineSeconds: 60 } });
    scenario.broken.add('app:2');
    scenario.setImage('app:2').advance(59_000);
    expect(scenario.status.phase).toBe('Progressing');
    scenario.advance(70_000);
    expect(scenario.status.phase).toBe('Degraded');
    expect(scenario.status.message).toMatch(
      /^ProgressDeadlineExceeded: ReplicaSet "demo-[^"]+" has timed out progressing\.$/,
    );
    expect(scenario.layout()).toMatchObject({ 'app:1': 4 });
    scenario.broken.clear();
    scenario.advance(60_000);
    expect(scenario.status.phase).toBe('Healthy');
  });

  it('CAN-106 progressDeadlineAbort aborts it', () => {
    const scenario = healthy({ spec: { progressDeadlineSeconds: 60, progressDeadlineAbort: true } });
    scenario.broken.add('app:2');
    scenario.setImage('app:2').advance(200_000);
    expect(scenario.status.abort).toBe(true);
    expect(scenario.status.message).toMatch(
      /^RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "[^"]+" has timed out progressing\.$/,
    );
    expect(scenario.reasons().filter((reason) => reason === 'RolloutAborted')).toHaveLength(1);
    expect(scenario.layout()).toEqual({ 'app:1': 5 });
  });

  it('CAN-048 changes one ReplicaSet in a pass, stable first', () => {
    const scenario = healthy({ replicas: 10, steps: [setWeight(41), pause()] });
    scenario.setImage('app:2').advance(60_000);
    const scalings = scenario.events.filter(({ reason }) => reason === 'ScalingReplicaSet');
    expect(scalings.map(({ message }) => message.replace(/ReplicaSet \S+/, 'RS'))).toEqual([
      'Scaled down RS (revision 1) from 10 to 8',
      'Scaled up RS (revision 2) from 0 to 4',
      'Scaled down RS (revision 1) from 8 to 6',
    ]);
  });

  it('CAN-094 CAN-097 other steps start over with the same ReplicaSet, another surge does not', () => {
    const scenario = healthy({ steps: [setWeight(20), pause()] });
    scenario.setImage('app:2').advance(60_000);
    scenario.edit({ strategy: { canary: { maxSurge: 1 } } }).settle();
    expect(scenario.status.currentStepIndex).toBe(1);
    scenario.edit({ strategy: { canary: { steps: [pause(), setWeight(40)] } } }).settle();
    expect(scenario.status.currentStepIndex).toBe(0);
    expect(scenario.rollout.metadata.annotations?.['rollout.argoproj.io/revision']).toBe('2');
  });

  it('CAN-095 other steps on a promoted rollout leave the pods alone', () => {
    const scenario = healthy({ steps: [setWeight(20)] });
    scenario
      .edit({ strategy: { canary: { steps: [setWeight(20), pause(), setWeight(40)] } } })
      .advance(10_000);
    expect(scenario.status).toMatchObject({ phase: 'Healthy', currentStepIndex: 3 });
    expect(scenario.reasons()).toContain('SkipSteps');
    expect(scenario.effects).toEqual([]);
  });
});

describe('another strategy', () => {
  it('CAN-102 coming from blueGreen at rest changes no pods and skips the steps', () => {
    const scenario = healthy({ steps: [setWeight(20), pause()] });
    scenario.patchStatus({
      currentStepHash: null,
      currentStepIndex: null,
      blueGreen: { activeSelector: 'x' },
    });
    scenario.edit({ minReadySeconds: 0 }).advance(10_000);
    expect(scenario.status).toMatchObject({ phase: 'Healthy', currentStepIndex: 2 });
    expect(scenario.status.blueGreen).toBeUndefined();
    expect(scenario.effects).toEqual([]);
  });
});

describe('abort and retry', () => {
  const aborted = () => {
    const scenario = healthy({ steps: [setWeight(40), pause()] });
    scenario.setImage('app:2').advance(60_000);
    scenario.events.length = 0;
    return scenario.patchStatus({ abort: true });
  };

  it('CAN-088 CAN-089 returns to stable and keeps the template', () => {
    const scenario = aborted().advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 5 });
    expect(scenario.status).toMatchObject({
      abort: true,
      currentStepIndex: 0,
      phase: 'Degraded',
      message: 'RolloutAborted: Rollout aborted update to revision 2',
    });
    expect(scenario.status.abortedAt).toBeDefined();
    expect(scenario.status.pauseConditions).toBeUndefined();
    expect(scenario.status.conditions?.find(({ type }) => type === 'Paused')?.status).toBe('False');
    expect(scenario.reasons().filter((reason) => reason === 'RolloutAborted')).toHaveLength(1);
    expect(scenario.pass()).toBe(false);
  });

  it('CAN-091 retry runs the steps again', () => {
    const scenario = aborted().advance(60_000);
    scenario.patchStatus({ abort: false }).settle();
    expect(scenario.status.abort).toBeUndefined();
    expect(scenario.status.abortedAt).toBeUndefined();
    scenario.advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 3, 'app:2': 2 });
    expect(scenario.status.phase).toBe('Paused');
  });

  it('CAN-091 retry is a condition of its own', () => {
    const scenario = aborted().advance(60_000).patchStatus({ abort: false });
    scenario.pass();
    expect(scenario.status.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'Unknown',
      reason: 'RolloutRetry',
      message: 'Retrying Rollout after abort',
    });
  });

  it('CAN-080 full promotion after an abort completes the update', () => {
    const scenario = aborted().advance(60_000).patchStatus({ promoteFull: true }).advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:2': 5 });
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.status.promoteFull).toBeUndefined();
    expect(scenario.status.abort).toBeUndefined();
  });

  it('CAN-092 an abort of a promoted rollout is ignored', () => {
    const scenario = healthy().patchStatus({ abort: true }).settle();
    expect(scenario.status.abort).toBeUndefined();
    expect(scenario.status.phase).toBe('Healthy');
  });

  it('CAN-093 another template clears the abort and starts at step 0', () => {
    const scenario = aborted().advance(60_000).setImage('app:3').advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 3, 'app:3': 2 });
    expect(scenario.status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
    expect(scenario.status.abort).toBeUndefined();
  });

  it('CAN-098 the stable template again ends Healthy without steps', () => {
    const scenario = aborted().advance(60_000).setImage('app:1').advance(60_000);
    expect(scenario.status).toMatchObject({ phase: 'Healthy', currentStepIndex: 2 });
    expect(scenario.reasons()).toContain('SkipSteps');
    expect(scenario.layout()).toEqual({ 'app:1': 5 });
  });
});

describe('promotion and rollback', () => {
  it('CAN-079 full promotion skips steps and pauses', () => {
    const scenario = healthy({ steps: [setWeight(20), pause(), setWeight(40), pause()] });
    scenario.setImage('app:2').advance(60_000).patchStatus({ promoteFull: true }).advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:2': 5 });
    expect(scenario.status).toMatchObject({ phase: 'Healthy', currentStepIndex: 4 });
    expect(scenario.status.promoteFull).toBeUndefined();
    expect(scenario.events.at(-1)?.message).toContain('Full promotion requested');
  });

  it('CAN-030 CAN-031 an old template gets a new revision and remembers its old one', () => {
    const scenario = healthy();
    scenario.setImage('app:2').advance(60_000).setImage('app:1').advance(60_000);
    const annotations = scenario.replicaSetOf('app:1')?.metadata?.annotations;
    expect(annotations).toMatchObject({
      'rollout.argoproj.io/revision': '3',
      'rollout.argoproj.io/revision-history': '1',
    });
    expect(scenario.rollout.metadata.annotations?.['rollout.argoproj.io/revision']).toBe('3');
  });

  it('CAN-099 CAN-100 within the rollback window the steps are skipped, beyond it they are not', () => {
    const steps = [setWeight(20), pause()];
    const scenario = healthy({ steps, spec: { rollbackWindow: { revisions: 3 } } });
    for (const version of [2, 3, 4, 5]) {
      scenario.setImage(`app:${version}`).patchStatus({ promoteFull: true }).settle();
      scenario.patchStatus({ promoteFull: true }).advance(60_000);
    }
    expect(scenario.layout()).toEqual({ 'app:5': 5 });
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:2': 5 });
    expect(scenario.status.phase).toBe('Healthy');
    scenario.setImage('app:5').advance(60_000);
    expect(scenario.status.phase).toBe('Paused');
  });

  it('CAN-133 a stable ReplicaSet that is deleted during an update holds it', () => {
    const scenario = healthy({ steps: [setWeight(20), pause()] });
    scenario.setImage('app:2').advance(60_000);
    scenario.remove('replicasets', scenario.replicaSetOf('app:1')?.metadata?.name ?? '').settle();
    expect(scenario.status.phase).toBe('Degraded');
    expect(scenario.status.message).toMatch(/^StableReplicaSetMissing: /);
    scenario.patchStatus({ promoteFull: true }).advance(60_000);
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.layout()).toEqual({ 'app:2': 5 });
  });

  it('CAN-126 pod loss on a promoted rollout is Progressing, then Healthy', () => {
    const scenario = healthy();
    scenario.readyAfterMs = 5000;
    scenario.remove('pods', scenario.pods[0]?.metadata?.name ?? '').settle();
    expect(scenario.status.phase).toBe('Progressing');
    expect(scenario.status.conditions?.find(({ type }) => type === 'Progressing')?.reason).toBe(
      'ReplicaSetNotAvailable',
    );
    expect(scenario.advance(10_000).status.phase).toBe('Healthy');
  });
});

describe('scaling', () => {
  it('CAN-109 keeps the ratio at a pause', () => {
    const scenario = healthy({ replicas: 8, steps: [setWeight(25), pause()] });
    scenario.setImage('app:2').advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 6, 'app:2': 2 });
    scenario.edit({ replicas: 4 }).advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 3, 'app:2': 1 });
    expect(scenario.status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
  });

  it('CAN-076 CAN-075 follows spec.replicas while spec.paused, and nothing else', () => {
    const scenario = healthy({ replicas: 10, steps: [setWeight(20), pause('5s'), setWeight(60)] });
    scenario.setImage('app:2').advance(4_000).edit({ paused: true }).advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 8, 'app:2': 2 });
    expect(scenario.status).toMatchObject({
      phase: 'Paused',
      message: 'manually paused',
      currentStepIndex: 1,
    });
    scenario.edit({ replicas: 20 }).advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 16, 'app:2': 4 });
    scenario.edit({ replicas: 5 }).advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 1 });
    expect(scenario.status.currentStepIndex).toBe(1);
    scenario.edit({ paused: false }).advance(60_000);
    expect(scenario.status.phase).toBe('Healthy');
  });

  it('CAN-108 a new template together with a new size converges', () => {
    const scenario = healthy({ replicas: 4, steps: [setWeight(50), pause()] });
    scenario.edit({ replicas: 8 }).setImage('app:2').advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 4 });
  });
});

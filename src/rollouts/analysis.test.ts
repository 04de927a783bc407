import { describe, expect, it } from 'vitest';
import {
  analysis,
  analysisTemplate,
  healthy,
  pause,
  type RolloutOptions,
  type Scenario,
  setWeight,
} from './testing.ts';

const withTemplate = (scenario: Scenario) => void scenario.templates.set('check', analysisTemplate('check'));
const updating = (options: RolloutOptions) =>
  healthy(options, withTemplate).setImage('app:2').advance(10_000);
const onlyRun = (scenario: Scenario) => scenario.runs.at(-1)?.metadata.name ?? '';
const background = { canary: { analysis: { templates: [{ templateName: 'check' }] } } };

describe('a step with analysis', () => {
  const steps = [setWeight(20), analysis('check'), setWeight(60), pause()];

  it('CAN-081 starts a run of the step and goes on when it is Successful', () => {
    const scenario = updating({ steps });
    const run = scenario.runs[0];
    const hash = scenario.status.currentPodHash;
    expect(run?.metadata).toMatchObject({
      name: `demo-${hash}-2-1`,
      labels: { 'rollouts-pod-template-hash': hash, 'rollout-type': 'Step', 'step-index': '1', app: 'demo' },
      annotations: { 'rollout.argoproj.io/revision': '2' },
    });
    expect(scenario.status.canary?.currentStepAnalysisRunStatus).toEqual({
      name: run?.metadata.name,
      status: 'Pending',
    });
    scenario.finishRun(onlyRun(scenario), 'Running').settle();
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 1 });
    scenario.finishRun(onlyRun(scenario), 'Successful').advance(20_000);
    expect(scenario.layout()).toEqual({ 'app:1': 2, 'app:2': 3 });
    expect(scenario.status.canary?.currentStepAnalysisRunStatus).toBeUndefined();
    expect(
      scenario.events.filter(({ reason }) => reason.startsWith('AnalysisRun')).map(({ message }) => message),
    ).toEqual([
      `Step Analysis Run '${run?.metadata.name}' Status New: 'Running' Previous: 'Pending'`,
      `Step Analysis Run '${run?.metadata.name}' Status New: 'Successful' Previous: 'Running'`,
    ]);
  });

  it.each(['Failed', 'Error'] as const)('CAN-081 aborts when it is %s, with the cause', (phase) => {
    const scenario = updating({ steps });
    scenario.finishRun(onlyRun(scenario), phase, 'metric bad').advance(20_000);
    expect(scenario.status.message).toBe(
      'RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: metric bad',
    );
    expect(scenario.layout()).toEqual({ 'app:1': 5 });
    expect(scenario.pass()).toBe(false);
  });

  it('CAN-082 waits for a person when it is Inconclusive, and measures again after that', () => {
    const scenario = updating({ steps });
    const first = onlyRun(scenario);
    scenario.finishRun(first, 'Inconclusive').advance(60_000);
    expect(scenario.status).toMatchObject({
      phase: 'Paused',
      message: 'InconclusiveAnalysisRun',
      currentStepIndex: 1,
    });
    expect(scenario.runs).toHaveLength(1);
    expect(scenario.pass()).toBe(false);
    scenario.patchStatus({ pauseConditions: null }).settle();
    expect(onlyRun(scenario)).toBe(`${first}.1`);
    expect(scenario.status.controllerPause).toBeUndefined();
    scenario.finishRun(`${first}.1`, 'Successful').advance(20_000);
    expect(scenario.status.currentStepIndex).toBe(3);
  });

  it('CAN-078 a promotion past the step leaves the inconclusive run behind', () => {
    const scenario = updating({ steps });
    scenario.finishRun(onlyRun(scenario), 'Inconclusive').advance(10_000);
    scenario
      .patchStatus({ pauseConditions: null, controllerPause: false, currentStepIndex: 2 })
      .advance(20_000);
    expect(scenario.status.currentStepIndex).toBe(3);
    expect(scenario.runs).toHaveLength(1);
  });

  it('CAN-077 a promotion past the step ends its run', () => {
    const scenario = updating({ steps });
    scenario.patchStatus({ currentStepIndex: 2 }).settle();
    expect(scenario.runs[0]?.spec.terminate).toBe(true);
  });

  it('CAN-091 a retry measures again under another name', () => {
    const scenario = updating({ steps });
    const first = onlyRun(scenario);
    scenario.finishRun(first, 'Failed').advance(20_000).patchStatus({ abort: false }).advance(20_000);
    expect(onlyRun(scenario)).toBe(`${first}.1`);
  });

  it('CAN-134 a run that was made before a crash is taken over, not made twice', () => {
    const scenario = updating({ steps });
    scenario.patchStatus({ canary: { currentStepAnalysisRunStatus: null } }).settle();
    expect(scenario.runs).toHaveLength(1);
    expect(scenario.status.canary?.currentStepAnalysisRunStatus?.name).toBe(onlyRun(scenario));
  });
});

describe('background analysis', () => {
  it('CAN-081 runs beside the steps and aborts when it fails', () => {
    const scenario = updating({ steps: [setWeight(20), pause()], ...background });
    expect(onlyRun(scenario)).toBe(`demo-${scenario.status.currentPodHash}-2`);
    expect(scenario.status.canary?.currentBackgroundAnalysisRunStatus?.status).toBe('Pending');
    scenario.finishRun(onlyRun(scenario), 'Failed', 'too slow').advance(20_000);
    expect(scenario.status.message).toBe(
      'RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: too slow',
    );
    expect(scenario.status.canary?.currentBackgroundAnalysisRunStatus).toBeUndefined();
  });

  it('CAN-081 starts at startingStep and ends with the promotion', () => {
    const scenario = updating({
      steps: [setWeight(20), pause(), setWeight(60)],
      canary: { analysis: { templates: [{ templateName: 'check' }], startingStep: 2 } },
    });
    expect(scenario.runs).toHaveLength(0);
    scenario.patchStatus({ pauseConditions: null }).advance(60_000);
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.runs).toHaveLength(1);
    expect(scenario.runs[0]?.spec.terminate).toBe(true);
  });

  it('CAN-037 is not started by the first deploy', () => {
    expect(healthy(background, withTemplate).runs).toHaveLength(0);
  });

  it('CAN-100 is not started by a rollback to stable', () => {
    const scenario = updating({ steps: [pause()], ...background })
      .setImage('app:1')
      .advance(10_000);
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.runs.every((run) => run.spec.terminate)).toBe(true);
    expect(scenario.runs).toHaveLength(1);
  });

  it('ANA §7.5 keeps five unsuccessful runs', () => {
    const scenario = updating({ steps: [setWeight(20), pause()], ...background });
    for (let i = 0; i < 8; i++) {
      scenario.finishRun(onlyRun(scenario), 'Failed').advance(10_000);
      scenario.patchStatus({ abort: false }).advance(10_000);
    }
    const finished = scenario.runs.filter((run) => run.status?.phase === 'Failed');
    expect(finished).toHaveLength(5);
  });
});

it('CAN-021 CAN-023 a missing template makes it Degraded until it is there', () => {
  const scenario = healthy({ steps: [analysis('check')] });
  expect(scenario.status).toMatchObject({
    phase: 'Degraded',
    message:
      'InvalidSpec: The Rollout "demo" is invalid: spec.strategy.canary.steps[0].analysis.templates: ' +
      `Invalid value: "check": AnalysisTemplate 'check' not found`,
  });
  expect(scenario.replicaSets).toEqual([]);
  withTemplate(scenario);
  expect(scenario.advance(60_000).status.phase).toBe('Healthy');
});

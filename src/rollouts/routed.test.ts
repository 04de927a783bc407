import { describe, expect, it } from 'vitest';
import type { CanaryStep, CanaryStrategy } from '../api/index.ts';
import {
  healthy,
  ingress,
  pause,
  type RolloutOptions,
  rollout,
  Scenario,
  service,
  setWeight,
} from './testing.ts';

const HASH = 'rollouts-pod-template-hash';
const WEIGHT = 'nginx.ingress.kubernetes.io/canary-weight';

function routed(
  steps: CanaryStep[],
  canary: CanaryStrategy = {},
  options: RolloutOptions = {},
): RolloutOptions {
  return {
    replicas: 4,
    steps,
    canary: {
      canaryService: 'canary',
      stableService: 'stable',
      trafficRouting: { nginx: { stableIngress: 'web' } },
      ...canary,
    },
    ...options,
  };
}

function withObjects(scenario: Scenario): void {
  scenario.services.set('canary', service('canary'));
  scenario.services.set('stable', service('stable'));
  scenario.ingresses.set('web', ingress('web', 'stable'));
}

const start = (steps: CanaryStep[], canary: CanaryStrategy = {}, options: RolloutOptions = {}) =>
  healthy(routed(steps, canary, options), withObjects);
const weight = (scenario: Scenario) =>
  Number(scenario.ingresses.get('demo-web-canary')?.metadata?.annotations?.[WEIGHT]);
const selects = (scenario: Scenario, name: string) => scenario.services.get(name)?.spec?.selector?.[HASH];
const hashOf = (scenario: Scenario, image: string) => scenario.replicaSetOf(image)?.metadata?.labels?.[HASH];

describe('a canary behind nginx', () => {
  it('TRF-024 TRF-019 sets no weight and adopts no Service until the first pods are all there', () => {
    const scenario = new Scenario(rollout(routed([setWeight(25)])));
    withObjects(scenario);
    scenario.settle();
    expect(scenario.status.canary?.weights).toBeUndefined();
    expect(selects(scenario, 'stable')).toBeUndefined();
    expect(scenario.ingresses.has('demo-web-canary')).toBe(false);
    scenario.advance(10_000);
    const hash = hashOf(scenario, 'app:1');
    expect(scenario.status.canary?.weights).toEqual({
      canary: { weight: 0, serviceName: 'canary', podTemplateHash: hash },
      stable: { weight: 100, serviceName: 'stable', podTemplateHash: hash },
    });
    expect([selects(scenario, 'stable'), selects(scenario, 'canary')]).toEqual([hash, hash]);
    expect(weight(scenario)).toBe(0);
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.pass()).toBe(false);
  });

  it('CAN-052 TRF-029 TRF-030 follows the timeline of TRF §6', () => {
    const scenario = start([setWeight(25), pause(), setWeight(50)]);
    const seen: string[] = [];
    scenario.check = () => {
      const layout = scenario.layout();
      const line = `${layout['app:2'] ?? 0}/${layout['app:1'] ?? 0} at ${weight(scenario)}`;
      if (seen.at(-1) !== line) seen.push(line);
      // Traffic never goes where no pods are.
      if (weight(scenario) > 0) expect(selects(scenario, 'canary')).toBe(hashOf(scenario, 'app:2'));
    };
    scenario.setImage('app:2').advance(20_000);
    expect(scenario.status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
    scenario.patchStatus({ pauseConditions: null }).advance(5_000);
    expect(seen).toEqual([
      '0/4 at 0',
      '1/4 at 0',
      '1/4 at 25',
      '2/4 at 25',
      '2/4 at 50',
      '4/4 at 50',
      '4/4 at 100',
      '4/4 at 0',
    ]);
    expect(
      scenario.events.filter(({ reason }) => reason === 'TrafficWeightUpdated').map(({ message }) => message),
    ).toEqual([
      'Traffic weight updated from 0 to 25',
      'Traffic weight updated from 25 to 50',
      'Traffic weight updated from 50 to 100',
      'Traffic weight updated from 100 to 0',
    ]);
    expect([selects(scenario, 'stable'), selects(scenario, 'canary')]).toEqual(
      Array(2).fill(hashOf(scenario, 'app:2')),
    );
  });

  it('TRF-021 the stable Service switches before the weight returns to 0', () => {
    const scenario = start([setWeight(50)]);
    scenario.check = () => {
      if (scenario.status.stableRS === hashOf(scenario, 'app:2') && weight(scenario) === 0) {
        expect(selects(scenario, 'stable')).toBe(hashOf(scenario, 'app:2'));
      }
    };
    scenario.setImage('app:2').advance(60_000);
    expect(weight(scenario)).toBe(0);
  });

  it('CAN-058 the former stable pods stay for the delay and then go', () => {
    const scenario = start([setWeight(50)])
      .setImage('app:2')
      .advance(10_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 4 });
    expect(scenario.status.phase).toBe('Healthy');
    const deadline = scenario.replicaSetOf('app:1')?.metadata?.annotations?.['scale-down-deadline'];
    expect(deadline).toBeDefined();
    scenario.advance(Date.parse(deadline ?? '') - scenario.now - 1);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 4 });
    scenario.advance(1);
    expect(scenario.layout()).toEqual({ 'app:2': 4 });
    expect(scenario.replicaSetOf('app:1')?.metadata?.annotations?.['scale-down-deadline']).toBeUndefined();
  });

  it('CAN-060 scaleDownDelaySeconds 0 removes them at once', () => {
    const scenario = start([setWeight(50)], { scaleDownDelaySeconds: 0 })
      .setImage('app:2')
      .advance(5_000);
    expect(scenario.layout()).toEqual({ 'app:2': 4 });
  });

  it('CAN-061 going back within the delay takes the deadline away', () => {
    const scenario = start([setWeight(50), pause()])
      .setImage('app:2')
      .patchStatus({})
      .advance(10_000);
    scenario.patchStatus({ pauseConditions: null }).advance(6_000);
    expect(scenario.status.phase).toBe('Healthy');
    scenario.setImage('app:1').advance(5_000);
    expect(scenario.replicaSetOf('app:1')?.metadata?.annotations?.['scale-down-deadline']).toBeUndefined();
  });

  it('CAN-059 scaleDownDelayRevisionLimit 1 keeps only the newest of the delayed', () => {
    const scenario = start([], { scaleDownDelayRevisionLimit: 1, scaleDownDelaySeconds: 600 });
    scenario.setImage('app:2').advance(10_000).setImage('app:3').advance(10_000);
    expect(scenario.layout()).toEqual({ 'app:2': 4, 'app:3': 4 });
  });

  it('CAN-065 an intermediate version goes at once, the stable one stays', () => {
    const scenario = start([setWeight(50), pause()])
      .setImage('app:2')
      .advance(10_000);
    scenario.setImage('app:3').advance(10_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:3': 2 });
    expect(weight(scenario)).toBe(50);
  });

  it('CAN-062 CAN-090 TRF-023 TRF-032 an abort returns all traffic at once, the pods follow 30 s later', () => {
    const scenario = start([setWeight(50), pause()])
      .setImage('app:2')
      .advance(10_000);
    expect(weight(scenario)).toBe(50);
    scenario.events.length = 0;
    scenario.patchStatus({ abort: true });
    scenario.pass();
    expect(weight(scenario)).toBe(0);
    scenario.settle();
    expect(selects(scenario, 'canary')).toBe(hashOf(scenario, 'app:1'));
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 2 });
    scenario.advance(29_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 2 });
    scenario.advance(2_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4 });
    expect(scenario.reasons().filter((reason) => reason === 'SwitchService')).toHaveLength(1);
    expect(scenario.pass()).toBe(false);
  });

  it('CAN-063 abortScaleDownDelaySeconds 0 keeps the pods', () => {
    const scenario = start([setWeight(50), pause()], { abortScaleDownDelaySeconds: 0 });
    scenario.setImage('app:2').advance(10_000).patchStatus({ abort: true }).advance(3_600_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 2 });
  });

  it('CAN-064 a long abortScaleDownDelaySeconds holds them', () => {
    const scenario = start([setWeight(50), pause()], { abortScaleDownDelaySeconds: 2000 });
    scenario.setImage('app:2').advance(10_000).patchStatus({ abort: true }).advance(1_999_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 2 });
    expect(scenario.advance(2_000).layout()).toEqual({ 'app:1': 4 });
  });

  it('CAN-053 setCanaryScale counts pods apart from the weight', () => {
    const scenario = start([
      { setCanaryScale: { weight: 25 } },
      setWeight(50),
      pause(),
      { setCanaryScale: { replicas: 3 } },
      pause(),
      { setCanaryScale: { matchTrafficWeight: true } },
      pause(),
    ]);
    const resume = () => scenario.patchStatus({ pauseConditions: null }).advance(10_000);
    scenario.setImage('app:2').advance(10_000);
    expect([scenario.layout()['app:2'], weight(scenario)]).toEqual([1, 50]);
    resume();
    expect(scenario.layout()['app:2']).toBe(3);
    resume();
    expect(scenario.layout()['app:2']).toBe(2);
  });

  it('CAN-055 TRF-039 dynamicStableScale scales the stable version down behind the traffic', () => {
    const scenario = start([setWeight(25), pause(), setWeight(50), pause()], { dynamicStableScale: true });
    scenario.check = () => {
      const stable = scenario.replicaSetOf('app:1')?.status?.availableReplicas ?? 0;
      const needed = Math.floor(((100 - weight(scenario)) * 4) / 100);
      if (scenario.status.stableRS === hashOf(scenario, 'app:1'))
        expect(stable).toBeGreaterThanOrEqual(needed);
    };
    scenario.setImage('app:2').advance(10_000);
    expect(scenario.layout()).toEqual({ 'app:1': 3, 'app:2': 1 });
    scenario.patchStatus({ pauseConditions: null }).advance(10_000);
    expect(scenario.layout()).toEqual({ 'app:1': 2, 'app:2': 2 });
    expect(weight(scenario)).toBe(50);
  });

  it('CAN-056 TRF-068 dynamicStableScale: an abort moves traffic back as stable pods come, nginx keeps a stable pod', () => {
    const scenario = start([setWeight(50), pause(), setWeight(100), pause()], { dynamicStableScale: true });
    scenario.setImage('app:2').advance(10_000).patchStatus({ pauseConditions: null }).advance(10_000);
    expect(weight(scenario)).toBe(100);
    expect(scenario.layout()).toEqual({ 'app:1': 1, 'app:2': 4 });
    scenario.check = () => {
      const stable = scenario.replicaSetOf('app:1')?.status?.availableReplicas ?? 0;
      expect(100 - weight(scenario)).toBeLessThanOrEqual(Math.ceil((100 * stable) / 4));
    };
    scenario.patchStatus({ abort: true }).advance(60_000);
    expect(weight(scenario)).toBe(0);
    expect(scenario.layout()).toEqual({ 'app:1': 4 });
  });

  it('CAN-101 a fast rollback gives the old version no more weight than its share of pods', () => {
    const scenario = start(
      [setWeight(50), setWeight(80)],
      { scaleDownDelaySeconds: 0 },
      { spec: { rollbackWindow: { revisions: 3 } } },
    );
    scenario.setImage('app:2').advance(60_000);
    scenario.check = () => {
      const available = scenario.replicaSetOf('app:1')?.status?.availableReplicas ?? 0;
      if (scenario.status.stableRS !== hashOf(scenario, 'app:1')) {
        expect(weight(scenario)).toBeLessThanOrEqual((100 * available) / 4);
      }
    };
    scenario.setImage('app:1').advance(60_000);
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.layout()).toEqual({ 'app:1': 4 });
  });

  it('TRF-031 without steps the canary gets no weight; promotion swaps the stable Service', () => {
    const scenario = start([]);
    scenario.check = () => expect(weight(scenario)).toBe(0);
    scenario.setImage('app:2').advance(10_000);
    expect(scenario.status.phase).toBe('Healthy');
    expect(selects(scenario, 'stable')).toBe(hashOf(scenario, 'app:2'));
  });

  it('TRF-027 keeps the weight while stable cannot carry the rest', () => {
    const scenario = start([setWeight(25), pause()]);
    scenario.readyAfterMs = 3_600_000;
    scenario.remove('pods', scenario.pods[0]?.metadata?.name ?? '');
    scenario.setImage('app:2').advance(10_000);
    expect(weight(scenario)).toBe(0);
    expect(scenario.status.canary?.weights?.canary.podTemplateHash).toBe(hashOf(scenario, 'app:1'));
  });

  it('TRF-047 TRF-048 a router that cannot be configured is told and does not stop an abort', () => {
    const scenario = start([setWeight(50), pause()]);
    scenario.setImage('app:2').advance(10_000);
    const canary = scenario.ingresses.get('demo-web-canary');
    scenario.ingresses.set('demo-web-canary', {
      ...canary,
      metadata: { ...canary?.metadata, ownerReferences: [] },
    });
    scenario.patchStatus({ abort: true });
    scenario.pass();
    expect(scenario.status.abort).toBe(true);
    expect(scenario.status.phase).toBe('Degraded');
    expect(scenario.events.find(({ reason }) => reason === 'TrafficRoutingError')?.message).toBe(
      'canary ingress `demo-web-canary` controlled by different object',
    );
    expect(scenario.status.conditions?.find(({ type }) => type === 'TrafficRouting')?.status).toBe('False');
  });

  it('CAN-052 a lower weight moves the traffic before the pods', () => {
    const scenario = start([setWeight(75), pause(), setWeight(0), pause()])
      .setImage('app:2')
      .advance(10_000);
    expect([scenario.layout()['app:2'], weight(scenario)]).toEqual([3, 75]);
    scenario.check = () => {
      const pods = scenario.replicaSetOf('app:2')?.spec?.replicas ?? 0;
      expect(pods).toBeGreaterThanOrEqual((weight(scenario) * 4) / 100);
    };
    scenario.patchStatus({ pauseConditions: null }).advance(10_000);
    expect([scenario.layout()['app:2'], weight(scenario)]).toEqual([undefined, 0]);
  });

  it('CAN-105 the delay of the former stable pods is no lack of progress', () => {
    const spec = { progressDeadlineSeconds: 20 };
    const scenario = start([setWeight(50)], { scaleDownDelaySeconds: 120 }, { spec }).setImage('app:2');
    scenario.advance(100_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 4 });
    expect(scenario.status.phase).toBe('Healthy');
  });

  it('CAN-057 an explicit abortScaleDownDelaySeconds with dynamicStableScale counts from the end of the traffic', () => {
    const canary = { dynamicStableScale: true, abortScaleDownDelaySeconds: 60 };
    const scenario = start([setWeight(50), pause()], canary)
      .setImage('app:2')
      .advance(10_000);
    const deadline = () => scenario.replicaSetOf('app:2')?.metadata?.annotations?.['scale-down-deadline'];
    scenario.check = () => {
      if (deadline() === undefined) return;
      expect(weight(scenario)).toBe(0);
      expect(scenario.replicaSetOf('app:1')?.status?.availableReplicas).toBe(4);
    };
    scenario.patchStatus({ abort: true }).advance(30_000);
    expect(deadline()).toBeDefined();
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 2 });
    expect(scenario.advance(60_000).layout()).toEqual({ 'app:1': 4 });
  });

  it('CAN-110 old ReplicaSets with another size in their annotation cause no scaling', () => {
    const scenario = start([setWeight(50)], { scaleDownDelaySeconds: 600 })
      .setImage('app:2')
      .advance(20_000);
    scenario.edit({ replicas: 6 }).advance(20_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 6 });
    expect(scenario.pass()).toBe(false);
  });

  it('CAN-114 a basic canary adopts its Services when the pods are complete', () => {
    const services = { canaryService: 'canary', stableService: 'stable' };
    const scenario = healthy({ steps: [setWeight(40), pause()], canary: services }, withObjects);
    scenario.setImage('app:2').advance(10_000);
    expect(selects(scenario, 'stable')).toBe(hashOf(scenario, 'app:1'));
    expect(selects(scenario, 'canary')).toBe(hashOf(scenario, 'app:2'));
    expect(scenario.services.get('canary')?.metadata?.annotations).toEqual({
      'argo-rollouts.argoproj.io/managed-by-rollouts': 'demo',
    });
    scenario.patchStatus({ abort: true }).advance(20_000);
    expect(selects(scenario, 'canary')).toBe(hashOf(scenario, 'app:1'));
  });

  it('TRF-022 a Service that is no longer named is given back', () => {
    const scenario = healthy({ canary: { stableService: 'stable', canaryService: 'canary' } }, withObjects);
    expect(selects(scenario, 'canary')).toBeDefined();
    scenario.edit({ strategy: { canary: { canaryService: null } } }).settle();
    expect(selects(scenario, 'canary')).toBeUndefined();
    expect(scenario.services.get('canary')?.metadata?.annotations).toEqual({});
  });
});

import { describe, expect, it } from 'vitest';
import type { CanaryStep, CanaryStrategy, RolloutSpec, TrafficRouting } from '../../api/index.ts';
import { ingress, rollout, Scenario, service } from '../testing.ts';
import { formatFieldError, validateRollout, validateRolloutSpec } from './index.ts';
import { rolloutWarnings } from './warnings.ts';

const errorOf = (spec: RolloutSpec) => validateRolloutSpec(rollout({ spec })).map(formatFieldError)[0];
const ofCanary = (canary: CanaryStrategy) => errorOf({ strategy: { canary } });
const ofStep = (step: CanaryStep, trafficRouting?: TrafficRouting) =>
  ofCanary({
    steps: [step],
    ...(trafficRouting && { trafficRouting, canaryService: 'canary', stableService: 'stable' }),
  });
const services = { canaryService: 'canary', stableService: 'stable' };
const istio = { istio: {} };
const managed = { ...istio, managedRoutes: [{ name: 'r' }] };

describe('spec rules', () => {
  it.each<[string, RolloutSpec, string]>([
    [
      'CAN-005',
      { selector: undefined },
      "spec.selector: Required value: Rollout has missing field '.spec.selector'",
    ],
    [
      'CAN-006',
      { selector: {} },
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ],
    ['CAN-005', { replicas: -1 }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    [
      'CAN-005',
      { minReadySeconds: -1 },
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'CAN-005',
      { revisionHistoryLimit: -1 },
      'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'CAN-007',
      { progressDeadlineSeconds: 10, minReadySeconds: 10 },
      'spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds',
    ],
    [
      'CAN-008',
      { strategy: {} },
      "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
    ],
    [
      'CAN-008',
      { strategy: { canary: {}, blueGreen: { activeService: 'a' } } },
      'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true": Multiple Strategies can not be listed',
    ],
    [
      'CAN-005',
      { selector: { matchLabels: { app: 'other' } } },
      'spec.template.metadata.labels: Invalid value: {"app":"demo"}: `selector` does not match template `labels`',
    ],
  ])('%s %j', (_rule, spec, message) => {
    expect(errorOf(spec)).toBe(message);
  });
});

describe('canary rules', () => {
  it.each([
    [0, 0],
    ['0', '0'],
    ['0%', '0%'],
    [0, '0%'],
  ])('CAN-009 maxSurge %s with maxUnavailable %s is rejected', (maxSurge, maxUnavailable) => {
    expect(ofCanary({ maxSurge, maxUnavailable })).toBe(
      `spec.strategy.maxSurge: Invalid value: ${JSON.stringify(maxSurge)}: MaxSurge and MaxUnavailable both can not be zero`,
    );
  });

  it.each(['abc', '10.5%', -1, '-5%'])('CAN-010 maxSurge %s is rejected', (maxSurge) => {
    expect(ofCanary({ maxSurge })).toMatch(/^spec\.strategy\.maxSurge: Invalid value: /);
  });

  it.each([-1, 101])('CAN-011 setWeight %i is rejected', (weight) => {
    expect(ofStep({ setWeight: weight })).toBe(
      `spec.strategy.steps[0].setWeight: Invalid value: ${weight}: SetWeight needs to be between 0 and 100`,
    );
  });

  it('TRF-001 setWeight may go up to maxTrafficWeight', () => {
    const nginx = { nginx: { stableIngress: 'web' }, maxTrafficWeight: 1000 };
    expect(ofStep({ setWeight: 1000 }, nginx)).toBeUndefined();
    expect(ofStep({ setWeight: 1001 }, nginx)).toContain('SetWeight needs to be between 0 and 1000');
  });

  it.each<CanaryStep>([{}, { setWeight: 10, pause: {} }, { pause: {}, analysis: {} }])(
    'CAN-012 %j is rejected',
    (step) => {
      expect(ofStep(step)).toMatch(
        /^spec\.strategy\.steps\[0\]: Invalid value: .*: Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause$/,
      );
    },
  );

  it.each([10, '10', '10s', '10m', '1.5h', 0])('CAN-013 a pause of %s is accepted', (duration) => {
    expect(ofStep({ pause: { duration } })).toBeUndefined();
  });

  it.each(['1d', -1, 'abc'])('CAN-013 a pause of %s is rejected', (duration) => {
    expect(ofStep({ pause: { duration } })).toBe(
      'spec.strategy.steps[0].pause.duration: Invalid value: -1: Duration needs to be greater than 0',
    );
  });

  it('CAN-014 setCanaryScale needs a router', () => {
    expect(ofStep({ setCanaryScale: { replicas: 1 } })).toBe(
      'spec.strategy.trafficRouting: Required value: SetCanaryScale requires TrafficRouting to be set',
    );
  });

  it.each<[CanaryStrategy, string]>([
    [{ scaleDownDelaySeconds: 5 }, 'Canary scaleDownDelaySeconds can only be used with traffic routing'],
    [{ dynamicStableScale: true }, 'Canary dynamicStableScale can only be used with traffic routing'],
    [
      {
        ...services,
        dynamicStableScale: true,
        scaleDownDelaySeconds: 5,
        trafficRouting: { nginx: { stableIngress: 'w' } },
      },
      'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds',
    ],
  ])('CAN-015 TRF-006 %j is rejected', (canary, detail) => {
    expect(ofCanary(canary)).toContain(detail);
  });

  it.each<[CanaryStep, TrafficRouting, string]>([
    [
      { setHeaderRoute: { name: 'r' } },
      { nginx: { stableIngress: 'w' } },
      'SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix',
    ],
    [
      { setHeaderRoute: { name: 'r' } },
      istio,
      "Required value: Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'",
    ],
    [
      { setHeaderRoute: { name: 'x' } },
      managed,
      'Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes',
    ],
    [{ setMirrorRoute: { name: 'x' } }, managed, 'Steps define a route that does not exist'],
    [
      { setMirrorRoute: { name: 'r' } },
      { nginx: { stableIngress: 'w' } },
      'SetMirrorRoute requires TrafficRouting, supports Istio and Plugins',
    ],
  ])('CAN-016 TRF-007 TRF-009 %j with %j is rejected', (step, routing, detail) => {
    expect(ofStep(step, routing)).toContain(detail);
  });

  it.each([
    [{}, 'StringMatch value missed, match value must have one of the following: exact, regex, prefix'],
    [
      { exact: 'a', regex: 'b' },
      'StringMatch match value must have exactly one of the following: exact, regex, prefix',
    ],
  ])('CAN-017 a header value of %j is rejected', (headerValue, detail) => {
    expect(
      ofStep({ setHeaderRoute: { name: 'r', match: [{ headerName: 'h', headerValue }] } }, managed),
    ).toContain(detail);
  });

  it('TRF-008 ALB takes exact header values alone', () => {
    const alb = { alb: { ingress: 'i', servicePort: 80 }, managedRoutes: [{ name: 'r' }] };
    const step = {
      setHeaderRoute: { name: 'r', match: [{ headerName: 'h', headerValue: { prefix: 'a' } }] },
    };
    expect(ofStep(step, alb)).toContain("ALB supports 'exact' value only");
  });

  it.each([
    [{}, 'AntiAffinity must have exactly one strategy listed'],
    [
      {
        requiredDuringSchedulingIgnoredDuringExecution: {},
        preferredDuringSchedulingIgnoredDuringExecution: { weight: 1 },
      },
      'AntiAffinity must have exactly one strategy listed',
    ],
    [
      { preferredDuringSchedulingIgnoredDuringExecution: { weight: 0 } },
      'AntiAffinity weight must be between 1-100',
    ],
    [
      { preferredDuringSchedulingIgnoredDuringExecution: { weight: 101 } },
      'AntiAffinity weight must be between 1-100',
    ],
  ])('CAN-018 antiAffinity %j is rejected', (antiAffinity, detail) => {
    expect(ofCanary({ antiAffinity })).toContain(detail);
  });

  it('CAN-112 injected labels must not be those of the selector', () => {
    expect(ofCanary({ canaryMetadata: { labels: { app: 'x' } } })).toBe(
      'spec.strategy.canaryMetadata.labels[app]: Invalid value: "x": must not be a label that spec.selector uses',
    );
  });

  it('TRF-003 the same Service twice is rejected', () => {
    expect(ofCanary({ canaryService: 'a', stableService: 'a' })).toMatch(
      /^spec\.strategy\.stableService: Invalid value: "a": This rollout uses the same service/,
    );
  });

  it.each<[TrafficRouting, boolean]>([
    [{ nginx: { stableIngress: 'w' } }, true],
    [{ smi: {} }, true],
    [{ apisix: {} }, true],
    [{ ambassador: { mappings: ['m'] } }, true],
    [{ appMesh: {} }, true],
    [{ traefik: { weightedTraefikServiceName: 't' } }, true],
    [{ alb: { ingress: 'i', servicePort: 80 } }, true],
    [{ istio: {} }, true],
    [{ istio: { destinationRule: { name: 'd', canarySubsetName: 'c', stableSubsetName: 's' } } }, false],
    [{ plugins: { p: {} } }, false],
  ])('TRF-004 %j without Services', (trafficRouting, rejected) => {
    const text = 'Canary service and Stable service must to be set to use Traffic Routing';
    expect(ofCanary({ trafficRouting })?.includes(text) ?? false).toBe(rejected);
  });

  it('TRF-005 ping-pong works with some routers only', () => {
    const pingPong = { pingService: 'a', pongService: 'b' };
    expect(ofCanary({ ...services, pingPong, trafficRouting: { nginx: {} } })).toContain(
      'Ping-pong feature works with',
    );
    const alb = { alb: { ingress: 'i', servicePort: 80 } };
    expect(ofCanary({ pingPong, trafficRouting: alb })).toContain('Root service field is required');
    expect(
      ofCanary({ pingPong: { pingService: 'a', pongService: 'a' }, trafficRouting: { plugins: {} } }),
    ).toContain('same service for the ping and pong');
  });

  it('TRF-002 maxTrafficWeight works with some routers only', () => {
    expect(ofCanary({ ...services, trafficRouting: { smi: {}, maxTrafficWeight: 10 } })).toContain(
      'Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins',
    );
  });

  it('TRF-010 experiment weights need a router that can', () => {
    const step = { experiment: { templates: [{ name: 'a', specRef: 'canary', weight: 5 }] } };
    expect(ofStep(step)).toContain('cannot be set unless TrafficRouting is enabled');
    expect(ofStep(step, { nginx: { stableIngress: 'w' } })).toContain(
      'only available for TrafficRouting with SMI, ALB, Istio and Plugins',
    );
  });

  it('CAN-021 arguments refer to metadata that there is', () => {
    const step = {
      analysis: { args: [{ name: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.nonsense' } } }] },
    };
    expect(ofStep(step)).toContain(
      'Analyses arguments must refer to valid object metadata supported by downwardAPI',
    );
  });
});

describe('what this version does not do', () => {
  it.each<[RolloutSpec, string]>([
    [
      { strategy: { blueGreen: { activeService: 'a' } } },
      'spec.strategy.blueGreen: Unsupported value: "blueGreen": not supported in this version; use canary',
    ],
    [
      { strategy: { canary: { ...services, trafficRouting: { smi: {} } } } },
      'spec.strategy.canary.trafficRouting.smi: Unsupported value: "smi": this router is not supported in this version; supported: nginx',
    ],
    [
      { strategy: { canary: { steps: [{ plugin: { name: 'p' } }] } } },
      'spec.strategy.canary.steps[0].plugin: Unsupported value: "plugin": this step is not supported in this version; supported: setWeight, pause, setCanaryScale, analysis',
    ],
  ])('is said: %j', (spec, message) => {
    expect(errorOf(spec)).toBe(message);
  });
});

describe('references', () => {
  const view = (change: (scenario: Scenario) => void, canary: CanaryStrategy = {}) => {
    const scenario = new Scenario(rollout({ canary: { ...services, ...canary } }));
    scenario.services.set('canary', service('canary')).set('stable', service('stable'));
    change(scenario);
    const error = validateRollout(scenario.view);
    return error && formatFieldError(error);
  };
  const nginx = (config: object) => ({ trafficRouting: { nginx: config } });
  const path = 'spec.strategy.canary';

  it('CAN-019 TRF-013 a missing Service', () => {
    expect(view((scenario) => scenario.services.delete('canary'))).toBe(
      `${path}.canaryService: Invalid value: "canary": service "canary" not found`,
    );
  });
  it('CAN-020 TRF-014 a Service that selects by another label', () => {
    expect(
      view((scenario) => scenario.services.set('stable', service('stable', { app: 'demo', tier: 'x' }))),
    ).toBe(
      `${path}.stableService: Invalid value: "stable": Service "stable" has unmatch label "tier" in rollout`,
    );
  });
  it('CAN-020 TRF-015 a Service of another Rollout', () => {
    const foreign = service('stable');
    foreign.metadata = {
      ...foreign.metadata,
      annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'other' },
    };
    expect(view((scenario) => scenario.services.set('stable', foreign))).toBe(
      `${path}.stableService: Invalid value: "stable": Service "stable" is managed by another Rollout`,
    );
  });
  it.each([
    [{ stableIngress: 'a', stableIngresses: ['b'] }, 'Both are configured.'],
    [{}, 'Neither are configured.'],
  ])('TRF-016 nginx with %j', (config, found) => {
    expect(view(() => {}, nginx(config))).toBe(
      `${path}.trafficRouting.nginx: Internal error: Either StableIngress or StableIngresses must be configured. ${found}`,
    );
  });
  it('TRF-013 a missing Ingress', () => {
    expect(view(() => {}, nginx({ stableIngress: 'web' }))).toBe(
      `${path}.trafficRouting.nginx.stableIngress: Invalid value: "web": ingress.networking.k8s.io "web" not found`,
    );
  });
  it('TRF-017 an Ingress without the stable Service', () => {
    expect(
      view(
        (scenario) => scenario.ingresses.set('web', ingress('web', 'other')),
        nginx({ stableIngress: 'web' }),
      ),
    ).toBe(
      `${path}.trafficRouting.nginx.stableIngress: Invalid value: "web": ingress \`web\` has no rules using service stable backend`,
    );
  });
});

describe('an invalid Rollout', () => {
  it('CAN-005 CAN-022 CAN-023 TRF-012 is Degraded with the message, touches nothing, and recovers', () => {
    const scenario = new Scenario(rollout({ canary: { canaryService: 'canary' } })).advance(60_000);
    const text =
      'The Rollout "demo" is invalid: spec.strategy.canary.canaryService: Invalid value: "canary": service "canary" not found';
    expect(scenario.status).toMatchObject({
      phase: 'Degraded',
      message: `InvalidSpec: ${text}`,
      observedGeneration: '1',
    });
    expect(scenario.events).toEqual([{ type: 'Warning', reason: 'InvalidSpec', message: text }]);
    expect(scenario.effects).toEqual([]);
    expect(scenario.pass()).toBe(false);
    scenario.services.set('canary', service('canary'));
    scenario.advance(60_000);
    expect(scenario.status.phase).toBe('Healthy');
    expect(scenario.status.conditions?.some(({ type }) => type === 'InvalidSpec')).toBe(false);
  });

  it('CAN-022 a template that came with an invalid spec is rolled out once it is valid', () => {
    const scenario = new Scenario(rollout({ steps: [{ setWeight: 20 }, { pause: {} }] })).advance(60_000);
    scenario
      .edit({ strategy: { canary: { canaryService: 'canary' } } })
      .setImage('app:2')
      .advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 5 });
    scenario.services.set('canary', service('canary'));
    scenario.advance(60_000);
    expect(scenario.layout()).toEqual({ 'app:1': 4, 'app:2': 1 });
    expect(scenario.status.currentStepIndex).toBe(1);
  });
});

describe('warnings', () => {
  it.each<[CanaryStrategy, string]>([
    [
      { abortScaleDownDelaySeconds: 5 },
      'spec.strategy.canary.abortScaleDownDelaySeconds has no effect without trafficRouting',
    ],
    [
      { minPodsPerReplicaSet: 2 },
      'spec.strategy.canary.minPodsPerReplicaSet has no effect without trafficRouting',
    ],
    [{ maxSurge: '3' }, 'spec.strategy.canary.maxSurge: "3" means 3 percent'],
    [
      { steps: [{ setWeight: 5, setCanaryScale: {} }] },
      'spec.strategy.canary.steps[0] has several kinds (setWeight, setCanaryScale)',
    ],
  ])('CAN-010 %j', (canary, text) => {
    expect(rolloutWarnings({ strategy: { canary } }).join()).toContain(text);
  });

  it('CAN-010 an ordinary spec has none', () => {
    expect(
      rolloutWarnings(
        rollout({ steps: [{ setWeight: 5 }, { pause: {} }], canary: { maxSurge: '25%' } }).spec,
      ),
    ).toEqual([]);
  });
});

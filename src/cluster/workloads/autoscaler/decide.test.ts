import type { MetricSpec } from 'kubernetes-types/autoscaling/v2.d.ts';
import { describe, expect, it } from 'vitest';
import { Deployments, formatTime } from '../../../api/index.ts';
import { NOW } from '../testing/objects.ts';
import { decideAutoscaler, decideFailedRescale, remember } from './decide.ts';
import { averageOf, cpu, type PodState, recommended, times, type ViewOptions, view } from './testing.ts';

const decide = (pods: readonly PodState[], options: ViewOptions = {}) =>
  decideAutoscaler(view(pods, options), NOW);

const LARGE = { type: 'Percent', value: 1000, periodSeconds: 15 };

/** The size that it goes to, long after it was made. */
const sizeFor = (pods: readonly PodState[], options: ViewOptions = {}) => {
  const { rescale, status } = decide(pods, { history: recommended([600, 1]), ...options });
  return rescale?.to ?? status?.currentReplicas;
};

const conditionsOf = ({ status }: ReturnType<typeof decideAutoscaler>) =>
  Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status, reason, message }) => [
      type,
      { status, reason, message },
    ]),
  );
const eventsOf = ({ events }: ReturnType<typeof decideAutoscaler>) =>
  events.map(({ reason, message }) => `${reason}: ${message}`);

describe('the size that the pods need', () => {
  it.each<[string, PodState[], number]>([
    ['grows in proportion', times(3, { uses: '80m' }), 5],
    ['shrinks in proportion, rounded up', times(5, { uses: '21m' }), 3],
    ['stays within a tenth above', times(10, { uses: '55m' }), 10],
    ['stays within a tenth below', times(10, { uses: '45m' }), 10],
    ['goes by the sum of all pods', [{ uses: '10m' }, { uses: '190m' }], 4],
    ['counts whole percents', [...times(9, { uses: '56m' }), { uses: '55m' }], 10],
  ])('%s', (_, pods, expected) => {
    expect(sizeFor(pods)).toBe(expected);
  });

  it.each<[string, PodState[], number]>([
    ['counts those that run without metrics as idle on the way up', [...times(2, { uses: '100m' }), {}], 4],
    ['… and never turns round for them', [{ uses: '60m' }, {}, {}], 3],
    ['counts them as using all they request on the way down', [...times(4, { uses: '10m' }), {}], 3],
    ['… and never turns round for them', [{ uses: '40m' }, {}, {}, {}], 4],
    [
      'counts pending pods as idle on the way up',
      [...times(2, { uses: '100m' }), ...times(2, { phase: 'Pending' })],
      4,
    ],
    ['leaves pending pods out on the way down', [...times(4, { uses: '20m' }), { phase: 'Pending' }], 2],
    ['ignores pods that are being deleted', [{ uses: '80m' }, { uses: '0', terminating: true }], 2],
    ['ignores pods that have failed', [{ uses: '80m' }, { uses: '0', phase: 'Failed' }], 2],
  ])('%s', (_, pods, expected) => {
    expect(sizeFor(pods, { replicas: pods.length })).toBe(expected);
  });

  it.each<[string, PodState, boolean]>([
    ['ready before the window began', { age: 60, since: 15 }, true],
    ['ready within the window only', { age: 60, since: 14 }, false],
    ['unready', { age: 60, since: 30, ready: false }, false],
    ['old, unready for a while after it was ready', { age: 301, since: 200, ready: false }, true],
    ['old, never ready', { age: 301, since: 280, ready: false }, false],
  ])('the CPU of a pod that is %s counts: %s', (_what, state, counts) => {
    const { status, events } = decide([{ uses: '60m', ...state }]);
    if (counts) expect(status?.currentMetrics?.[0]?.resource?.current.averageUtilization).toBe(60);
    else
      expect(events[0]?.message).toMatch(
        /did not receive metrics for targeted pods \(pods might be unready\)$/,
      );
  });

  it.each([
    ['up', 60, '0.2', 10],
    ['up', 61, '0.2', 13],
    ['up', 51, '0', 11],
    ['down', 30, '0.4', 10],
    ['down', 29, '0.4', 6],
  ] as const)(
    'a tolerance of its own counts on the way %s: %i%% with %s',
    (way, percent, tolerance, expected) => {
      const own = { tolerance, stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [LARGE] };
      const other = { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [LARGE] };
      const behavior = way === 'up' ? { scaleUp: own, scaleDown: other } : { scaleUp: other, scaleDown: own };
      expect(sizeFor(times(10, { uses: `${percent}m` }), { spec: { behavior } })).toBe(expected);
    },
  );

  it('memory counts from the start', () => {
    const spec = { metrics: [averageOf('memory', '64Mi')] };
    const pods = times(2, { uses: '1m', memory: '96Mi', age: 5, since: 1, ready: false });
    const decision = decide(pods, { spec });
    expect(decision.rescale).toEqual({ from: 2, to: 3, reason: 'memory resource above target' });
    expect(decision.status?.currentMetrics).toEqual([
      { type: 'Resource', resource: { name: 'memory', current: { averageValue: '100663296' } } },
    ]);
  });

  it('a single container can be looked at', () => {
    const metrics: MetricSpec[] = [
      {
        type: 'ContainerResource',
        containerResource: {
          name: 'cpu',
          container: 'main',
          target: { type: 'Utilization', averageUtilization: 50 },
        },
      },
    ];
    const decision = decide([{ uses: '100m' }], { spec: { metrics } });
    expect(decision.rescale).toEqual({
      from: 1,
      to: 2,
      reason: 'cpu container resource utilization (percentage of request) above target',
    });
    const other = structuredClone(metrics);
    other[0]!.containerResource!.container = 'side';
    expect(eventsOf(decide([{ uses: '100m' }], { spec: { metrics: other } }))).toEqual([
      'FailedGetContainerResourceMetric: failed to get cpu utilization: unable to get metrics for resource cpu: ' +
        'failed to get container metrics: container side not present in metrics for pod a/p0',
      'FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get side ' +
        'container metric value: failed to get cpu utilization: unable to get metrics for resource cpu: failed to ' +
        'get container metrics: container side not present in metrics for pod a/p0',
    ]);
  });
});

describe('several metrics', () => {
  const metrics = [cpu(50), averageOf('memory', '10Mi')];

  it('the largest counts', () => {
    const decision = decide(times(2, { uses: '60m', memory: '20Mi' }), { spec: { metrics } });
    expect(decision.rescale).toEqual({ from: 2, to: 4, reason: 'memory resource above target' });
  });

  it('without one of them it still grows', () => {
    const decision = decide(times(2, { uses: '10m', memory: '20Mi', requests: '' }), { spec: { metrics } });
    expect(decision.rescale?.to).toBe(4);
    expect(decision.status?.currentMetrics?.map(({ type }) => type)).toEqual(['', 'Resource']);
    expect(conditionsOf(decision).ScalingActive).toEqual({
      status: 'True',
      reason: 'ValidMetricFound',
      message: 'the HPA was able to successfully calculate a replica count from memory resource',
    });
  });

  it('but it does not shrink', () => {
    const decision = decide(times(4, { uses: '10m', memory: '1Mi', requests: '' }), { spec: { metrics } });
    expect(decision.effects).toEqual([]);
    expect(conditionsOf(decision).ScalingActive).toEqual({
      status: 'False',
      reason: 'FailedGetResourceMetric',
      message:
        'the HPA was unable to compute the replica count: failed to get cpu utilization: ' +
        'missing request for cpu in container main of Pod p0',
    });
    expect(eventsOf(decision)).toEqual([
      'FailedGetResourceMetric: failed to get cpu utilization: missing request for cpu in container main of Pod p0',
      'FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 2), first error is: failed to get cpu ' +
        'resource metric value: failed to get cpu utilization: missing request for cpu in container main of Pod p0',
    ]);
  });
});

describe('what is written', () => {
  it('scales through the scale of the target, on the version that was read', () => {
    const decision = decide(times(2, { uses: '100m' }));
    expect(decision.effects).toEqual([
      {
        kind: 'patch',
        what: 'scale Deployment d from 2 to 4',
        ref: { type: expect.objectContaining({ plural: 'deployments' }), namespace: 'a', name: 'd' },
        patch: { spec: { replicas: 4 } },
        resourceVersion: '7',
        subresource: 'scale',
      },
    ]);
    expect(eventsOf(decision)).toEqual([
      'SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target',
    ]);
    expect(decision.status).toEqual({
      currentReplicas: 2,
      desiredReplicas: 4,
      lastScaleTime: formatTime(NOW),
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '100m' } },
        },
      ],
      conditions: [
        {
          type: 'AbleToScale',
          status: 'True',
          lastTransitionTime: formatTime(NOW),
          reason: 'SucceededRescale',
          message: 'the HPA controller was able to update the target scale to 4',
        },
        {
          type: 'ScalingActive',
          status: 'True',
          lastTransitionTime: formatTime(NOW),
          reason: 'ValidMetricFound',
          message:
            'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
        },
        {
          type: 'ScalingLimited',
          status: 'False',
          lastTransitionTime: formatTime(NOW),
          reason: 'DesiredWithinRange',
          message: 'the desired count is within the acceptable range',
        },
      ],
    });
  });

  it('changes nothing that stays as it is', () => {
    const before = decide(times(2, { uses: '50m' }));
    const again = decideAutoscaler(
      view(times(2, { uses: '50m' }), { ...(before.status && { status: before.status }) }),
      NOW + 60_000,
    );
    expect(again.status).toEqual(before.status);
    expect(again.effects).toEqual([]);
    expect(again.events).toEqual([]);
  });

  it('tells when the target cannot be scaled', () => {
    const failed = decideFailedRescale(view(times(2, { uses: '100m' })), 'no', NOW);
    expect(eventsOf(failed)).toEqual([
      'FailedRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target; error: no',
    ]);
    expect(conditionsOf(failed).AbleToScale).toEqual({
      status: 'False',
      reason: 'FailedUpdateScale',
      message: 'the HPA controller was unable to update the target scale: no',
    });
    expect(failed.status).toMatchObject({ currentReplicas: 2, desiredReplicas: 0 });
    expect(failed.effects).toEqual([]);
  });
});

describe('bounds of the size', () => {
  it.each<[string, PodState[], ViewOptions, number, string]>([
    [
      'above the maximum',
      [],
      { replicas: 9, spec: { maxReplicas: 4 } },
      4,
      'Current number of replicas above Spec.MaxReplicas',
    ],
    [
      'below the minimum',
      [],
      { replicas: 1, spec: { minReplicas: 3 } },
      3,
      'Current number of replicas below Spec.MinReplicas',
    ],
  ])('%s it is brought back, whatever the metrics say', (_, pods, options, to, reason) => {
    const decision = decide(pods, options);
    expect(decision.rescale).toEqual({ from: options.replicas, to, reason });
    expect(conditionsOf(decision).AbleToScale?.reason).toBe('SucceededRescale');
  });

  it('never grows beyond the maximum', () => {
    const decision = decide(times(2, { uses: '200m' }), { spec: { maxReplicas: 3 } });
    expect(decision.rescale?.to).toBe(3);
    expect(conditionsOf(decision).ScalingLimited).toMatchObject({
      status: 'True',
      reason: 'TooManyReplicas',
    });
  });

  it('never shrinks below the minimum', () => {
    const decision = decide(times(4, { uses: '0' }), {
      spec: { minReplicas: 2 },
      history: recommended([400, 4]),
    });
    expect(decision.rescale?.to).toBe(2);
    expect(conditionsOf(decision).ScalingLimited).toMatchObject({ status: 'True', reason: 'TooFewReplicas' });
  });

  it('a target of no replicas is left alone', () => {
    const decision = decide([], { replicas: 0 });
    expect(decision.effects).toEqual([]);
    expect(conditionsOf(decision).ScalingActive).toEqual({
      status: 'False',
      reason: 'ScalingDisabled',
      message: 'scaling is disabled since the replica count of the target is zero',
    });
  });
});

describe('what keeps it from deciding', () => {
  it('no target', () => {
    const problem = 'deployments/scale.apps "d" not found';
    const decision = decide([], { change: { target: { problem } } });
    expect(eventsOf(decision)).toEqual([`FailedGetScale: ${problem}`]);
    expect(conditionsOf(decision)).toEqual({
      AbleToScale: {
        status: 'False',
        reason: 'FailedGetScale',
        message: `the HPA controller was unable to get the target's current scale: ${problem}`,
      },
    });
  });

  it.each<[string, Partial<ReturnType<typeof view>>, string]>([
    [
      'no metrics yet',
      { metrics: { items: [] } },
      'failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    ],
    [
      'no metrics API',
      { metrics: { problem: 'the server could not find the requested resource (get pods.metrics.k8s.io)' } },
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource ' +
        'metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
    ],
    [
      'no pods',
      { pods: { pods: [] } },
      'failed to get cpu utilization: no pods returned by selector while calculating replica count',
    ],
  ])('%s', (_, change, problem) => {
    const decision = decide([{ uses: '1m' }], { change });
    expect(eventsOf(decision)).toEqual([
      `FailedGetResourceMetric: ${problem}`,
      `FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${problem}`,
    ]);
    expect(decision.status?.currentMetrics).toEqual([{ type: '' }]);
    expect(decision.status?.currentReplicas).toBe(1);
  });

  it('another autoscaler of the same pods', () => {
    const decision = decide([{ uses: '1m' }], { change: { selectedBy: ['a/z', 'a/h'] } });
    const problem = 'pods by selector app=x are controlled by multiple HPAs: [a/h a/z]';
    expect(eventsOf(decision)).toEqual([
      `AmbiguousSelector: ${problem}`,
      `FailedComputeMetricsReplicas: ${problem}`,
    ]);
    expect(conditionsOf(decision).ScalingActive?.reason).toBe('AmbiguousSelector');
  });

  it('a target without a selector', () => {
    const scale = { metadata: { name: 'd' }, spec: { replicas: 1 }, status: { replicas: 1 } };
    const target = { type: Deployments, scale };
    const decision = decide([{ uses: '1m' }], { change: { target } });
    expect(eventsOf(decision)).toEqual([
      'SelectorRequired: selector is required',
      'FailedComputeMetricsReplicas: selector is required',
    ]);
  });

  const NO_API = 'no custom metrics API (custom.metrics.k8s.io) registered';
  const value = { type: 'Value', value: '10' };
  const average = { type: 'AverageValue', averageValue: '10' };
  it.each<[MetricSpec, string, string]>([
    [
      { type: 'Pods', pods: { metric: { name: 'rps' }, target: average } },
      `FailedGetPodsMetric: unable to get metric rps: unable to fetch metrics from custom metrics API: ${NO_API}`,
      'failed to get pods metric value: unable to get metric rps',
    ],
    [
      {
        type: 'Object',
        object: {
          describedObject: { kind: 'Ingress', name: 'main' },
          metric: { name: 'rps' },
          target: value,
        },
      },
      `FailedGetObjectMetric: unable to get metric rps: Ingress on a main/unable to fetch metrics from custom metrics API: ${NO_API}`,
      'failed to get object metric value: unable to get metric rps',
    ],
    [
      {
        type: 'External',
        external: { metric: { name: 'q', selector: { matchLabels: { b: '2', a: '1' } } }, target: average },
      },
      'FailedGetExternalMetric: unable to get external metric a/q/&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},' +
        'MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: ' +
        'the server could not find the requested resource (get q.external.metrics.k8s.io)',
      'failed to get q external metric value: failed to get q external metric: unable to get external metric a/q/&',
    ],
  ])('a metric of type $type without an adapter', (spec, event, summary) => {
    const decision = decide([{ uses: '1m' }], { spec: { metrics: [spec] } });
    expect(eventsOf(decision)[0]).toBe(event);
    expect(eventsOf(decision)[1]).toContain(
      `FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: ${summary}`,
    );
  });
});

describe('memory', () => {
  it('begins with the present size', () => {
    expect(decide(times(3, { uses: '0' })).history.recommendations).toEqual([
      { replicas: 3, at: NOW },
      { replicas: 0, at: NOW },
    ]);
  });

  it('keeps changes of autoscalers with a behavior alone', () => {
    const pods = times(2, { uses: '100m' });
    const policies = [{ type: 'Pods', value: 4, periodSeconds: 15 }];
    for (const [behavior, changes] of [
      [undefined, []],
      [{ scaleUp: { policies } }, [{ by: 2, at: NOW }]],
    ] as const) {
      const seen = view(pods, { spec: behavior ? { behavior: structuredClone(behavior) as never } : {} });
      expect(remember(seen, decideAutoscaler(seen, NOW), NOW).changes).toEqual(changes);
    }
  });
});

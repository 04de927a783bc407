import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/index.ts';
import { created, kindOf, texts, updated } from './testing.ts';

const v1 = kindOf('horizontalpodautoscalers', 'autoscaling', 'v1');
const v2 = kindOf('horizontalpodautoscalers', 'autoscaling', 'v2');

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const spec = { scaleTargetRef, maxReplicas: 5 };
const metadata = { name: 'h', namespace: 'a' };
const made = (more: object = {}) => created(v2, { metadata, spec: { ...spec, ...more } });

describe('defaults', () => {
  it('go by 80% of CPU', () => {
    expect(made().spec).toEqual({
      ...spec,
      minReplicas: 1,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
    });
  });

  it('fill in what a behavior leaves out', () => {
    const policies = [{ type: 'Pods', value: 1, periodSeconds: 60 }];
    const behavior = { scaleDown: { policies, stabilizationWindowSeconds: 10 } };
    expect((made({ behavior }).spec as { behavior: object }).behavior).toEqual({
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
      },
      scaleDown: { stabilizationWindowSeconds: 10, selectPolicy: 'Max', policies },
    });
  });
});

describe('validation', () => {
  const problems = (more: object) => texts(v2.strategy.validate?.(made(more)));
  const metric = (...metrics: object[]) => problems({ metrics });
  const average = { type: 'AverageValue', averageValue: '1' };

  it.each<[string, object, string[]]>([
    [
      'bounds',
      { minReplicas: 0, maxReplicas: -1 },
      [
        'spec.minReplicas Invalid must be greater than or equal to 1',
        'spec.maxReplicas Invalid must be greater than 0',
        'spec.maxReplicas Invalid must be greater than or equal to `minReplicas`',
      ],
    ],
    [
      'the target',
      { scaleTargetRef: { kind: 'a/b', name: '..' } },
      [
        "spec.scaleTargetRef.kind Invalid may not contain '/'",
        "spec.scaleTargetRef.name Invalid may not be '..'",
      ],
    ],
    [
      'a behavior',
      {
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: 3601,
            selectPolicy: 'Some',
            tolerance: '-1',
            policies: [{ type: 'Cows', value: 0, periodSeconds: 1801 }],
          },
          scaleDown: {
            stabilizationWindowSeconds: -1,
            policies: [{ type: 'Pods', value: 1, periodSeconds: 0 }],
          },
        },
      },
      [
        'spec.behavior.scaleUp.stabilizationWindowSeconds Invalid must be less than or equal to 3600',
        'spec.behavior.scaleUp.selectPolicy NotSupported supported values: "Disabled", "Max", "Min"',
        'spec.behavior.scaleUp.tolerance Invalid must be greater than or equal to 0',
        'spec.behavior.scaleUp.policies[0].type NotSupported supported values: "Percent", "Pods"',
        'spec.behavior.scaleUp.policies[0].value Invalid must be greater than zero',
        'spec.behavior.scaleUp.policies[0].periodSeconds Invalid must be less than or equal to 1800',
        'spec.behavior.scaleDown.stabilizationWindowSeconds Invalid must be greater than or equal to zero',
        'spec.behavior.scaleDown.policies[0].periodSeconds Invalid must be greater than zero',
      ],
    ],
  ])('refuses %s', (_, more, expected) => {
    expect(problems(more)).toEqual(expected);
  });

  it.each<[string, object, string[]]>([
    [
      'of no known type',
      { type: 'Cow' },
      ['type NotSupported supported values: "ContainerResource", "External", "Object", "Pods", "Resource"'],
    ],
    [
      'without its source',
      { type: 'Pods' },
      ['pods Required must populate information for the given metric source'],
    ],
    [
      'with another source',
      { type: 'Pods', resource: { name: 'cpu', target: average } },
      ['pods Required must populate information for the given metric source'],
    ],
    [
      'with two sources',
      {
        type: 'Resource',
        resource: { name: 'cpu', target: average },
        pods: { metric: { name: 'x' }, target: average },
      },
      ['pods Forbidden must populate the given metric source only'],
    ],
    [
      'of a resource without name or target',
      { type: 'Resource', resource: { name: '', target: { type: '' } } },
      [
        'resource.name Required must specify a resource name',
        'resource.target.type Required must specify a metric target type',
        'resource.target.type Invalid must be either Utilization, Value, or AverageValue',
        'resource.target.averageUtilization Required must set either a target raw value or a target utilization',
      ],
    ],
    [
      'of a resource with two targets',
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0, averageValue: '0' } },
      },
      [
        'resource.target.averageValue Invalid must be positive',
        'resource.target.averageUtilization Invalid must be greater than 0',
        'resource.target.averageValue Forbidden may not set both a target raw value and a target utilization',
      ],
    ],
    [
      'of a container without a name',
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: '', target: average },
      },
      ['containerResource.container Required must specify a container'],
    ],
    [
      'of pods without an average',
      {
        type: 'Pods',
        pods: { metric: { name: '' }, target: { type: 'Value', value: '1' } },
      },
      [
        'pods.metric.name Required must specify a metric name',
        'pods.target.averageValue Required must specify a positive target averageValue',
      ],
    ],
    [
      'of an object without a value',
      {
        type: 'Object',
        object: {
          describedObject: { kind: 'Ingress', name: '' },
          metric: { name: 'x' },
          target: { type: 'Value' },
        },
      },
      [
        'object.describedObject.name Required',
        'object.target.averageValue Required must set either a target value or averageValue',
      ],
    ],
    [
      'from outside with two values',
      {
        type: 'External',
        external: { metric: { name: 'a/b' }, target: { type: 'Value', value: '1', averageValue: '1' } },
      },
      [
        "external.metric.name Invalid may not contain '/'",
        'external.target.value Forbidden may not set both a target value for metric and a per-pod target',
      ],
    ],
  ])('refuses a metric %s', (_, source, expected) => {
    expect(metric(source)).toEqual(expected.map((problem) => `spec.metrics[0].${problem}`));
  });

  it('accepts all types of metrics', () => {
    const value = { type: 'Value', value: '10' };
    expect(
      metric(
        { type: 'Resource', resource: { name: 'memory', target: average } },
        { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target: average } },
        { type: 'Pods', pods: { metric: { name: 'rps' }, target: average } },
        {
          type: 'Object',
          object: { describedObject: { kind: 'Ingress', name: 'i' }, metric: { name: 'rps' }, target: value },
        },
        { type: 'External', external: { metric: { name: 'q' }, target: value } },
      ),
    ).toEqual([]);
  });

  it('refuses a status with negative counts', () => {
    const next = { ...made(), status: { currentReplicas: -1, desiredReplicas: -2 } } as KubeObject;
    expect(texts(v2.strategy.validateUpdate?.(next, next, 'status'))).toEqual([
      'status.currentReplicas Invalid must be greater than or equal to 0',
      'status.desiredReplicas Invalid must be greater than or equal to 0',
    ]);
  });
});

describe('v1', () => {
  const condition = {
    type: 'AbleToScale',
    status: 'True',
    lastTransitionTime: '2026-03-02T09:00:00Z',
    reason: 'ReadyForNewScale',
    message: 'm',
  };
  const selector = { matchLabels: { a: 'b' } };
  const full = {
    ...created(v2, {
      metadata: { ...metadata, annotations: { mine: 'x' } },
      spec: {
        ...spec,
        behavior: { scaleUp: { selectPolicy: 'Min', tolerance: '50m' } },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 60 } },
          },
          {
            type: 'ContainerResource',
            containerResource: {
              name: 'cpu',
              container: 'c',
              target: { type: 'AverageValue', averageValue: '1' },
            },
          },
          {
            type: 'Pods',
            pods: { metric: { name: 'rps', selector }, target: { type: 'AverageValue', averageValue: '1k' } },
          },
          {
            type: 'Object',
            object: {
              describedObject: { kind: 'Ingress', name: 'i', apiVersion: 'networking.k8s.io/v1' },
              metric: { name: 'rps' },
              target: { type: 'Value', value: '10' },
            },
          },
          {
            type: 'External',
            external: {
              metric: { name: 'q', selector },
              target: { type: 'AverageValue', averageValue: '30' },
            },
          },
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
          },
        ],
      },
    }),
    status: {
      currentReplicas: 2,
      desiredReplicas: 3,
      lastScaleTime: '2026-03-02T09:00:00Z',
      conditions: [condition],
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'memory', current: { averageUtilization: 1, averageValue: '2' } },
        },
        { type: 'Pods', pods: { metric: { name: 'rps', selector }, current: { averageValue: '3' } } },
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 4, averageValue: '5m' } },
        },
      ],
    },
  } as KubeObject & HorizontalPodAutoscaler;
  const shown = () => v1.strategy.fromStorage!(full) as KubeObject & { spec: object; status: object };

  it('has fields for CPU and annotations for the rest', () => {
    expect(shown().spec).toEqual({ ...spec, minReplicas: 1, targetCPUUtilizationPercentage: 70 });
    expect(shown().status).toEqual({
      currentReplicas: 2,
      desiredReplicas: 3,
      lastScaleTime: '2026-03-02T09:00:00Z',
      currentCPUUtilizationPercentage: 4,
    });
    const annotations = shown().metadata?.annotations ?? {};
    const parsed = (name: string) => JSON.parse(annotations[`autoscaling.alpha.kubernetes.io/${name}`] ?? '');
    expect(annotations.mine).toBe('x');
    expect(parsed('metrics').slice(0, 3)).toEqual([
      { type: 'Resource', resource: { name: 'memory', targetAverageUtilization: 60 } },
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', targetAverageValue: '1', container: 'c' },
      },
      { type: 'Pods', pods: { metricName: 'rps', targetAverageValue: '1k', selector } },
    ]);
    expect(parsed('current-metrics')[2]).toEqual({
      type: 'Resource',
      resource: { name: 'cpu', currentAverageUtilization: 4, currentAverageValue: '5m' },
    });
    expect(parsed('conditions')).toEqual([condition]);
    expect(parsed('behavior').ScaleUp).toEqual({
      StabilizationWindowSeconds: 0,
      SelectPolicy: 'Min',
      Policies: [
        { Type: 'Pods', Value: 4, PeriodSeconds: 15 },
        { Type: 'Percent', Value: 100, PeriodSeconds: 15 },
      ],
      Tolerance: '50m',
    });
  });

  it('loses nothing on the way there and back', () => {
    const { apiVersion: _version, kind: _kind, ...back } = v1.strategy.toStorage!(shown());
    expect(back).toEqual(full);
  });

  it('keeps conditions and measured values that a client leaves out', () => {
    const { annotations: _annotations, ...bare } = shown().metadata ?? {};
    const next = updated(v1, shown(), { ...shown(), metadata: bare });
    const stored = v1.strategy.toStorage!(next) as HorizontalPodAutoscaler;
    expect(stored.status).toEqual(full.status);
    expect(stored.spec?.behavior).toBeUndefined();
  });

  it('takes garbled annotations for none', () => {
    const annotations = Object.fromEntries(
      ['metrics', 'behavior', 'current-metrics', 'conditions'].map((name) => [
        `autoscaling.alpha.kubernetes.io/${name}`,
        '{',
      ]),
    );
    const sent = created(v1, { metadata: { ...metadata, annotations }, spec });
    expect(v1.strategy.toStorage!(sent)).toMatchObject({
      metadata,
      spec: { metrics: [{ resource: { name: 'cpu' } }] },
    });
  });
});

describe('columns', () => {
  const cells = (metrics: object[], currentMetrics: object[]) => {
    const object = { ...made({ metrics }), status: { currentReplicas: 2, currentMetrics } } as KubeObject;
    return v2.columns.slice(0, 5).map((column) => column.cell(object, 0));
  };
  const cpu = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
  };
  const cpuNow = { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 12 } } };
  const memory = {
    type: 'Resource',
    resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
  };
  const pods = {
    type: 'Pods',
    pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } },
  };
  const queue = {
    type: 'External',
    external: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '30' } },
  };

  it.each<[object[], object[], string]>([
    [[cpu], [cpuNow], 'cpu: 12%/50%'],
    [[cpu], [], 'cpu: <unknown>/50%'],
    [[cpu, memory], [{ type: '' }], 'cpu: <unknown>/50%, memory: <unknown>/1Gi'],
    [[pods, queue, cpu, memory], [], '<unknown>/10, <unknown>/30 (avg) + 2 more...'],
  ])('show targets', (metrics, current, expected) => {
    expect(cells(metrics, current)).toEqual(['Deployment/web', expected, '1', 5, 2]);
  });
});

import type { HorizontalPodAutoscaler as HpaV1 } from 'kubernetes-types/autoscaling/v1.d.ts';
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
  HorizontalPodAutoscaler as HpaV2,
  MetricSpec,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { autoscalerColumns } from './autoscaler-columns.ts';
import { METRICS_ANNOTATION, toV1, toV2, withStatusOf } from './autoscaler-v1.ts';
import { validateAutoscaler, validateAutoscalerStatus } from './autoscaler-validation.ts';
import { compact } from './compact.ts';
import { type BuiltinKind, builtin } from './define.ts';

const shared = {
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  status: true,
} satisfies Partial<BuiltinKind>;

/** What a new autoscaler goes by when nothing is said. */
const DEFAULT_CPU_PERCENT = 80;

/** Stored as v2. */
export const autoscalersV2 = builtin({
  ...shared,
  version: 'v2',
  package: 'io.k8s.api.autoscaling.v2',
  columns: autoscalerColumns((object) => object as HpaV2),
  defaults: (object) => defaultV2(object as HpaV2) as KubeObject,
  validate: (object) => validateAutoscaler(object as HpaV2),
  validateUpdate: (next, _old, subresource) =>
    subresource === 'status' ? validateAutoscalerStatus(next as HpaV2) : [],
});

/** v1 has a field for the share of CPU only; the rest it keeps in annotations. */
export const autoscalersV1 = builtin({
  ...shared,
  version: 'v1',
  package: 'io.k8s.api.autoscaling.v1',
  columns: autoscalerColumns((object) => toV2(object as HpaV1)),
  defaults(object) {
    const { spec } = object as HpaV1;
    const hasMetrics = object.metadata?.annotations?.[METRICS_ANNOTATION] !== undefined;
    const cpu = spec?.targetCPUUtilizationPercentage ?? (hasMetrics ? undefined : DEFAULT_CPU_PERCENT);
    const filled = { ...spec, minReplicas: spec?.minReplicas ?? 1, targetCPUUtilizationPercentage: cpu };
    return { ...object, spec: compact(filled) } as KubeObject;
  },
  prepareForUpdate: (next, old, subresource) =>
    subresource === 'status' ? next : (withStatusOf(next as HpaV1, old as HpaV1) as KubeObject),
  validate: (object) => validateAutoscaler(toV2(object as HpaV1)),
  validateUpdate: (next, _old, subresource) =>
    subresource === 'status' ? validateAutoscalerStatus(toV2(next as HpaV1)) : [],
  fromStorage: (object) => toV1(object as HpaV2) as KubeObject,
  toStorage: (object) => defaultV2(toV2(object as HpaV1)) as KubeObject,
});

function defaultV2(hpa: HpaV2): HpaV2 {
  const { spec } = hpa;
  if (!spec) return hpa;
  const metrics = spec.metrics?.length ? spec.metrics : [cpuMetric(DEFAULT_CPU_PERCENT)];
  const { minReplicas = 1, behavior } = spec;
  const filled = { ...spec, minReplicas, metrics };
  return { ...hpa, spec: behavior ? { ...filled, behavior: defaultBehavior(behavior) } : filled };
}

const cpuMetric = (averageUtilization: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

/** Up at once, by four or by as many as there are; down by all. How long down is stabilised the controller decides. */
function defaultBehavior(behavior: HorizontalPodAutoscalerBehavior): HorizontalPodAutoscalerBehavior {
  const scaleUp: HPAScalingRules = {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  };
  const scaleDown: HPAScalingRules = {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  };
  return {
    scaleUp: { ...scaleUp, ...compact(behavior.scaleUp ?? {}) },
    scaleDown: { ...scaleDown, ...compact(behavior.scaleDown ?? {}) },
  };
}

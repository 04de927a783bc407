import type { HorizontalPodAutoscaler as HpaV1 } from 'kubernetes-types/autoscaling/v1.d.ts';
import type {
  HorizontalPodAutoscalerBehavior,
  HorizontalPodAutoscalerCondition,
  HPAScalingRules,
  HorizontalPodAutoscaler as HpaV2,
  MetricSpec,
  MetricStatus,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import {
  type MetricSpecV1,
  type MetricStatusV1,
  specFromV1,
  specToV1,
  statusFromV1,
  statusToV1,
} from './autoscaler-metrics-v1.ts';
import { compact } from './compact.ts';

/**
 * `autoscaling/v1`: the share of CPU has fields, all else of v2 is JSON in annotations, which v2 does not have. What
 * clients garble there says nothing.
 */

const PREFIX = 'autoscaling.alpha.kubernetes.io';
export const METRICS_ANNOTATION = `${PREFIX}/metrics`;
const BEHAVIOR_ANNOTATION = `${PREFIX}/behavior`;
const CURRENT_METRICS_ANNOTATION = `${PREFIX}/current-metrics`;
const CONDITIONS_ANNOTATION = `${PREFIX}/conditions`;
const STATUS_ANNOTATIONS = [CURRENT_METRICS_ANNOTATION, CONDITIONS_ANNOTATION];

type Annotations = Record<string, string>;

const NO_SPEC: NonNullable<HpaV1['spec']> & HpaV2['spec'] = {
  maxReplicas: 0,
  scaleTargetRef: { kind: '', name: '' },
};
const NO_STATUS: NonNullable<HpaV1['status']> & HpaV2['status'] = { currentReplicas: 0, desiredReplicas: 0 };

/** Whether v1 has a field for the metric. */
const isCpuShare = ({ type, resource }: MetricSpec) =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target?.averageUtilization !== undefined;

export function toV2(hpa: HpaV1): HpaV2 {
  const { targetCPUUtilizationPercentage: cpu, ...spec } = hpa.spec ?? NO_SPEC;
  const { currentCPUUtilizationPercentage: current, ...status } = hpa.status ?? NO_STATUS;
  const {
    [METRICS_ANNOTATION]: metricsText,
    [BEHAVIOR_ANNOTATION]: behaviorText,
    [CURRENT_METRICS_ANNOTATION]: currentText,
    [CONDITIONS_ANNOTATION]: conditionsText,
    ...annotations
  } = hpa.metadata?.annotations ?? {};
  const others = parseList<MetricSpecV1>(metricsText).map(specFromV1);
  const metrics = [...others, ...(cpu === undefined ? [] : [cpuMetric(cpu)])];
  const currentMetrics = parseList<MetricStatusV1>(currentText).map(statusFromV1);
  if (currentMetrics.length === 0 && current !== undefined) currentMetrics.push(cpuStatus(current));
  const conditions = parseList<HorizontalPodAutoscalerCondition>(conditionsText);
  const behavior = parseBehavior(behaviorText);
  return {
    ...hpa,
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: withAnnotations(hpa.metadata, annotations),
    spec: { ...spec, ...(metrics.length > 0 && { metrics }), ...(behavior && { behavior }) },
    status: {
      ...status,
      ...(currentMetrics.length > 0 && { currentMetrics }),
      ...(conditions.length > 0 && { conditions }),
    },
  };
}

export function toV1(hpa: HpaV2): HpaV1 {
  const { metrics = [], behavior, ...spec } = hpa.spec ?? NO_SPEC;
  const { currentMetrics = [], conditions = [], ...status } = hpa.status ?? NO_STATUS;
  const cpu = metrics.find(isCpuShare)?.resource?.target.averageUtilization;
  const current = currentMetrics.find(({ resource }) => resource?.name === 'cpu')?.resource?.current;
  const others = metrics.filter((metric) => !isCpuShare(metric)).map(specToV1);
  const annotations: Annotations = {
    ...hpa.metadata?.annotations,
    ...(others.length > 0 && { [METRICS_ANNOTATION]: JSON.stringify(others) }),
    ...(currentMetrics.length > 0 && {
      [CURRENT_METRICS_ANNOTATION]: JSON.stringify(currentMetrics.map(statusToV1)),
    }),
    ...(conditions.length > 0 && { [CONDITIONS_ANNOTATION]: JSON.stringify(conditions) }),
    ...(behavior && { [BEHAVIOR_ANNOTATION]: formatBehavior(behavior) }),
  };
  return {
    ...hpa,
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: withAnnotations(hpa.metadata, annotations),
    spec: compact({ ...spec, targetCPUUtilizationPercentage: cpu }),
    status: compact({
      ...status,
      currentCPUUtilizationPercentage: current?.averageUtilization,
    }) as HpaV1['status'],
  };
}

/** What of the status stands in annotations cannot be changed through the main resource either. */
export function withStatusOf(next: HpaV1, old: HpaV1): HpaV1 {
  const given = Object.entries(next.metadata?.annotations ?? {});
  const kept = Object.entries(old.metadata?.annotations ?? {});
  const annotations = Object.fromEntries([
    ...given.filter(([name]) => !STATUS_ANNOTATIONS.includes(name)),
    ...kept.filter(([name]) => STATUS_ANNOTATIONS.includes(name)),
  ]);
  return { ...next, metadata: withAnnotations(next.metadata, annotations) };
}

function withAnnotations(metadata: HpaV1['metadata'], annotations: Annotations) {
  const any = Object.keys(annotations).length > 0;
  return compact({ ...metadata, annotations: any ? annotations : undefined });
}

const cpuMetric = (averageUtilization: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

const cpuStatus = (averageUtilization: number): MetricStatus => ({
  type: 'Resource',
  resource: { name: 'cpu', current: { averageUtilization } },
});

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseList<T>(text: string | undefined): T[] {
  const parsed = parseJson(text);
  if (!Array.isArray(parsed)) return [];
  return parsed.filter((item) => typeof item === 'object' && item !== null) as T[];
}

/** The internal type of Kubernetes, whose fields begin with capitals; small ones are understood too. */
function parseBehavior(text: string | undefined): HorizontalPodAutoscalerBehavior | undefined {
  const parsed = parseJson(text);
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  return renamed(withoutNulls(parsed), (name) => name.charAt(0).toLowerCase() + name.slice(1));
}

function formatBehavior({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): string {
  const rules = (of: HPAScalingRules | undefined) =>
    of
      ? {
          stabilizationWindowSeconds: of.stabilizationWindowSeconds ?? null,
          selectPolicy: of.selectPolicy ?? null,
          policies: (of.policies ?? []).map(({ type, value, periodSeconds }) => ({
            type,
            value,
            periodSeconds,
          })),
          tolerance: (of as { tolerance?: string }).tolerance ?? null,
        }
      : null;
  const behavior = { scaleUp: rules(scaleUp), scaleDown: rules(scaleDown) };
  return JSON.stringify(renamed(behavior, (name) => name.charAt(0).toUpperCase() + name.slice(1)));
}

/** The value with all fields in it renamed. */
function renamed<T>(value: unknown, name: (field: string) => string): T {
  return mapFields(value, ([field, inner]) => [[name(field), renamed(inner, name)]]) as T;
}

function withoutNulls(value: unknown): unknown {
  return mapFields(value, ([field, inner]) => (inner === null ? [] : [[field, withoutNulls(inner)]]));
}

function mapFields(value: unknown, map: (field: [string, unknown]) => [string, unknown][]): unknown {
  if (Array.isArray(value)) return value.map((item) => mapFields(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(map));
}

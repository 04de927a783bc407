import type { HorizontalPodAutoscaler as HpaV1 } from 'kubernetes-types/autoscaling/v1.d.ts';
import type {
  HorizontalPodAutoscaler as HpaV2,
  MetricSpec,
  MetricStatus,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { invalid, nonNegative, required } from './checks.ts';
import { column, none, unknown } from './columns.ts';
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

/** Where v1 keeps what only v2 has a field for. */
const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';

/** Stored as v2; v1 knows the share of CPU only. */
export const autoscalersV2 = builtin({
  ...shared,
  version: 'v2',
  package: 'io.k8s.api.autoscaling.v2',
  columns: autoscalerColumns((object) => object as HpaV2),
  defaults: (object) => defaultV2(object as HpaV2) as KubeObject,
  validate: (object) => validateV2(object as HpaV2),
});

export const autoscalersV1 = builtin({
  ...shared,
  version: 'v1',
  package: 'io.k8s.api.autoscaling.v1',
  columns: autoscalerColumns((object) => toV2(object as HpaV1)),
  defaults(object) {
    const { spec } = object as HpaV1;
    const hasMetrics = object.metadata?.annotations?.[metricsAnnotation] !== undefined;
    const cpu = spec?.targetCPUUtilizationPercentage ?? (hasMetrics ? undefined : 80);
    const filled = { ...spec, minReplicas: spec?.minReplicas ?? 1, targetCPUUtilizationPercentage: cpu };
    return { ...object, spec: compact(filled) } as KubeObject;
  },
  validate: (object) => validateV2(toV2(object as HpaV1)),
  fromStorage: (object) => toV1(object as HpaV2) as KubeObject,
  toStorage: (object) => toV2(object as HpaV1) as KubeObject,
});

const cpuMetric = (averageUtilization: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

const isCpuShare = ({ type, resource }: MetricSpec) =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target.type === 'Utilization';

function toV2(hpa: HpaV1): HpaV2 {
  const { targetCPUUtilizationPercentage: cpu, ...spec } = hpa.spec ?? {
    maxReplicas: 0,
    scaleTargetRef: { kind: '', name: '' },
  };
  const { currentCPUUtilizationPercentage: _current, ...status } = hpa.status ?? {
    currentReplicas: 0,
    desiredReplicas: 0,
  };
  const { [metricsAnnotation]: others, ...annotations } = hpa.metadata?.annotations ?? {};
  const metrics = [...parseMetrics(others), ...(cpu === undefined ? [] : [cpuMetric(cpu)])];
  const hasAnnotations = Object.keys(annotations).length > 0;
  return {
    ...hpa,
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: compact({ ...hpa.metadata, annotations: hasAnnotations ? annotations : undefined }),
    spec: { ...spec, ...(metrics.length > 0 && { metrics }) },
    status,
  };
}

function parseMetrics(text: string | undefined): MetricSpec[] {
  if (!text) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (parsed as MetricSpec[]) : [];
  } catch {
    return []; // an annotation that clients garble says nothing
  }
}

function toV1(hpa: HpaV2): HpaV1 {
  const {
    metrics = [],
    behavior: _behavior,
    ...spec
  } = hpa.spec ?? {
    maxReplicas: 0,
    scaleTargetRef: { kind: '', name: '' },
  };
  const {
    currentMetrics = [],
    conditions: _conditions,
    ...status
  } = hpa.status ?? {
    currentReplicas: 0,
    desiredReplicas: 0,
  };
  const cpu = metrics.find(isCpuShare)?.resource?.target.averageUtilization;
  const current = currentMetrics.find(({ resource }) => resource?.name === 'cpu')?.resource?.current;
  const others = metrics.filter((metric) => !isCpuShare(metric));
  const annotations = {
    ...hpa.metadata?.annotations,
    ...(others.length > 0 && { [metricsAnnotation]: JSON.stringify(others) }),
  };
  const hasAnnotations = Object.keys(annotations).length > 0;
  return {
    ...hpa,
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: compact({ ...hpa.metadata, annotations: hasAnnotations ? annotations : undefined }),
    spec: compact({ ...spec, targetCPUUtilizationPercentage: cpu }),
    status: compact({
      ...status,
      currentCPUUtilizationPercentage: current?.averageUtilization,
    }) as HpaV1['status'],
  };
}

function defaultV2(hpa: HpaV2): HpaV2 {
  const { spec } = hpa;
  if (!spec) return hpa;
  const metrics = spec.metrics?.length ? spec.metrics : [cpuMetric(80)];
  return { ...hpa, spec: { ...spec, minReplicas: spec.minReplicas ?? 1, metrics } };
}

function validateV2({ spec }: HpaV2): FieldError[] {
  if (!spec) return [required('spec')];
  const { minReplicas = 1, maxReplicas = 0, scaleTargetRef, metrics = [] } = spec;
  const errors: FieldError[] = [];
  if (minReplicas < 1)
    errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'));
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (maxReplicas < minReplicas) {
    errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  if (!scaleTargetRef?.kind) errors.push(required('spec.scaleTargetRef.kind'));
  if (!scaleTargetRef?.name) errors.push(required('spec.scaleTargetRef.name'));
  for (const [i, { type, resource }] of metrics.entries()) {
    const field = `spec.metrics[${i}]`;
    if (!type) errors.push(required(`${field}.type`, 'must specify a metric source type'));
    if (type !== 'Resource') continue;
    if (!resource) {
      errors.push(required(`${field}.resource`, 'must populate information for the given metric source'));
      continue;
    }
    if (!resource.name) errors.push(required(`${field}.resource.name`, 'must specify a resource name'));
    const share = resource.target.averageUtilization;
    if (share !== undefined && share < 1) {
      errors.push(invalid(`${field}.resource.target.averageUtilization`, share, 'must be greater than 0'));
    }
  }
  const window = spec.behavior?.scaleDown?.stabilizationWindowSeconds;
  return [...errors, ...nonNegative('spec.behavior.scaleDown.stabilizationWindowSeconds', window)];
}

function autoscalerColumns(v2: (object: KubeObject) => HpaV2) {
  return [
    column('Reference', 'What it scales.', (object) => {
      const { kind, name } = v2(object).spec?.scaleTargetRef ?? { kind: '', name: '' };
      return `${kind}/${name}`;
    }),
    column('Targets', 'Measured values and what they should be.', (object) => targetsCell(v2(object))),
    column('MinPods', 'Fewest pods.', (object) => String(v2(object).spec?.minReplicas ?? '<unset>')),
    column('MaxPods', 'Most pods.', (object) => v2(object).spec?.maxReplicas ?? 0),
    column('Replicas', 'Pods now.', (object) => v2(object).status?.currentReplicas ?? 0),
  ];
}

function targetsCell({ spec, status }: HpaV2): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return none;
  const cells = metrics.slice(0, 2).map((metric, i) => targetCell(metric, status?.currentMetrics?.[i]));
  const rest = metrics.length - 2;
  return `${cells.join(', ')}${rest > 0 ? ` + ${rest} more...` : ''}`;
}

function targetCell(metric: MetricSpec, current: MetricStatus | undefined): string {
  const source =
    metric.resource ?? metric.pods ?? metric.object ?? metric.external ?? metric.containerResource;
  const now = (
    current?.resource ??
    current?.pods ??
    current?.object ??
    current?.external ??
    current?.containerResource
  )?.current;
  const target = source?.target;
  const prefix = metric.resource ? `${metric.resource.name}: ` : '';
  if (target?.averageUtilization !== undefined) {
    const value = now?.averageUtilization;
    return `${prefix}${value === undefined ? unknown : `${value}%`}/${target.averageUtilization}%`;
  }
  if (target?.averageValue !== undefined) {
    return `${prefix}${now?.averageValue ?? unknown}/${target.averageValue}${metric.resource ? '' : ' (avg)'}`;
  }
  return `${prefix}${now?.value ?? unknown}/${target?.value ?? unknown}`;
}

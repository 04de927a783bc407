import type {
  ContainerResourceMetricSource,
  CrossVersionObjectReference,
  ExternalMetricSource,
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  PodsMetricSource,
  ResourceMetricSource,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import type { FieldError } from '../errors.ts';
import { pathSegment } from '../schema/names.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { check, forbidden, invalid, nonNegative, oneOf, required } from './checks.ts';

/** Seconds. */
const LONGEST_PERIOD = 1800;
const LONGEST_WINDOW = 3600;

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler): FieldError[] {
  if (!spec) return [required('spec')];
  const { minReplicas = 1, maxReplicas = 0, scaleTargetRef, metrics = [], behavior } = spec;
  const errors: FieldError[] = [];
  if (minReplicas < 1)
    errors.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'));
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (maxReplicas < minReplicas) {
    errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  return [
    ...errors,
    ...validateReference('spec.scaleTargetRef', scaleTargetRef),
    ...metrics.flatMap((metric, i) => validateMetric(`spec.metrics[${i}]`, metric)),
    ...validateRules('spec.behavior.scaleUp', behavior?.scaleUp),
    ...validateRules('spec.behavior.scaleDown', behavior?.scaleDown),
  ];
}

export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler): FieldError[] {
  return [
    ...nonNegative('status.currentReplicas', status?.currentReplicas),
    ...nonNegative('status.desiredReplicas', status?.desiredReplicas),
  ];
}

function validateReference(
  field: string,
  { kind, name }: Partial<CrossVersionObjectReference> = {},
): FieldError[] {
  return [
    ...(kind ? check(`${field}.kind`, kind, pathSegment) : [required(`${field}.kind`)]),
    ...(name ? check(`${field}.name`, name, pathSegment) : [required(`${field}.name`)]),
  ];
}

function validateRules(field: string, rules: HPAScalingRules | undefined): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules;
  const errors: FieldError[] = [];
  if (window !== undefined && window < 0) {
    errors.push(
      invalid(`${field}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero'),
    );
  }
  if (window !== undefined && window > LONGEST_WINDOW) {
    const most = `must be less than or equal to ${LONGEST_WINDOW}`;
    errors.push(invalid(`${field}.stabilizationWindowSeconds`, window, most));
  }
  errors.push(...oneOf(`${field}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']));
  const { tolerance } = rules as { tolerance?: string };
  if (tolerance !== undefined && compareQuantities(tolerance, '0') < 0) {
    errors.push(invalid(`${field}.tolerance`, tolerance, 'must be greater than or equal to 0'));
  }
  return [...errors, ...policies.flatMap((policy, i) => validatePolicy(`${field}.policies[${i}]`, policy))];
}

function validatePolicy(field: string, policy: HPAScalingPolicy): FieldError[] {
  const { type = '', value = 0, periodSeconds = 0 } = policy;
  const errors = oneOf(`${field}.type`, type, ['Percent', 'Pods']);
  if (value <= 0) errors.push(invalid(`${field}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0) {
    errors.push(invalid(`${field}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  }
  if (periodSeconds > LONGEST_PERIOD) {
    const most = `must be less than or equal to ${LONGEST_PERIOD}`;
    errors.push(invalid(`${field}.periodSeconds`, periodSeconds, most));
  }
  return errors;
}

/** The field of each type of metric; of several that are given the first in this order is looked into. */
const SOURCES = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const;

type Source = (typeof SOURCES)[keyof typeof SOURCES];

function validateMetric(field: string, metric: MetricSpec): FieldError[] {
  const { type = '' } = metric;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric source type'));
  errors.push(...oneOf(`${field}.type`, type, Object.keys(SOURCES).sort()));
  const present = Object.values(SOURCES).filter((source) => metric[source] !== undefined);
  if (present[0]) errors.push(...validateSource(`${field}.${present[0]}`, present[0], metric));
  const expected = type in SOURCES ? SOURCES[type as keyof typeof SOURCES] : undefined;
  if (expected && !present.includes(expected)) {
    errors.push(required(`${field}.${expected}`, 'must populate information for the given metric source'));
  }
  if (present.length !== 1) {
    const others = present.filter((source) => source !== expected);
    errors.push(
      ...others.map((source) =>
        forbidden(`${field}.${source}`, 'must populate the given metric source only'),
      ),
    );
  }
  return errors;
}

function validateSource(field: string, source: Source, metric: MetricSpec): FieldError[] {
  switch (source) {
    case 'object':
      return validateObject(field, metric.object!);
    case 'external':
      return validateExternal(field, metric.external!);
    case 'pods':
      return validatePods(field, metric.pods!);
    case 'resource':
      return validateResource(field, metric.resource!);
    case 'containerResource':
      return validateContainerResource(field, metric.containerResource!);
  }
}

function validateObject(
  field: string,
  { describedObject, metric, target }: ObjectMetricSource,
): FieldError[] {
  const errors = [
    ...validateReference(`${field}.describedObject`, describedObject),
    ...validateIdentifier(`${field}.metric`, metric),
    ...validateTarget(`${field}.target`, target),
  ];
  if (target?.value === undefined && target?.averageValue === undefined) {
    errors.push(required(`${field}.target.averageValue`, 'must set either a target value or averageValue'));
  }
  return errors;
}

function validateExternal(field: string, { metric, target }: ExternalMetricSource): FieldError[] {
  const errors = [
    ...validateIdentifier(`${field}.metric`, metric),
    ...validateTarget(`${field}.target`, target),
  ];
  const { value, averageValue } = target ?? {};
  if (value === undefined && averageValue === undefined) {
    const detail = 'must set either a target value for metric or a per-pod target';
    errors.push(required(`${field}.target.averageValue`, detail));
  }
  if (value !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target value for metric and a per-pod target';
    errors.push(forbidden(`${field}.target.value`, detail));
  }
  return errors;
}

function validatePods(field: string, { metric, target }: PodsMetricSource): FieldError[] {
  const errors = [
    ...validateIdentifier(`${field}.metric`, metric),
    ...validateTarget(`${field}.target`, target),
  ];
  if (target?.averageValue === undefined) {
    errors.push(required(`${field}.target.averageValue`, 'must specify a positive target averageValue'));
  }
  return errors;
}

function validateResource(field: string, { name, target }: ResourceMetricSource): FieldError[] {
  return [
    ...(name ? [] : [required(`${field}.name`, 'must specify a resource name')]),
    ...validateResourceTarget(`${field}.target`, target),
  ];
}

function validateContainerResource(field: string, source: ContainerResourceMetricSource): FieldError[] {
  const { name, container, target } = source;
  return [
    ...(name ? [] : [required(`${field}.name`, 'must specify a resource name')]),
    ...(container ? [] : [required(`${field}.container`, 'must specify a container')]),
    ...validateResourceTarget(`${field}.target`, target),
  ];
}

function validateResourceTarget(field: string, target: MetricTarget): FieldError[] {
  const errors = validateTarget(field, target);
  const { averageUtilization, averageValue } = target ?? {};
  if (averageUtilization === undefined && averageValue === undefined) {
    const detail = 'must set either a target raw value or a target utilization';
    errors.push(required(`${field}.averageUtilization`, detail));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target raw value and a target utilization';
    errors.push(forbidden(`${field}.averageValue`, detail));
  }
  return errors;
}

function validateIdentifier(field: string, metric: MetricIdentifier | undefined): FieldError[] {
  if (metric?.name) return check(`${field}.name`, metric.name, pathSegment);
  return [required(`${field}.name`, 'must specify a metric name')];
}

function validateTarget(field: string, target: Partial<MetricTarget> = {}): FieldError[] {
  const { type = '', value, averageValue, averageUtilization } = target;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.push(invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const [name, quantity] of Object.entries({ value, averageValue })) {
    if (quantity !== undefined && compareQuantities(quantity, '0') <= 0) {
      errors.push(invalid(`${field}.${name}`, quantity, 'must be positive'));
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

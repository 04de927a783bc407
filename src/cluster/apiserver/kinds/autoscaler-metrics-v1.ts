import type {
  CrossVersionObjectReference,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { compact } from './compact.ts';

/** Metrics as the annotations of `autoscaling/v1` have them: with names for what v2 has in `metric` and `target`. */

interface ResourceV1 {
  name: string;
  targetAverageUtilization?: number | undefined;
  targetAverageValue?: string | undefined;
}

export interface MetricSpecV1 {
  type: string;
  resource?: ResourceV1;
  containerResource?: ResourceV1 & { container: string };
  pods?: {
    metricName: string;
    targetAverageValue?: string | undefined;
    selector?: LabelSelector | undefined;
  };
  object?: {
    target: CrossVersionObjectReference;
    metricName: string;
    targetValue?: string | undefined;
    averageValue?: string | undefined;
    selector?: LabelSelector | undefined;
  };
  external?: {
    metricName: string;
    metricSelector?: LabelSelector | undefined;
    targetValue?: string | undefined;
    targetAverageValue?: string | undefined;
  };
}

interface ResourceStatusV1 {
  name: string;
  currentAverageUtilization?: number | undefined;
  currentAverageValue?: string | undefined;
}

export interface MetricStatusV1 {
  type: string;
  resource?: ResourceStatusV1;
  containerResource?: ResourceStatusV1 & { container: string };
  pods?: {
    metricName: string;
    currentAverageValue?: string | undefined;
    selector?: LabelSelector | undefined;
  };
  object?: {
    target: CrossVersionObjectReference;
    metricName: string;
    currentValue?: string | undefined;
    averageValue?: string | undefined;
    selector?: LabelSelector | undefined;
  };
  external?: {
    metricName: string;
    metricSelector?: LabelSelector | undefined;
    currentValue?: string | undefined;
    currentAverageValue?: string | undefined;
  };
}

export function specToV1({
  type,
  resource,
  containerResource,
  pods,
  object,
  external,
}: MetricSpec): MetricSpecV1 {
  const average = ({ averageUtilization, averageValue }: MetricTarget) => ({
    targetAverageUtilization: averageUtilization,
    targetAverageValue: averageValue,
  });
  return {
    type,
    ...(resource && { resource: compact({ name: resource.name, ...average(resource.target) }) }),
    ...(containerResource && {
      containerResource: compact({
        name: containerResource.name,
        ...average(containerResource.target),
        container: containerResource.container,
      }),
    }),
    ...(pods && {
      pods: compact({
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue,
        selector: pods.metric.selector,
      }),
    }),
    ...(object && {
      object: compact({
        target: object.describedObject,
        metricName: object.metric.name,
        targetValue: object.target.value,
        averageValue: object.target.averageValue,
        selector: object.metric.selector,
      }),
    }),
    ...(external && {
      external: compact({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
    }),
  };
}

export function specFromV1(metric: MetricSpecV1): MetricSpec {
  const { type, resource, containerResource, pods, object, external } = metric;
  const share = ({ targetAverageUtilization, targetAverageValue }: ResourceV1) =>
    target({ averageUtilization: targetAverageUtilization, averageValue: targetAverageValue });
  return {
    type,
    ...(resource && { resource: { name: resource.name, target: share(resource) } }),
    ...(containerResource && {
      containerResource: {
        name: containerResource.name,
        container: containerResource.container,
        target: share(containerResource),
      },
    }),
    ...(pods && {
      pods: {
        metric: identifier(pods.metricName, pods.selector),
        target: target({ averageValue: pods.targetAverageValue }),
      },
    }),
    ...(object && {
      object: {
        describedObject: object.target,
        metric: identifier(object.metricName, object.selector),
        target: target({ value: object.targetValue, averageValue: object.averageValue }),
      },
    }),
    ...(external && {
      external: {
        metric: identifier(external.metricName, external.metricSelector),
        target: target({ value: external.targetValue, averageValue: external.targetAverageValue }),
      },
    }),
  };
}

export function statusToV1(metric: MetricStatus): MetricStatusV1 {
  const { type, resource, containerResource, pods, object, external } = metric;
  const average = ({ averageUtilization, averageValue }: MetricValueStatus) => ({
    currentAverageUtilization: averageUtilization,
    currentAverageValue: averageValue,
  });
  return {
    type,
    ...(resource && { resource: compact({ name: resource.name, ...average(resource.current) }) }),
    ...(containerResource && {
      containerResource: compact({
        name: containerResource.name,
        ...average(containerResource.current),
        container: containerResource.container,
      }),
    }),
    ...(pods && {
      pods: compact({
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue,
        selector: pods.metric.selector,
      }),
    }),
    ...(object && {
      object: compact({
        target: object.describedObject,
        metricName: object.metric.name,
        currentValue: object.current.value,
        averageValue: object.current.averageValue,
        selector: object.metric.selector,
      }),
    }),
    ...(external && {
      external: compact({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value,
        currentAverageValue: external.current.averageValue,
      }),
    }),
  };
}

export function statusFromV1(metric: MetricStatusV1): MetricStatus {
  const { type, resource, containerResource, pods, object, external } = metric;
  const share = ({ currentAverageUtilization, currentAverageValue }: ResourceStatusV1) =>
    values({ averageUtilization: currentAverageUtilization, averageValue: currentAverageValue });
  return {
    type,
    ...(resource && { resource: { name: resource.name, current: share(resource) } }),
    ...(containerResource && {
      containerResource: {
        name: containerResource.name,
        container: containerResource.container,
        current: share(containerResource),
      },
    }),
    ...(pods && {
      pods: {
        metric: identifier(pods.metricName, pods.selector),
        current: values({ averageValue: pods.currentAverageValue }),
      },
    }),
    ...(object && {
      object: {
        describedObject: object.target,
        metric: identifier(object.metricName, object.selector),
        current: values({ value: object.currentValue, averageValue: object.averageValue }),
      },
    }),
    ...(external && {
      external: {
        metric: identifier(external.metricName, external.metricSelector),
        current: values({ value: external.currentValue, averageValue: external.currentAverageValue }),
      },
    }),
  };
}

const identifier = (name: string, selector: LabelSelector | undefined) => ({
  name,
  ...(selector && { selector }),
});

interface Values {
  averageUtilization?: number | undefined;
  averageValue?: string | undefined;
  value?: string | undefined;
}

const values = (of: Values): MetricValueStatus => compact(of) as MetricValueStatus;

/** The type of a target follows from what is given. */
function target(of: Values): MetricTarget {
  const type =
    of.averageUtilization !== undefined
      ? 'Utilization'
      : of.averageValue !== undefined
        ? 'AverageValue'
        : 'Value';
  return { type, ...values(of) };
}

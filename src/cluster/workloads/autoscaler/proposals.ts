import type { MetricSpec, MetricStatus, MetricTarget } from 'kubernetes-types/autoscaling/v2.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import type { Instant } from '../../../api/index.ts';
import { formatMilli, milliValue } from './quantities.ts';
import { MetricError, type MetricsAnswer, readingsOf } from './readings.ts';
import {
  type Proposal,
  type ResourceQuestion,
  replicasForAverage,
  replicasForUtilization,
  type Tolerance,
} from './replicas.ts';

/** All that a metric's proposal is made of. */
export interface MetricView {
  namespace: string;
  metrics: MetricsAnswer;
  pods: readonly Pod[];
  tolerance: Tolerance;
  currentReplicas: number;
  now: Instant;
}

/** What a metric asks for, or why it cannot say. */
export type MetricResult =
  | {
      kind: 'proposed';
      replicas: number /** As messages name the metric. */;
      name: string;
      status: MetricStatus;
    }
  | {
      kind: 'failed';
      /** Of the event and the condition. */
      reason: string;
      problem: string;
      /** The problem as the sum of all metrics tells it. */
      summary: string;
    };

/** The status of a metric that has no value. */
export const UNKNOWN_STATUS: MetricStatus = { type: '' };

export function proposalOf(spec: MetricSpec, view: MetricView): MetricResult {
  const { resource, containerResource, pods, object, external } = spec;
  if (spec.type === 'Resource' && resource) {
    return attempt(
      'FailedGetResourceMetric',
      `failed to get ${resource.name} resource metric value: `,
      () => {
        const proposal = ofResource(resource.name, undefined, resource.target, view);
        const status = { type: spec.type, resource: { name: resource.name, current: currentOf(proposal) } };
        return proposed(proposal, nameOf(resource.name, 'resource', resource.target), status);
      },
    );
  }
  if (spec.type === 'ContainerResource' && containerResource) {
    const { name, container, target } = containerResource;
    return attempt(
      'FailedGetContainerResourceMetric',
      `failed to get ${container} container metric value: `,
      () => {
        const proposal = ofResource(name, container, target, view);
        const status = {
          type: spec.type,
          containerResource: { name, container, current: currentOf(proposal) },
        };
        return proposed(proposal, nameOf(name, 'container resource', target), status);
      },
    );
  }
  if (spec.type === 'Pods' && pods) {
    const problem = `unable to get metric ${pods.metric.name}: ${NO_CUSTOM_METRICS}`;
    return failed('FailedGetPodsMetric', problem, `failed to get pods metric value: ${problem}`);
  }
  if (spec.type === 'Object' && object) {
    const { kind, name } = object.describedObject;
    // The order of the parts is Kubernetes' own.
    const problem = `unable to get metric ${object.metric.name}: ${kind} on ${view.namespace} ${name}/${NO_CUSTOM_METRICS}`;
    const average = object.target.type === 'AverageValue';
    const inner = average ? `failed to get ${object.metric.name} object metric: ${problem}` : problem;
    return failed('FailedGetObjectMetric', problem, `failed to get object metric value: ${inner}`);
  }
  if (spec.type === 'External' && external) {
    const { name, selector } = external.metric;
    const problem =
      `unable to get external metric ${view.namespace}/${name}/${goSelector(selector)}: unable to fetch metrics ` +
      `from external metrics API: the server could not find the requested resource (get ${name}.external.metrics.k8s.io)`;
    const inner =
      external.target.averageValue === undefined
        ? `failed to get external metric ${name}: ${problem}`
        : `failed to get ${name} external metric: ${problem}`;
    return failed(
      'FailedGetExternalMetric',
      problem,
      `failed to get ${name} external metric value: ${inner}`,
    );
  }
  const problem = `unknown metric source type ${JSON.stringify(spec.type)}`;
  return failed('InvalidMetricSourceType', problem, problem);
}

/** No adapter serves the other metrics' APIs here. */
const NO_CUSTOM_METRICS =
  'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';

const failed = (reason: string, problem: string, summary: string): MetricResult => ({
  kind: 'failed',
  reason,
  problem,
  summary,
});

const proposed = ({ replicas }: Proposal, name: string, status: MetricStatus): MetricResult => ({
  kind: 'proposed',
  replicas,
  name,
  status,
});

function attempt(reason: string, prefix: string, propose: () => MetricResult): MetricResult {
  try {
    return propose();
  } catch (error) {
    if (!(error instanceof MetricError)) throw error;
    return failed(reason, error.message, `${prefix}${error.message}`);
  }
}

/** @throws MetricError */
function ofResource(
  resource: string,
  container: string | undefined,
  target: MetricTarget,
  { metrics, pods, tolerance, currentReplicas, now }: MetricView,
): Proposal {
  const ask = (what: string, answer: (question: ResourceQuestion) => Proposal) => {
    try {
      const readings = readingsOf(metrics, resource, container);
      return answer({ resource, container, readings, pods, tolerance, currentReplicas, now });
    } catch (error) {
      if (!(error instanceof MetricError)) throw error;
      throw new MetricError(`failed to get ${resource} ${what}: ${error.message}`);
    }
  };
  const average = milliValue(target.averageValue);
  if (average !== undefined) return ask('usage', (question) => replicasForAverage(question, average));
  const { averageUtilization } = target;
  if (averageUtilization === undefined) {
    throw new MetricError(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    );
  }
  return ask('utilization', (question) => replicasForUtilization(question, averageUtilization));
}

const nameOf = (resource: string, what: string, { averageValue }: MetricTarget) =>
  averageValue === undefined
    ? `${resource} ${what} utilization (percentage of request)`
    : `${resource} resource`;

const currentOf = ({ averageMilli, utilization }: Proposal) => ({
  averageValue: formatMilli(averageMilli),
  ...(utilization !== undefined && { averageUtilization: utilization }),
});

/** A selector as Go's `%+v` prints it. */
function goSelector(selector: LabelSelector | undefined): string {
  if (!selector) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`)
    .join('');
  const requirements = (selector.matchExpressions ?? [])
    .map(
      ({ key, operator, values = [] }) =>
        `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
    )
    .join('');
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${requirements}},}`;
}

import { type Instant, type KubeObject, parseDuration, parseTime } from '../../../api/index.ts';
import { milliValue } from './quantities.ts';

/** An object of `metrics.k8s.io/v1beta1`. */
export interface PodMetrics extends KubeObject {
  timestamp?: string;
  window?: string;
  containers?: { name: string; usage?: Record<string, string> }[];
}

/** What the metrics API answered, or why it did not. */
export type MetricsAnswer = { items: readonly PodMetrics[] } | { problem: string };

/** What a pod uses of a resource. */
export interface Reading {
  milli: number;
  at: Instant;
  windowMs: number;
}

/** A metric has no value now; the message says why, as the autoscaler of Kubernetes does. */
export class MetricError extends Error {
  override name = 'MetricError';
}

/**
 * The usage of a resource by the pods' names, of all containers or of one.
 * @throws MetricError
 */
export function readingsOf(
  answer: MetricsAnswer,
  resource: string,
  container: string | undefined,
): Map<string, Reading> {
  const because = `unable to get metrics for resource ${resource}: `;
  if ('problem' in answer) {
    throw new MetricError(`${because}unable to fetch metrics from resource metrics API: ${answer.problem}`);
  }
  if (answer.items.length === 0) {
    throw new MetricError(`${because}no metrics returned from resource metrics API`);
  }
  const readings = new Map<string, Reading>();
  for (const metrics of answer.items) {
    const { name = '', namespace } = metrics.metadata ?? {};
    const all = metrics.containers ?? [];
    const counted = container === undefined ? all : all.filter((each) => each.name === container);
    if (container !== undefined && counted.length === 0) {
      throw new MetricError(
        `${because}failed to get container metrics: ` +
          `container ${container} not present in metrics for pod ${namespace}/${name}`,
      );
    }
    const values = counted.flatMap(({ usage }) => milliValue(usage?.[resource]) ?? []);
    // A container without a value: the pod counts as one without metrics.
    if (values.length === 0 || values.length < counted.length) continue;
    readings.set(name, {
      milli: values.reduce((sum, value) => sum + value, 0),
      at: parseTime(metrics.timestamp) ?? 0,
      windowMs: parseDuration(metrics.window ?? '0'),
    });
  }
  return readings;
}

import type { ResourceType } from '../../../api/index.ts';
import { ApiError, type KubeClient } from '../../../kube/index.ts';
import type { MetricsAnswer, PodMetrics } from './readings.ts';

const PodMetricsType: ResourceType<PodMetrics> = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  namespaced: true,
};

/** The words of Kubernetes' own clients for answers that have none of their own. */
const WORDS: Record<number, string> = {
  404: 'the server could not find the requested resource (get pods.metrics.k8s.io)',
  503: 'the server is currently unable to handle the request (get pods.metrics.k8s.io)',
};

/** What the pods of a selector use now, or why nobody says. */
export async function readMetrics(
  client: KubeClient,
  namespace: string | undefined,
  labelSelector: string,
): Promise<MetricsAnswer> {
  try {
    return { items: (await client.list(PodMetricsType, { namespace, labelSelector })).items };
  } catch (error) {
    if (error instanceof ApiError) return { problem: WORDS[error.code] ?? error.message };
    throw error;
  }
}

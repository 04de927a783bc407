import type { Container, Pod, ResourceFieldSelector } from 'kubernetes-types/core/v1.d.ts';
import { parseQuantity } from '../../../api/index.ts';

/** The downward API: what a pod may learn of itself. */
export interface PodFacts {
  pod: Pod;
  podIP: string;
  hostIP: string;
  nodeName: string;
  capacity: Capacity;
}

export interface Capacity {
  /** Number of processors. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

/** A field that cannot be given; the message names it. */
export class FieldError extends Error {
  override name = 'FieldError';
}

const PLAIN_FIELDS: Record<string, (facts: PodFacts) => string | undefined> = {
  'metadata.name': ({ pod }) => pod.metadata?.name,
  'metadata.namespace': ({ pod }) => pod.metadata?.namespace,
  'metadata.uid': ({ pod }) => pod.metadata?.uid,
  'metadata.labels': ({ pod }) => formatMap(pod.metadata?.labels),
  'metadata.annotations': ({ pod }) => formatMap(pod.metadata?.annotations),
  'spec.nodeName': ({ nodeName }) => nodeName,
  'spec.serviceAccountName': ({ pod }) => pod.spec?.serviceAccountName,
  'status.hostIP': ({ hostIP }) => hostIP,
  'status.hostIPs': ({ hostIP }) => hostIP,
  'status.podIP': ({ podIP }) => podIP,
  'status.podIPs': ({ podIP }) => podIP,
};

/**
 * The value of a `fieldRef`.
 * @throws FieldError when there is no such field
 */
export function fieldValue(path: string, facts: PodFacts): string {
  const plain = PLAIN_FIELDS[path];
  if (plain) return plain(facts) ?? '';
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map === 'labels' || map === 'annotations') return facts.pod.metadata?.[map]?.[key] ?? '';
  throw new FieldError(
    `unsupported fieldPath ${JSON.stringify(path)}; allowed: ${Object.keys(PLAIN_FIELDS).join(', ')}, metadata.labels['KEY'], metadata.annotations['KEY']`,
  );
}

function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/**
 * The value of a `resourceFieldRef`: the amount over the divisor, rounded up. A limit that is not set is the node's
 * capacity.
 * @throws FieldError when the resource or a quantity is not understood
 */
export function resourceValue(
  selector: ResourceFieldSelector,
  container: Container,
  capacity: Capacity,
): string {
  const [group, name] = selector.resource.split('.', 2);
  const known = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage';
  if ((group !== 'limits' && group !== 'requests') || !known) {
    throw new FieldError(
      `unsupported resource ${JSON.stringify(selector.resource)}; allowed: limits.cpu, limits.memory, limits.ephemeral-storage, requests.cpu, requests.memory, requests.ephemeral-storage`,
    );
  }
  const set = container.resources?.[group]?.[name];
  const fallback = group === 'requests' || name === 'ephemeral-storage' ? 0 : capacity[name];
  const amount = set === undefined ? fallback : amountOf(String(set));
  const divisor = selector.divisor === undefined ? 1 : amountOf(String(selector.divisor)) || 1;
  return String(Math.ceil(amount / divisor));
}

/** A limit of a container, in bytes or processors; undefined: none. @throws FieldError */
export function limitOf({ resources }: Container, resource: 'cpu' | 'memory'): number | undefined {
  const limit = resources?.limits?.[resource];
  return limit === undefined ? undefined : amountOf(String(limit));
}

/** @throws FieldError for what is no Kubernetes quantity */
function amountOf(text: string): number {
  const amount = parseQuantity(text);
  if (amount === undefined) {
    throw new FieldError(
      `${JSON.stringify(text)} is no quantity; allowed: a number with n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei`,
    );
  }
  return amount;
}

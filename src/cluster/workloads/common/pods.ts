import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import { type Instant, parseTime } from '../../../api/index.ts';

/** What workload controllers read off pods. */

export const conditionOf = (pod: Pod, type: string) =>
  pod.status?.conditions?.find((condition) => condition.type === type);

export const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready')?.status === 'True';

export const isTerminating = (pod: Pod): boolean => pod.metadata?.deletionTimestamp !== undefined;

/** It has ended and will not run again. */
export const isFinished = (pod: Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** It counts as a replica. */
export const isActive = (pod: Pod): boolean => !isTerminating(pod) && !isFinished(pod);

/** Since when the pod is ready; undefined while it is not. */
export function readySince(pod: Pod): Instant | undefined {
  const condition = conditionOf(pod, 'Ready');
  return condition?.status === 'True' ? (parseTime(condition.lastTransitionTime) ?? 0) : undefined;
}

/** When the pod counts as available if it stays ready; undefined while it is not ready. */
export function availableAt(pod: Pod, minReadySeconds: number): Instant | undefined {
  const since = readySince(pod);
  if (since === undefined) return undefined;
  return minReadySeconds === 0 ? Number.NEGATIVE_INFINITY : since + minReadySeconds * 1000;
}

/** A pod of a template, controlled by the owner. */
export function podOf(
  template: PodTemplateSpec | undefined,
  owner: OwnerReference,
  namespace: string | undefined,
  name: string,
): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${owner.name}-`,
      ...(namespace && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [owner],
    },
    ...(template?.spec && { spec: template.spec }),
  };
}

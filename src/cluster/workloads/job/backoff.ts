import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Instant, parseTime } from '../../../api/index.ts';

/** How long a Job waits after failures, and how many it bears. */

/** Between a failed pod and the next: 10 s, doubling with each failure since the last success, to 10 minutes. */
const BASE_MS = 10_000;
const MAX_MS = 600_000;

/** When the next pod may be made. */
export function retryAt(pods: readonly Pod[]): Instant {
  const ends = (phase: string) => pods.filter((pod) => pod.status?.phase === phase).map(endedAt);
  const lastSuccess = Math.max(Number.NEGATIVE_INFINITY, ...ends('Succeeded'));
  const failures = ends('Failed').filter((end) => end > lastSuccess);
  if (failures.length === 0) return Number.NEGATIVE_INFINITY;
  return Math.max(...failures) + Math.min(BASE_MS * 2 ** (failures.length - 1), MAX_MS);
}

function endedAt({ metadata, status }: Pod): Instant {
  const ends = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map(
    ({ state }) => parseTime(state?.terminated?.finishedAt) ?? 0,
  );
  const readyChange = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  return Math.max(
    parseTime(metadata?.deletionTimestamp) ?? parseTime(metadata?.creationTimestamp) ?? 0,
    ends.length === 0 ? (parseTime(readyChange) ?? 0) : 0,
    ...ends,
  );
}

/** Whether the containers of pods that restart them have failed too often. */
export function restartedTooOften({ spec }: Job, active: readonly Pod[]): boolean {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = active
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  const limit = spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

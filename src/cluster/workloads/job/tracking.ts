import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Effect, Pods } from '../../../api/index.ts';
import { isActive, isFinished, isTerminating } from '../common/pods.ts';
import { completedIndexes, indexOf, inOrder, isIndexed, knownCompleted, parseIndexes } from './indexes.ts';
import { type FailureMatch, matchFailure } from './policies.ts';

/**
 * Counts each pod that has ended once, whatever is deleted or crashes meanwhile: a pod keeps a finalizer until it is in
 * the Job's status. Its uid is put down there first (uncountedTerminatedPods), then the finalizer is taken off, then
 * it is added to the count. In Indexed mode the number of a succeeded pod's part takes the place of the uid.
 */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';

/** Annotation on a pod: how often its part had failed before. */
const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';

/** Ended pods put down in one write. */
const MAX_UNCOUNTED = 500;

export interface Tally {
  active: readonly Pod[];
  /** On their way out, and still there. */
  terminating: readonly Pod[];
  /** All that have ended, those that are not yet in the counts among them. */
  succeeded: number;
  failed: number;
  /** Parts that are done, and parts that have failed for good; empty unless Indexed. */
  completed: readonly number[];
  failedIndexes: readonly number[];
  /** For the status: what is counted with this pass, and what is put down to be counted. */
  counts: { succeeded: number; failed: number };
  uncounted: { succeeded?: string[]; failed?: string[] };
  /** Pods that are counted, or are not to be: their finalizer goes. */
  released: readonly Pod[];
  /** A pod failed in a way that ends the Job. */
  failure: FailureMatch | undefined;
  /** After this pass nothing is left to be counted. */
  isSettled: boolean;
}

export const isTracked = ({ metadata }: Pod): boolean =>
  metadata?.finalizers?.includes(TRACKING_FINALIZER) ?? false;

export function tally(job: Job, pods: readonly Pod[]): Tally {
  const { status } = job;
  const before = status?.uncountedTerminatedPods ?? {};
  const putDown = new Set([...(before.succeeded ?? []), ...(before.failed ?? [])]);
  const known = new Set(knownCompleted(job));
  const fresh: { succeeded: string[]; failed: string[] } = { succeeded: [], failed: [] };
  const released: Pod[] = [];
  const failedIndexes = new Set(parseIndexes(status?.failedIndexes ?? '', job.spec?.completions ?? 0));
  let failure: FailureMatch | undefined;
  let isSettled = true;
  for (const pod of pods.filter(isTracked)) {
    const uid = pod.metadata?.uid ?? '';
    const outcome = outcomeOf(pod, job);
    if (putDown.has(uid)) released.push(pod);
    else if (outcome === undefined) isSettled = false;
    else if (outcome === 'succeeded' && isIndexed(job)) {
      const index = indexOf(pod, job);
      if (index === undefined || known.has(index)) released.push(pod);
      else isSettled = false;
    } else {
      const match = outcome === 'failed' ? matchFailure(job, pod) : undefined;
      if (match?.action === 'FailJob') failure ??= match;
      if (outcome === 'failed' && failsIndex(job, pod, match)) failedIndexes.add(indexOf(pod, job) ?? -1);
      if (match?.action === 'Ignore') released.push(pod);
      else fresh[outcome].push(uid);
    }
  }
  const counts = {
    succeeded: (status?.succeeded ?? 0) + (before.succeeded?.length ?? 0),
    failed: (status?.failed ?? 0) + (before.failed?.length ?? 0),
  };
  const completed = isIndexed(job) ? completedIndexes(job, pods) : [];
  const uncounted = {
    ...(fresh.succeeded.length > 0 && { succeeded: fresh.succeeded.slice(0, MAX_UNCOUNTED) }),
    ...(fresh.failed.length > 0 && { failed: fresh.failed.slice(0, MAX_UNCOUNTED) }),
  };
  failedIndexes.delete(-1);
  for (const index of completed) failedIndexes.delete(index);
  return {
    active: pods.filter(isActive),
    terminating: pods.filter((pod) => isTerminating(pod) && !isFinished(pod) && !hasStopped(pod)),
    succeeded: isIndexed(job) ? completed.length : counts.succeeded + fresh.succeeded.length,
    failed: counts.failed + fresh.failed.length,
    completed,
    failedIndexes: inOrder(failedIndexes),
    counts: isIndexed(job) ? { ...counts, succeeded: completed.length } : counts,
    uncounted,
    released,
    failure,
    isSettled: isSettled && fresh.succeeded.length + fresh.failed.length === 0,
  };
}

/** Only its finalizers keep it. */
const hasStopped = ({ metadata }: Pod) => metadata?.deletionGracePeriodSeconds === 0;

/** Whether pods that are still on their way out are not replaced yet, and do not count as failed. */
export const replacesFailedOnly = ({ spec }: Job): boolean =>
  spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined;

function outcomeOf(pod: Pod, job: Job): 'succeeded' | 'failed' | undefined {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded') return 'succeeded';
  if (phase === 'Failed') return 'failed';
  if (!isTerminating(pod)) return undefined;
  // One that is deleted may never get to fail.
  return !replacesFailedOnly(job) || phase === 'Pending' || hasStopped(pod) ? 'failed' : undefined;
}

/** Whether this failure of a part was one too many. */
function failsIndex(job: Job, pod: Pod, match: FailureMatch | undefined): boolean {
  const limit = job.spec?.backoffLimitPerIndex;
  if (limit === undefined || match?.action === 'Ignore') return false;
  return match?.action === 'FailIndex' || failuresBefore(pod) >= limit;
}

const failuresBefore = ({ metadata }: Pod): number => Number(metadata?.annotations?.[INDEX_FAILURES]) || 0;

/** How often a part has failed, for the next pod that tries it. */
export function indexFailures(job: Job, pods: readonly Pod[], index: number): number {
  const tries = pods.filter((pod) => indexOf(pod, job) === index && outcomeOf(pod, job) === 'failed');
  return Math.max(
    0,
    ...tries.map((pod) => failuresBefore(pod) + (matchFailure(job, pod)?.action === 'Ignore' ? 0 : 1)),
  );
}

export const withFailures = (pod: Pod, failures: number): Pod => ({
  ...pod,
  metadata: {
    ...pod.metadata,
    annotations: { ...pod.metadata?.annotations, [INDEX_FAILURES]: String(failures) },
  },
});

/** Takes the finalizer off, or puts it on a pod that came without. */
export function retrack(pod: Pod, tracked: boolean): Effect {
  const { namespace, name = '', uid, resourceVersion, finalizers = [] } = pod.metadata ?? {};
  const others = finalizers.filter((finalizer) => finalizer !== TRACKING_FINALIZER);
  return {
    kind: 'patch',
    what: `${tracked ? 'track' : 'no longer track'} pod ${name}`,
    ref: { type: Pods, namespace, name },
    patch: { metadata: { uid, finalizers: tracked ? [...others, TRACKING_FINALIZER] : others } },
    resourceVersion,
  };
}

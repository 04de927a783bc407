import type { Job, JobCondition, JobStatus } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  type Decision,
  type Effect,
  type EventRecord,
  formatTime,
  type Instant,
  Jobs,
  Pods,
  parseTime,
} from '../../../api/index.ts';
import { claim } from '../common/claim.ts';
import { isReady } from '../common/pods.ts';
import { podCreated, podCreation, podDeleted, podDeletion } from '../common/podwrites.ts';
import { retryAt } from './backoff.ts';
import { conditionOf, type Ending, endingOf, findEnding, withEnding } from './ending.ts';
import { formatIndexes, indexOf, isIndexed, openIndexes, redundantPods } from './indexes.ts';
import { newIndexedPod, newPod } from './pods.ts';
import { isTracked, replacesFailedOnly, retrack, type Tally, tally } from './tracking.ts';

export interface JobView {
  job: Job;
  /** The pods that it controls, and those in its namespace that it could adopt. */
  pods: readonly Pod[];
}

/** Pods made or deleted in one pass. */
const BURST = 500;
const OURSELVES = 'kubernetes.io/job-controller';

interface Step {
  code: string;
  text: string;
  effects: Effect[];
  events: EventRecord[];
  wakeAt?: Instant;
}

const step = (code: string, text: string, effects: Effect[] = [], events: EventRecord[] = []): Step => ({
  code,
  text,
  effects,
  events,
});

/** Runs pods until enough have succeeded, or too many have failed. */
export function decideJob(view: JobView, now: Instant): Decision<JobStatus> {
  const { job } = view;
  const { managedBy = OURSELVES } = job.spec ?? {};
  if (managedBy !== OURSELVES) return over(step('ManagedElsewhere', `${managedBy} runs it`));
  if (endingOf(job) || job.metadata?.deletionTimestamp) return afterEnd(view, now);
  const { owned, effects } = claim(
    { type: Jobs, object: job, selector: job.spec?.selector },
    Pods,
    view.pods,
  );
  // The next view shows whom it has got.
  if (effects.length > 0) return over(step('Adopting', 'pods are adopted or released', effects));
  const pods = tally(job, owned);
  const released = pods.released.map((pod) => retrack(pod, false));
  const untracked = pods.active.filter((pod) => !isTracked(pod)).map((pod) => retrack(pod, true));
  const ending = findEnding(job, pods, now);
  const next = ending ? end(ending, pods) : manage(job, owned, pods, now);
  const { status, events } = statusOf(job, pods, ending, now);
  const deadline = deadlineOf(job, status.startTime);
  const wakeAt = Math.min(
    next.wakeAt ?? Number.POSITIVE_INFINITY,
    ending ? Number.POSITIVE_INFINITY : deadline,
  );
  return {
    status,
    effects: [...released, ...untracked, ...next.effects],
    events: [...next.events, ...events],
    because: [{ code: next.code, text: next.text }],
    ...(Number.isFinite(wakeAt) && { wakeAt }),
  };
}

const over = ({ code, text, effects, events, wakeAt }: Step): Decision<JobStatus> => ({
  effects,
  events,
  because: [{ code, text }],
  ...(wakeAt !== undefined && { wakeAt }),
});

/** Nothing more is made; what still runs is deleted, and counted when it is gone. */
function end({ reason, message }: Ending, { active }: Tally): Step {
  return step(reason, message, active.map(podDeletion), active.map(podDeleted));
}

/** Brings the pods that run to the number that should. */
function manage(job: Job, pods: readonly Pod[], counted: Tally, now: Instant): Step {
  const { active } = counted;
  if (job.spec?.suspend) return remove('Suspended', 'it is suspended', active);
  const done = [...counted.completed, ...counted.failedIndexes];
  const redundant = isIndexed(job) ? redundantPods(job, active, done) : [];
  if (redundant.length > 0) return remove('RedundantPods', 'each part of the work is done once', redundant);
  const wanted = wantedPods(job, counted);
  if (active.length > wanted) {
    const surplus = [...active].sort((a, b) => Number(isReady(a)) - Number(isReady(b)));
    const text = `${wanted} pods are enough`;
    return remove('TooManyPods', text, surplus.slice(0, active.length - wanted));
  }
  const leaving = replacesFailedOnly(job) ? counted.terminating : [];
  const missing = Math.min(wanted - active.length - leaving.length, BURST);
  const text = `${active.length} of ${wanted} pods run`;
  if (missing <= 0) return step('Running', text);
  if (isIndexed(job) && job.spec?.backoffLimitPerIndex !== undefined) {
    return createParts(job, pods, openIndexes(job, [...active, ...leaving], done, missing), now);
  }
  const notBefore = retryAt(pods);
  if (notBefore > now) {
    return { ...step('BackOff', 'the next pod waits for the back-off'), wakeAt: notBefore };
  }
  if (isIndexed(job)) {
    return createParts(job, [], openIndexes(job, [...active, ...leaving], done, missing), now);
  }
  const made = Array.from({ length: missing }, (_, i) => newPod(job, now, String(i)));
  return step('Running', text, made.map(podCreation), made.map(podCreated));
}

/** Each part waits for its own failures only; without pods to look at, for none. */
function createParts(job: Job, pods: readonly Pod[], indexes: readonly number[], now: Instant): Step {
  const made: Pod[] = [];
  let wakeAt: Instant | undefined;
  for (const index of indexes) {
    const notBefore = retryAt(pods.filter((pod) => indexOf(pod, job) === index));
    if (notBefore > now) wakeAt = Math.min(wakeAt ?? notBefore, notBefore);
    else made.push(newIndexedPod(job, now, index, pods));
  }
  const text = `${made.length} of ${indexes.length} open parts get a pod`;
  const next = step(
    made.length < indexes.length ? 'BackOff' : 'Running',
    text,
    made.map(podCreation),
    made.map(podCreated),
  );
  return wakeAt === undefined ? next : { ...next, wakeAt };
}

/** Pods that go because they are not wanted any more have neither succeeded nor failed. */
function remove(code: string, text: string, pods: readonly Pod[]): Step {
  const some = pods.slice(0, BURST);
  const untracked = some.filter(isTracked).map((pod) => retrack(pod, false));
  return step(code, text, [...untracked, ...some.map(podDeletion)], some.map(podDeleted));
}

/** How many pods should run now. */
function wantedPods({ spec }: Job, { active, succeeded, failedIndexes }: Tally): number {
  const { completions, parallelism = 1 } = spec ?? {};
  if (completions !== undefined) {
    return Math.max(0, Math.min(parallelism, completions - succeeded - failedIndexes.length));
  }
  // A queue of work: the first that finds it empty ends it for all.
  return succeeded > 0 ? Math.min(parallelism, active.length) : parallelism;
}

/** A Job that has ended lets go of its pods, and goes after its time to live. */
function afterEnd({ job, pods }: JobView, now: Instant): Decision<JobStatus> {
  const { namespace, name = '', uid, deletionTimestamp } = job.metadata ?? {};
  const released = pods
    .filter((pod) => isTracked(pod) && pod.metadata?.ownerReferences?.some((owner) => owner.uid === uid))
    .map((pod) => retrack(pod, false));
  const ended = step('Ended', 'it has ended', released);
  const ttl = job.spec?.ttlSecondsAfterFinished;
  const endedAt = parseTime(endingOf(job)?.lastTransitionTime);
  if (ttl === undefined || endedAt === undefined || deletionTimestamp) return over(ended);
  const expires = endedAt + ttl * 1000;
  if (now < expires) return over({ ...ended, wakeAt: expires });
  const what = `delete Job ${name}, whose time to live is over`;
  const ref = { type: Jobs, namespace, name };
  const deletion: Effect = { kind: 'delete', what, ref, uid, propagationPolicy: 'Foreground' };
  return over({ ...ended, effects: [...released, deletion] });
}

function deadlineOf({ spec }: Job, startTime: string | undefined): Instant {
  const started = parseTime(startTime);
  if (spec?.activeDeadlineSeconds === undefined || started === undefined || spec.suspend) {
    return Number.POSITIVE_INFINITY;
  }
  return started + spec.activeDeadlineSeconds * 1000;
}

function statusOf(
  job: Job,
  pods: Tally,
  ending: Ending | undefined,
  now: Instant,
): { status: JobStatus; events: EventRecord[] } {
  const { spec, status } = job;
  const { conditions, events } = suspension(job, now);
  const resumes = events.some(({ reason }) => reason === 'Resumed');
  const isOver = ending !== undefined && pods.isSettled && pods.active.length + pods.terminating.length === 0;
  if (isOver) {
    const { type, reason, message } = ending;
    events.push(
      type === 'Complete'
        ? { type: 'Normal', reason: 'Completed', message: 'Job completed' }
        : { type: 'Warning', reason, message },
    );
  }
  const startTime = spec?.suspend ? status?.startTime : (!resumes && status?.startTime) || formatTime(now);
  return {
    events,
    status: {
      ...status,
      startTime,
      active: pods.active.length || undefined,
      ready: pods.active.filter(isReady).length,
      terminating: pods.terminating.length,
      succeeded: pods.counts.succeeded || undefined,
      failed: pods.counts.failed || undefined,
      uncountedTerminatedPods: pods.uncounted,
      ...(isIndexed(job) && { completedIndexes: formatIndexes(pods.completed) || undefined }),
      ...(spec?.backoffLimitPerIndex !== undefined && {
        failedIndexes: formatIndexes(pods.failedIndexes) || undefined,
      }),
      conditions: ending ? withEnding(conditions, ending, isOver, now) : conditions,
      ...(isOver && ending.type === 'Complete' && { completionTime: formatTime(now) }),
    },
  };
}

/** Says that the Job is suspended, or no longer. */
function suspension({ spec, status }: Job, now: Instant) {
  const before = status?.conditions?.find(({ type }) => type === 'Suspended');
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'Suspended');
  const is = spec?.suspend ? 'True' : 'False';
  const events: EventRecord[] = [];
  let conditions: JobCondition[] | undefined = status?.conditions;
  if (before ? before.status !== is : is === 'True') {
    const [reason, verb] = spec?.suspend ? ['JobSuspended', 'suspended'] : ['JobResumed', 'resumed'];
    const message = `Job ${verb}`;
    conditions = [...others, { ...conditionOf('Suspended', reason, message, formatTime(now)), status: is }];
    events.push({ type: 'Normal', reason: reason.slice('Job'.length), message });
  }
  return { conditions, events };
}

import type { Job, JobCondition, JobStatus } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  controllerReference,
  type Decision,
  type Effect,
  type EventRecord,
  formatTime,
  type Instant,
  Jobs,
  parseTime,
} from '../../../api/index.ts';
import { generatedName } from '../common/naming.ts';
import { isActive, isReady, podOf } from '../common/pods.ts';
import { podCreated, podCreation, podDeleted, podDeletion } from '../common/podwrites.ts';
import {
  completedIndexes,
  formatIndexes,
  isIndexed,
  openIndexes,
  redundantPods,
  withIndex,
} from './indexes.ts';

export interface JobView {
  job: Job;
  /** The pods that it controls. */
  pods: readonly Pod[];
}

/** Between a failed pod and the next: 10 s doubling to 6 minutes. */
const BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 360_000;

interface Ending {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

/** Runs pods until enough have succeeded, or too many have failed. */
export function decideJob(view: JobView, now: Instant): Decision<JobStatus> {
  const { job, pods } = view;
  if (endingOf(job)) return afterEnd(job, now);
  if (job.metadata?.deletionTimestamp) return decision(view, now, [], [], 'Deleting', 'it is being deleted');
  const active = pods.filter(isActive);
  if (job.spec?.suspend) {
    return decision(
      view,
      now,
      active.map(podDeletion),
      active.map(podDeleted),
      'Suspended',
      'it is suspended',
    );
  }
  const ending = findEnding(view, now);
  if (ending) return end(view, ending, now);

  const redundant = isIndexed(job) ? redundantPods(job, pods) : [];
  if (redundant.length > 0) {
    const text = 'each part of the work is done once';
    const [effects, events] = [redundant.map(podDeletion), redundant.map(podDeleted)];
    return decision(view, now, effects, events, 'RedundantPods', text);
  }
  const wanted = wantedPods(view);
  if (active.length > wanted) {
    const surplus = [...active].sort((a, b) => Number(isReady(a)) - Number(isReady(b))).slice(wanted);
    return decision(
      view,
      now,
      surplus.map(podDeletion),
      surplus.map(podDeleted),
      'TooManyPods',
      `${wanted} pods are enough`,
    );
  }
  const notBefore = retryAt(pods);
  if (active.length < wanted && notBefore > now) {
    return {
      ...decision(view, now, [], [], 'BackOff', 'the next pod waits for the back-off'),
      wakeAt: notBefore,
    };
  }
  const created = isIndexed(job)
    ? openIndexes(job, pods, wanted - active.length).map((index) => newIndexedPod(job, now, index))
    : Array.from({ length: wanted - active.length }, (_, i) => newPod(job, now, String(i)));
  const text = `${active.length} of ${wanted} pods run`;
  return decision(view, now, created.map(podCreation), created.map(podCreated), 'Running', text);
}

function findEnding({ job, pods }: JobView, now: Instant): Ending | undefined {
  const { completions, backoffLimit = 6, activeDeadlineSeconds } = job.spec ?? {};
  const { succeeded, failed } = countEnded(job, pods);
  const active = pods.filter(isActive);
  const restarts = job.spec?.template.spec?.restartPolicy === 'OnFailure' ? total(active, restartsOf) : 0;
  if (failed > backoffLimit || (restarts > 0 && restarts >= backoffLimit)) {
    const message = 'Job has reached the specified backoff limit';
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message };
  }
  const startedAt = parseTime(job.status?.startTime);
  if (
    activeDeadlineSeconds !== undefined &&
    startedAt !== undefined &&
    now >= startedAt + activeDeadlineSeconds * 1000
  ) {
    const message = 'Job was active longer than specified deadline';
    return { type: 'Failed', reason: 'DeadlineExceeded', message };
  }
  const done = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  if (!done) return undefined;
  return {
    type: 'Complete',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  };
}

/** How many pods should run now. */
function wantedPods({ job, pods }: JobView): number {
  const { completions, parallelism = 1 } = job.spec ?? {};
  const { succeeded } = countEnded(job, pods);
  if (completions !== undefined) return Math.min(parallelism, completions - succeeded);
  // A queue of work: the first that finds it empty ends it for all.
  return succeeded > 0 ? Math.min(parallelism, pods.filter(isActive).length) : parallelism;
}

/** Pods that have ended may be deleted; what was counted stays counted. */
function countEnded(job: Job, pods: readonly Pod[]): { succeeded: number; failed: number } {
  const { status } = job;
  const count = (phase: string) => pods.filter((pod) => pod.status?.phase === phase).length;
  return {
    succeeded: isIndexed(job)
      ? completedIndexes(job, pods).length
      : Math.max(status?.succeeded ?? 0, count('Succeeded')),
    failed: Math.max(status?.failed ?? 0, count('Failed')),
  };
}

function retryAt(pods: readonly Pod[]): Instant {
  const ends = pods.filter((pod) => pod.status?.phase === 'Failed').map(endedAt);
  if (ends.length === 0) return Number.NEGATIVE_INFINITY;
  return Math.max(...ends) + Math.min(BACKOFF_MS * 2 ** (ends.length - 1), MAX_BACKOFF_MS);
}

function endedAt({ metadata, status }: Pod): Instant {
  const ends = (status?.containerStatuses ?? []).map(
    ({ state }) => parseTime(state?.terminated?.finishedAt) ?? 0,
  );
  return Math.max(parseTime(metadata?.creationTimestamp) ?? 0, ...ends);
}

function end(view: JobView, ending: Ending, now: Instant): Decision<JobStatus> {
  const active = view.pods.filter(isActive);
  const event: EventRecord =
    ending.type === 'Complete'
      ? { type: 'Normal', reason: 'Completed', message: 'Job completed' }
      : { type: 'Warning', reason: ending.reason, message: ending.message };
  const events = [...active.map(podDeleted), event];
  const ended = decision(view, now, active.map(podDeletion), events, ending.reason, ending.message);
  const time = formatTime(now);
  const { type, reason, message } = ending;
  const criterion = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const conditions = [criterion, type].map((each) => condition(each, reason, message, time));
  return {
    ...ended,
    status: {
      ...ended.status,
      active: undefined,
      ready: 0,
      conditions: [...(ended.status?.conditions ?? []), ...conditions],
      ...(type === 'Complete' && { completionTime: time }),
    },
    wakeAt: undefined,
  };
}

/** The condition that says how the Job has ended; undefined while it runs. */
export const endingOf = ({ status }: Job) =>
  status?.conditions?.find(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  );

/** A Job that has ended goes after its time to live. */
function afterEnd(job: Job, now: Instant): Decision<JobStatus> {
  const { namespace, name = '', uid, deletionTimestamp } = job.metadata ?? {};
  const ttl = job.spec?.ttlSecondsAfterFinished;
  const because = [{ code: 'Ended', text: 'it has ended' }];
  const endedAt_ = parseTime(endingOf(job)?.lastTransitionTime);
  if (ttl === undefined || endedAt_ === undefined || deletionTimestamp)
    return { effects: [], events: [], because };
  const expires = endedAt_ + ttl * 1000;
  if (now < expires) return { effects: [], events: [], because, wakeAt: expires };
  const what = `delete Job ${name}, whose time to live is over`;
  const ref = { type: Jobs, namespace, name };
  return {
    effects: [{ kind: 'delete', what, ref, uid, propagationPolicy: 'Background' }],
    events: [],
    because,
  };
}

function decision(
  { job, pods }: JobView,
  now: Instant,
  effects: Effect[],
  events: EventRecord[],
  code: string,
  text: string,
): Decision<JobStatus> {
  const { spec, status } = job;
  const { succeeded, failed } = countEnded(job, pods);
  const active = pods.filter(isActive);
  const startTime = spec?.suspend ? undefined : (status?.startTime ?? formatTime(now));
  const deadline = spec?.activeDeadlineSeconds;
  const started = parseTime(startTime);
  return {
    status: {
      ...status,
      startTime,
      active: active.length || undefined,
      ready: active.filter(isReady).length,
      succeeded: succeeded || undefined,
      failed: failed || undefined,
      ...(isIndexed(job) && { completedIndexes: formatIndexes(completedIndexes(job, pods)) || undefined }),
      conditions: suspension(job, now),
    },
    effects,
    events,
    because: [{ code, text }],
    ...(deadline !== undefined && started !== undefined && { wakeAt: started + deadline * 1000 }),
  };
}

function suspension({ spec, status }: Job, now: Instant): JobCondition[] | undefined {
  const before = status?.conditions?.find(({ type }) => type === 'Suspended');
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'Suspended');
  const is = spec?.suspend ? 'True' : 'False';
  if (!before && is === 'False') return status?.conditions;
  if (before?.status === is) return status?.conditions;
  const [reason, verb] = spec?.suspend ? ['JobSuspended', 'suspended'] : ['JobResumed', 'resumed'];
  return [...others, { ...condition('Suspended', reason, `Job ${verb}`, formatTime(now)), status: is }];
}

function condition(type: string, reason: string, message: string, time: string): JobCondition {
  return { type, status: 'True', reason, message, lastProbeTime: time, lastTransitionTime: time };
}

function newPod(job: Job, now: Instant, part: string, prefix = job.metadata?.name ?? ''): Pod {
  const { name = '', namespace, uid = '' } = job.metadata ?? {};
  const pod = podOf(
    job.spec?.template,
    controllerReference(Jobs, job),
    namespace,
    generatedName(prefix, uid, now, part),
  );
  const ours = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, ...ours } } };
}

function newIndexedPod(job: Job, now: Instant, index: number): Pod {
  const pod = newPod(job, now, String(index), `${job.metadata?.name}-${index}`);
  return withIndex(pod, job, index);
}

const total = (pods: readonly Pod[], count: (pod: Pod) => number) =>
  pods.reduce((sum, pod) => sum + count(pod), 0);
const restartsOf = (pod: Pod) =>
  (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);

import type { CronJob, CronJobStatus, Job } from 'kubernetes-types/batch/v1.d.ts';
import type { ObjectReference } from 'kubernetes-types/core/v1.d.ts';
import {
  CronJobs,
  controllerReference,
  type Decision,
  type Effect,
  type EventRecord,
  formatTime,
  type Instant,
  Jobs,
  parseTime,
} from '../../../api/index.ts';
import type { EffectError } from '../common/act.ts';
import { endingOf } from '../job/ending.ts';
import { parseSchedule, type Schedule, ScheduleError } from './schedule.ts';

export interface CronJobView {
  cronJob: CronJob;
  /** The Jobs that it controls. */
  jobs: readonly Job[];
}

/** Annotation on a Job: the time for which it was made. */
const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** From so many missed starts on it is said that something is wrong; they are not counted further. */
const MANY_MISSED = 100;

const nameOf = (job: Job): string => job.metadata?.name ?? '';
/** Those that were made by the schedule and have not ended; what a user makes from its template holds nothing up. */
const isRunning = (job: Job): boolean => endingOf(job) === undefined && isScheduled(job);
const isScheduled = ({ metadata }: Job): boolean => metadata?.annotations?.[SCHEDULED_AT] !== undefined;

/** What a pass has come to. */
interface Pass {
  effects: Effect[];
  events: EventRecord[];
}

/** Makes a Job at each time of the schedule, and clears away those that ended long ago. */
export function decideCronJob(view: CronJobView, now: Instant): Decision<CronJobStatus> {
  const { cronJob } = view;
  const pass: Pass = { effects: [], events: [...endedEvents(view), ...unexpectedEvents(view)] };
  const status = statusOf(view);
  clearHistory(view, pass);
  const done = (code: string, text: string): Decision<CronJobStatus> => ({
    status,
    ...pass,
    because: [{ code, text }],
  });
  if (cronJob.metadata?.deletionTimestamp) return done('Deleting', 'it is being deleted');
  if (cronJob.spec?.suspend) return done('Suspended', 'it is suspended');

  const since = earliest(cronJob, now);
  let schedule: Schedule;
  try {
    const start = parseTime(status.lastScheduleTime) ?? parseTime(cronJob.metadata?.creationTimestamp) ?? now;
    schedule = parseSchedule(cronJob.spec?.schedule ?? '', cronJob.spec?.timeZone, start);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    pass.events.push({ type: 'Warning', reason: error.reason, message: error.message });
    return done(error.reason, error.message);
  }
  const due = schedule.last(now);
  const wakeAt = schedule.next(now);
  const timer = wakeAt === undefined ? {} : { wakeAt };
  if (due === undefined || due <= since) {
    return { ...done('NotYet', `the next start is ${wakeAt ? formatTime(wakeAt) : 'never'}`), ...timer };
  }
  if (missed(schedule, due, since) > MANY_MISSED) {
    const message =
      'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    pass.events.push({ type: 'Warning', reason: 'TooManyMissedTimes', message });
  }
  const started = start(view, due, status, pass);
  if (started) status.lastScheduleTime = formatTime(due);
  return {
    ...done(started ? 'Started' : 'JobAlreadyActive', `the start of ${formatTime(due)} is due`),
    ...timer,
  };
}

/** A start at or before this time is none of this pass: it has been made, or is too long ago. */
function earliest({ metadata, spec, status }: CronJob, now: Instant): Instant {
  const handled = parseTime(status?.lastScheduleTime) ?? parseTime(metadata?.creationTimestamp) ?? now;
  const deadline = spec?.startingDeadlineSeconds;
  // A start exactly as old as the deadline is still in time.
  return deadline === undefined ? handled : Math.max(handled, now - deadline * 1000 - 1);
}

/** How many starts there were since; no more than are worth counting. */
function missed(schedule: Schedule, due: Instant, since: Instant): number {
  let count = 0;
  for (let at: Instant | undefined = due; at !== undefined && at > since; at = schedule.last(at - 1000)) {
    if (++count > MANY_MISSED) break;
  }
  return count;
}

/** Starts the Job that is due. False: it has to wait. */
function start({ cronJob, jobs }: CronJobView, due: Instant, status: CronJobStatus, pass: Pass): boolean {
  const { effects, events } = pass;
  const job = newJob(cronJob, due);
  // Made before a crash that came before the status was written.
  if (jobs.some((each) => nameOf(each) === nameOf(job))) return true;
  const running = jobs.filter(isRunning);
  const policy = cronJob.spec?.concurrencyPolicy;
  if (policy === 'Forbid' && running.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    events.push({ type: 'Normal', reason: 'JobAlreadyActive', message });
    return false;
  }
  if (policy === 'Replace') {
    for (const each of running) remove(each, pass);
    status.active = undefined;
  }
  const { namespace, name = '' } = job.metadata ?? {};
  const ref = { type: Jobs, namespace, name };
  effects.push({ kind: 'create', what: `create Job ${name}`, ref, object: job });
  events.push({ type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${name}` });
  return true;
}

/** Named after the minute for which it is made, as Kubernetes does: the same start is never made twice. */
function newJob(cronJob: CronJob, due: Instant): Job {
  const { name = '', namespace } = cronJob.metadata ?? {};
  const { metadata, spec } = cronJob.spec?.jobTemplate ?? {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${name}-${Math.floor(due / 60_000)}`,
      ...(namespace && { namespace }),
      ...(metadata?.labels && { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, [SCHEDULED_AT]: formatTime(due) },
      ownerReferences: [controllerReference(CronJobs, cronJob)],
    },
    ...(spec && { spec }),
  };
}

function statusOf({ cronJob, jobs }: CronJobView): CronJobStatus {
  const { status } = cronJob;
  const successes = [
    parseTime(status?.lastSuccessfulTime),
    ...jobs
      .filter((job) => endingOf(job)?.type === 'Complete')
      .map((job) => parseTime(job.status?.completionTime)),
  ].filter((time) => time !== undefined);
  const active = jobs.filter(isRunning).map(referenceTo);
  return {
    ...status,
    active: active.length > 0 ? active : undefined,
    ...(successes.length > 0 && { lastSuccessfulTime: formatTime(Math.max(...successes)) }),
  };
}

function referenceTo({ metadata }: Job): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata ?? {};
  return { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion };
}

/** Tells of those that were active in the last pass. */
function endedEvents({ cronJob, jobs }: CronJobView): EventRecord[] {
  return (cronJob.status?.active ?? []).flatMap(({ uid, name }): EventRecord[] => {
    const job = jobs.find(({ metadata }) => metadata?.uid === uid);
    if (!job) {
      const message = `Active job went missing: ${name}`;
      return [{ type: 'Normal', reason: 'MissingJob', message }];
    }
    const ending = endingOf(job);
    if (!ending) return [];
    const message = `Saw completed job: ${name}, condition: ${ending.type}`;
    return [{ type: 'Normal', reason: 'SawCompletedJob', message }];
  });
}

/** Tells of those that run and are not the schedule's. */
function unexpectedEvents({ jobs }: CronJobView): EventRecord[] {
  return jobs
    .filter((job) => endingOf(job) === undefined && !isScheduled(job))
    .map((job) => {
      const message = `Saw a job that the controller did not create or forgot: ${nameOf(job)}`;
      return { type: 'Warning', reason: 'UnexpectedJob', message };
    });
}

/** Jobs that ended go, the oldest first, beyond the limits for those that succeeded and those that failed. */
function clearHistory({ cronJob, jobs }: CronJobView, pass: Pass): void {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec ?? {};
  const limits = { Complete: successfulJobsHistoryLimit, Failed: failedJobsHistoryLimit };
  for (const [type, limit] of Object.entries(limits)) {
    const ended = jobs.filter((job) => endingOf(job)?.type === type && !job.metadata?.deletionTimestamp);
    for (const job of ended.sort(byStart).slice(0, Math.max(0, ended.length - limit))) remove(job, pass);
  }
}

const byStart = (a: Job, b: Job) =>
  (parseTime(a.status?.startTime) ?? 0) - (parseTime(b.status?.startTime) ?? 0) ||
  (nameOf(a) < nameOf(b) ? -1 : 1);

function remove(job: Job, { effects, events }: Pass): void {
  const { namespace, name = '', uid } = job.metadata ?? {};
  const ref = { type: Jobs, namespace, name };
  effects.push({ kind: 'delete', what: `delete Job ${name}`, ref, uid, propagationPolicy: 'Background' });
  events.push({ type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted job ${name}` });
}

/** What is left to say when a Job could not be made or deleted. */
export function decideCronJobFailure(_view: CronJobView, { effect, cause }: EffectError): Decision<never> {
  const [reason, verb] =
    effect.kind === 'delete' ? ['FailedDelete', 'Deleted'] : ['FailedCreate', 'Error creating'];
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `${verb} job: ${text}`;
  return { effects: [], events: [{ type: 'Warning', reason, message }], because: [{ code: reason, text }] };
}

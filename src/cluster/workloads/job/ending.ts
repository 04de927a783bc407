import type { Job, JobCondition } from 'kubernetes-types/batch/v1.d.ts';
import { formatTime, type Instant, parseTime } from '../../../api/index.ts';
import { restartedTooOften } from './backoff.ts';
import { isIndexed } from './indexes.ts';
import { matchSuccess } from './policies.ts';
import type { Tally } from './tracking.ts';

/** How a Job ends. First the reason is put down (FailureTarget, SuccessCriteriaMet), and when all pods are gone the end. */
export interface Ending {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

const isTrue = (job: Job, type: string) =>
  job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');

/** The condition that says how the Job has ended; undefined while it runs. */
export const endingOf = (job: Job) => isTrue(job, 'Complete') ?? isTrue(job, 'Failed');

/** Why the Job is to end, as was put down before or can be seen now; undefined: it goes on. */
export function findEnding(job: Job, pods: Tally, now: Instant): Ending | undefined {
  for (const [criterion, type] of [
    ['FailureTarget', 'Failed'],
    ['SuccessCriteriaMet', 'Complete'],
  ] as const) {
    const found = isTrue(job, criterion);
    if (found) return { type, reason: found.reason ?? '', message: found.message ?? '' };
  }
  return findFailure(job, pods, now) ?? findSuccess(job, pods);
}

function findFailure(job: Job, pods: Tally, now: Instant): Ending | undefined {
  const failed = (reason: string, message: string): Ending => ({ type: 'Failed', reason, message });
  const { completions = 0, backoffLimit = 6, activeDeadlineSeconds, maxFailedIndexes } = job.spec ?? {};
  if (pods.failure) return failed('PodFailurePolicy', pods.failure.message);
  if (pods.failed > backoffLimit || restartedTooOften(job, pods.active)) {
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const startedAt = parseTime(job.status?.startTime);
  if (
    activeDeadlineSeconds !== undefined &&
    startedAt !== undefined &&
    !job.spec?.suspend &&
    now >= startedAt + activeDeadlineSeconds * 1000
  ) {
    return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  if (maxFailedIndexes !== undefined && pods.failedIndexes.length > maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return failed('MaxFailedIndexesExceeded', message);
  }
  const over = pods.completed.length + pods.failedIndexes.length;
  if (pods.failedIndexes.length > 0 && over >= completions) {
    return failed('FailedIndexes', 'Job has failed indexes');
  }
  return undefined;
}

function findSuccess(job: Job, { active, succeeded, completed }: Tally): Ending | undefined {
  const { completions } = job.spec ?? {};
  const rule = isIndexed(job) ? matchSuccess(job, completed) : undefined;
  if (rule !== undefined) {
    return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` };
  }
  // Without a number of completions the first pod that finds nothing to do ends the work for all.
  const isDone = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  if (!isDone) return undefined;
  const message = 'Reached expected number of succeeded pods';
  return { type: 'Complete', reason: 'CompletionsReached', message };
}

/** The conditions with the reason for the end, and with the end itself when all is over. */
export function withEnding(
  conditions: readonly JobCondition[] | undefined,
  { type, reason, message }: Ending,
  isOver: boolean,
  now: Instant,
): JobCondition[] {
  const time = formatTime(now);
  const criterion = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const added = [criterion, ...(isOver ? [type] : [])]
    .filter((each) => !conditions?.some((condition) => condition.type === each))
    .map((each) => conditionOf(each, reason, message, time));
  return [...(conditions ?? []), ...added];
}

export function conditionOf(type: string, reason: string, message: string, time: string): JobCondition {
  return { type, status: 'True', reason, message, lastProbeTime: time, lastTransitionTime: time };
}

import type { Static } from 'typebox';
import { formatTime, type Instant, parseTime, type RolloutDuration } from '../api/index.ts';

type Duration = Static<typeof RolloutDuration>;

/** What happened to a rollout in this pass, as far as the clock of `status.duration` cares (CAN §13.2). */
export interface DurationFacts {
  now: Instant;
  /** A template or steps change, the first deploy, or a retry. */
  started: boolean;
  /** The start is a rollback to stable in the middle of an update: the clock goes on. */
  rolledBack: boolean;
  aborted: boolean;
  /** The stable version is the current one, and complete. */
  complete: boolean;
  fast: boolean;
  /** Waiting for a person, not for time. */
  pausedManually: boolean;
}

/** The next value of `status.duration`. Timed pauses count as running time. */
export function nextDuration(current: Duration | undefined, facts: DurationFacts): Duration | undefined {
  const time = formatTime(facts.now);
  const running = current?.rolloutStartedAt !== undefined && current.finishedAt === undefined;
  let next: Duration | undefined = current;
  if (facts.started) {
    if (facts.rolledBack)
      next = { ...current, completionStatus: facts.fast ? 'FastRolledBack' : 'RolledBack' };
    else next = { rolloutStartedAt: time };
    if (facts.rolledBack && !running) next.rolloutStartedAt = time;
    delete next.finishedAt;
  }
  if (!next?.rolloutStartedAt || next.finishedAt !== undefined) return next;

  next = countPause(next, facts, time);
  if (facts.aborted) return { ...next, finishedAt: time, completionStatus: 'Aborted' };
  if (facts.complete) {
    const outcome = next.completionStatus ?? (facts.fast ? 'FastPromoted' : 'Promoted');
    return { ...next, finishedAt: time, completionStatus: outcome };
  }
  // How a forced promotion ends is known before its pods are there, and forgotten by then.
  return facts.fast && !next.completionStatus ? { ...next, completionStatus: 'FastPromoted' } : next;
}

function countPause(
  duration: Duration,
  { now, pausedManually, aborted, complete }: DurationFacts,
  time: string,
): Duration {
  const since = parseTime(duration.manualPauseStartedAt);
  if (pausedManually && !aborted && !complete) {
    return since === undefined ? { ...duration, manualPauseStartedAt: time } : duration;
  }
  if (since === undefined) return duration;
  const { manualPauseStartedAt: _ended, ...rest } = duration;
  const seconds = Math.max(0, Math.floor((now - since) / 1000));
  return {
    ...rest,
    totalManualPauseDurationSeconds: (duration.totalManualPauseDurationSeconds ?? 0) + seconds,
  };
}

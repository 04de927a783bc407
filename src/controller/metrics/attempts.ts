import { type Instant, parseTime, type Rollout, type RolloutStatus } from '../../api/index.ts';

/** An update that has come to its end (CAN-130, OPS-048). */
export interface FinishedAttempt {
  status: string;
  totalSeconds: number;
  manualPauseSeconds: number;
}

/** The attempt that a status write has ended, by finishing it or by starting another; undefined when it has ended none. */
export function finishedAttempt(
  before: Rollout,
  after: RolloutStatus,
  now: Instant,
): FinishedAttempt | undefined {
  const old = before.status?.duration;
  const current = after.duration;
  if (current?.finishedAt && current.finishedAt !== old?.finishedAt) {
    return measure(current, current.completionStatus ?? 'Promoted', parseTime(current.finishedAt) ?? now);
  }
  const replaced = old?.rolloutStartedAt && current?.rolloutStartedAt !== old.rolloutStartedAt;
  return replaced && !old.finishedAt ? measure(old, 'Superseded', now) : undefined;
}

function measure(
  duration: NonNullable<RolloutStatus['duration']>,
  status: string,
  end: Instant,
): FinishedAttempt {
  const start = parseTime(duration.rolloutStartedAt) ?? end;
  return {
    status,
    totalSeconds: Math.max(0, (end - start) / 1000),
    manualPauseSeconds: duration.totalManualPauseDurationSeconds ?? 0,
  };
}

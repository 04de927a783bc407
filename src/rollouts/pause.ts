import {
  formatTime,
  type Instant,
  type PauseCondition,
  type PauseReason,
  type RolloutStatus,
} from '../api/index.ts';
import {
  findCondition,
  progressing,
  ROLLOUT_ABORTED,
  ROLLOUT_PAUSED,
  STABLE_MISSING,
  setCondition,
} from './conditions.ts';
import type { RolloutContext } from './context.ts';
import { nextDuration } from './duration.ts';
import type { Outcome } from './outcome.ts';
import { phaseOf } from './phase.ts';

/** The pauses that the controller keeps (CAN §7). */
export interface PauseState {
  conditions: readonly PauseCondition[];
  /** The controller has paused and nobody has resumed. */
  controllerPause: boolean;
}

export interface PauseChange {
  add?: readonly PauseReason[];
  remove?: readonly PauseReason[];
  /** All of them. */
  clear?: boolean;
}

/** The pauses after a pass: former ones keep their start, a reason is never there twice. */
export function nextPauses(status: RolloutStatus, change: PauseChange, now: Instant): PauseState {
  if (change.clear) return { conditions: [], controllerPause: false };
  const kept = (status.pauseConditions ?? []).filter(({ reason }) => !change.remove?.includes(reason));
  const added = (change.add ?? [])
    .filter((reason) => !kept.some((condition) => condition.reason === reason))
    .map((reason) => ({ reason, startTime: formatTime(now) }));
  const conditions = [...kept, ...added];
  return { conditions, controllerPause: conditions.length > 0 };
}

/** Events about pauses that began or ended. */
export function reportPauses(
  before: RolloutStatus,
  after: PauseState,
  aborted: boolean,
  outcome: Outcome,
): void {
  const former = before.pauseConditions ?? [];
  const isNew = after.conditions.some(
    ({ reason }) => !former.some((condition) => condition.reason === reason),
  );
  if (isNew) {
    outcome.event('Normal', 'RolloutPaused', `Rollout is paused (${after.conditions[0]?.reason})`);
  } else if ((former.length > 0 || before.controllerPause) && after.conditions.length === 0 && !aborted) {
    outcome.event('Normal', 'RolloutResumed', 'Rollout is resumed');
  }
}

/**
 * Brings the conditions in line with a pause, a resume or a retry that happened since the last pass (CAN §14.3), before
 * anything else is done about it.
 * @returns the status to write, after which the pass ends; undefined when there is nothing to do
 */
export function syncPauseConditions({
  rollout,
  spec,
  status,
  now,
  fullyPromoted,
  specObserved,
}: RolloutContext): RolloutStatus | undefined {
  if (!specObserved) return undefined;
  const paused = (status.pauseConditions?.length ?? 0) > 0 || Boolean(spec.paused);
  const reason = findCondition(status, 'Progressing')?.reason;
  const abortSeen = reason === ROLLOUT_ABORTED;
  let conditions = status.conditions ?? [];
  let retried = false;
  const held = reason === STABLE_MISSING;
  if (paused !== (reason === ROLLOUT_PAUSED) && !abortSeen && !held && !fullyPromoted) {
    conditions = setCondition(conditions, paused ? progressing.paused() : progressing.resumed(), now);
  }
  if (abortSeen && !status.abort) {
    retried = true;
    conditions = setCondition(conditions, progressing.retry(), now);
  }
  const isTrue = findCondition(status, 'Paused')?.status === 'True';
  if (paused !== isTrue && !abortSeen) {
    conditions = setCondition(
      conditions,
      {
        type: 'Paused',
        status: paused ? 'True' : 'False',
        reason: ROLLOUT_PAUSED,
        message: 'Rollout is paused',
      },
      now,
    );
  }
  if (conditions === status.conditions || conditions.length === 0) return undefined;
  const duration = retried
    ? nextDuration(status.duration, {
        now,
        started: true,
        rolledBack: false,
        aborted: false,
        complete: false,
        fast: false,
        pausedManually: paused,
      })
    : status.duration;
  const { message: _former, ...rest } = { ...status, conditions };
  const { phase, message } = phaseOf(rollout.spec, rest, now);
  return { ...rest, phase, ...(message && { message }), ...(duration && { duration }) };
}

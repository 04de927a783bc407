import { type Instant, parseTime, type RolloutSpec, type RolloutStatus } from '../api/index.ts';
import { findCondition, ROLLOUT_ABORTED, ROLLOUT_PAUSED } from './conditions.ts';

const DEFAULT_DEADLINE_SECONDS = 600;

/** Whether a status shows progress over the one before (CAN §9). */
export function madeProgress(before: RolloutStatus, after: RolloutStatus): boolean {
  const updated = (status: RolloutStatus) => status.updatedReplicas ?? 0;
  const old = (status: RolloutStatus) => (status.replicas ?? 0) - updated(status);
  const stepMoved =
    before.currentStepIndex !== undefined &&
    after.currentStepIndex !== undefined &&
    before.currentStepIndex !== after.currentStepIndex;
  return (
    updated(after) !== updated(before) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0) ||
    (after.stableRS ?? '') !== (before.stableRS ?? '') ||
    (after.currentStepHash ?? '') !== (before.currentStepHash ?? '') ||
    stepMoved
  );
}

/** When a rollout in this status counts as stuck; undefined while the clock does not run. */
export function progressDeadline(spec: RolloutSpec, status: RolloutStatus): Instant | undefined {
  const progressing = findCondition(status, 'Progressing');
  const since = parseTime(progressing?.lastUpdateTime);
  if (!progressing || since === undefined) return undefined;
  if (progressing.reason === ROLLOUT_PAUSED || progressing.reason === ROLLOUT_ABORTED) return undefined;
  if (findCondition(status, 'Paused')?.status === 'True' || status.abort) return undefined;
  return since + (spec.progressDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS) * 1000;
}

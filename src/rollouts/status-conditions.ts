import type { RolloutCondition, RolloutStatus } from '../api/index.ts';
import { findCondition, progressing, ROLLOUT_PAUSED, removeCondition, setCondition } from './conditions.ts';
import type { RolloutContext } from './context.ts';
import type { Outcome } from './outcome.ts';
import { madeProgress, progressDeadline } from './progress.ts';
import { nameOf, revisionOf } from './replicasets.ts';

/** What the conditions depend on beside the status that they are about. */
export interface ConditionFacts {
  /** The message of an aborted update. */
  aborted: string | undefined;
  isLastStep: boolean;
  /** The update starts over: whatever Progressing said is of the past. */
  refresh: boolean;
  /** The progress deadline counts at the current step. */
  deadlineApplies: boolean;
}

/** The conditions of a new status, in the order in which they depend on each other (CAN §14). */
export function rolloutConditions(
  context: RolloutContext,
  next: RolloutStatus,
  outcome: Outcome,
  facts: ConditionFacts,
): RolloutCondition[] {
  const { status, spec, now, newRS, name, replicas } = context;
  const subject = newRS ? `ReplicaSet "${nameOf(newRS)}"` : `Rollout "${name}"`;
  const paused = (status.pauseConditions?.length ?? 0) > 0 || Boolean(spec.paused);
  const complete = isComplete(context, next, facts.isLastStep);
  let conditions = removeCondition(status.conditions ?? [], 'InvalidSpec');
  if (!findCondition({ conditions }, 'Progressing') && newRS) {
    conditions = setCondition(conditions, progressing.found(nameOf(newRS)), now);
  }

  const wasHealthy = findCondition({ conditions }, 'Healthy');
  if (complete && !paused) {
    conditions = setCondition(
      conditions,
      { type: 'Healthy', status: 'True', reason: 'RolloutHealthy', message: 'Rollout is healthy' },
      now,
    );
  } else if (wasHealthy) {
    conditions = setCondition(
      conditions,
      { type: 'Healthy', status: 'False', reason: 'RolloutHealthy', message: 'Rollout is not healthy' },
      now,
    );
  }

  const becameUnhealthy = wasHealthy?.status === 'True' && !complete;
  const standsPaused = paused && findCondition({ conditions }, 'Progressing')?.reason === ROLLOUT_PAUSED;
  if (facts.aborted !== undefined) {
    const isNew = findCondition({ conditions }, 'Progressing')?.reason !== 'RolloutAborted';
    conditions = setCondition(conditions, progressing.aborted(facts.aborted), now);
    if (isNew) outcome.event('Warning', 'RolloutAborted', facts.aborted);
    const told = findCondition({ conditions }, 'Progressing')?.message ?? facts.aborted;
    outcome.because('Aborted', `${told}. It stays so until a retry, a full promotion or another template.`);
  } else if (complete) {
    conditions = setCondition(conditions, progressing.available(subject), now);
  } else if (facts.refresh || ((madeProgress(status, next) || becameUnhealthy) && !standsPaused)) {
    const promoted = next.stableRS !== undefined && next.stableRS === next.currentPodHash;
    const condition = becameUnhealthy && promoted ? progressing.notAvailable() : progressing.updated(subject);
    conditions = setCondition(conditions, condition, now, true);
  } else if (facts.deadlineApplies) {
    const deadline = progressDeadline(spec, { ...next, conditions });
    if (deadline !== undefined && now >= deadline) {
      conditions = setCondition(conditions, progressing.timedOut(subject), now);
      outcome.because('ProgressDeadlineExceeded', `${subject} has made no progress until its deadline.`);
    } else if (deadline !== undefined) outcome.wakeAt(deadline);
  }

  const available = (next.availableReplicas ?? 0) >= replicas;
  conditions = setCondition(
    conditions,
    {
      type: 'Available',
      status: available ? 'True' : 'False',
      reason: 'AvailableReason',
      message: `Rollout ${available ? 'has' : 'does not have'} minimum availability`,
    },
    now,
  );
  conditions = withReplicaFailure(context, conditions);
  return withCompleted(context, conditions, next, outcome);
}

/** Everything is as the spec wants it; with a router that includes that delayed old pods are gone (CAN §14.1). */
function isComplete(
  { status, rollout, replicas }: RolloutContext,
  next: RolloutStatus,
  isLastStep: boolean,
): boolean {
  return (
    isLastStep &&
    next.stableRS !== undefined &&
    next.stableRS === next.currentPodHash &&
    next.replicas === replicas &&
    next.updatedReplicas === replicas &&
    next.availableReplicas === replicas &&
    status.observedGeneration === String(rollout.metadata.generation)
  );
}

/** Mirrors what a ReplicaSet says about pods that it cannot make, the new one's first (CAN-123). */
function withReplicaFailure(
  { newRS, olderRSs, now }: RolloutContext,
  conditions: RolloutCondition[],
): RolloutCondition[] {
  const failure = [newRS, ...olderRSs]
    .flatMap((rs) => rs?.status?.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure');
  if (!failure) return removeCondition(conditions, 'ReplicaFailure');
  const status = failure.status === 'True' ? 'True' : failure.status === 'False' ? 'False' : 'Unknown';
  const { reason = '', message = '' } = failure;
  return setCondition(conditions, { type: 'ReplicaFailure', status, reason, message }, now);
}

function withCompleted(
  { newRS, now }: RolloutContext,
  conditions: RolloutCondition[],
  next: RolloutStatus,
  outcome: Outcome,
): RolloutCondition[] {
  const completed = Boolean(next.stableRS) && next.stableRS === next.currentPodHash;
  const before = findCondition({ conditions }, 'Completed');
  if (!completed && before?.status !== 'False') {
    const revision = revisionOf(newRS);
    outcome.event(
      'Normal',
      'RolloutNotCompleted',
      `Rollout not completed, started update to revision ${revision} (${next.currentPodHash})`,
    );
  }
  const status = completed ? 'True' : 'False';
  return setCondition(
    conditions,
    { type: 'Completed', status, reason: 'RolloutCompleted', message: 'RolloutCompleted' },
    now,
  );
}

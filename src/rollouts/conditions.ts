import { formatTime, type Instant, type RolloutCondition, type RolloutStatus } from '../api/index.ts';

/** The conditions of a Rollout: which there are, and how one replaces another (CAN §14). */

export type ConditionType =
  | 'Progressing'
  | 'Paused'
  | 'Available'
  | 'Completed'
  | 'Healthy'
  | 'ReplicaFailure'
  | 'InvalidSpec'
  /** Ours: a router could not be configured. Absent when all is well. */
  | 'TrafficRouting';

export interface NewCondition {
  type: ConditionType;
  status: RolloutCondition['status'];
  reason: string;
  message: string;
}

export function findCondition(
  status: Pick<RolloutStatus, 'conditions'>,
  type: ConditionType,
): RolloutCondition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

/**
 * The list with one condition set (CAN §14.2). The same status and reason change nothing; otherwise it moves to the
 * end, and keeps its transition time when only the reason is new.
 * @param refresh replace it even if status and reason are the same (progress was made)
 */
export function setCondition(
  conditions: readonly RolloutCondition[],
  next: NewCondition,
  now: Instant,
  refresh = false,
): RolloutCondition[] {
  const current = conditions.find(({ type }) => type === next.type);
  if (!refresh && current?.status === next.status && current.reason === next.reason) return [...conditions];
  const time = formatTime(now);
  const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : time;
  return [...removeCondition(conditions, next.type), { ...next, lastUpdateTime: time, lastTransitionTime }];
}

export function removeCondition(
  conditions: readonly RolloutCondition[],
  type: ConditionType,
): RolloutCondition[] {
  return conditions.filter((condition) => condition.type !== type);
}

export const REPLICA_SET_CREATE_ERROR = 'ReplicaSetCreateError';
export const STABLE_MISSING = 'StableReplicaSetMissing';
export const ROLLOUT_ABORTED = 'RolloutAborted';
export const DEADLINE_EXCEEDED = 'ProgressDeadlineExceeded';
export const ROLLOUT_PAUSED = 'RolloutPaused';

/** What `Progressing` can say (CAN §14.1). */
export const progressing = {
  created: (rs: string): NewCondition =>
    condition('True', 'NewReplicaSetCreated', `Created new replica set "${rs}"`),
  found: (rs: string): NewCondition =>
    condition('True', 'FoundNewReplicaSet', `Found new replica set "${rs}"`),
  updated: (subject: string): NewCondition =>
    condition('True', 'ReplicaSetUpdated', `${subject} is progressing.`),
  notAvailable: (): NewCondition =>
    condition('True', 'ReplicaSetNotAvailable', 'Rollout does not have minimum availability'),
  available: (subject: string): NewCondition =>
    condition('True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`),
  timedOut: (subject: string): NewCondition =>
    condition('False', DEADLINE_EXCEEDED, `${subject} has timed out progressing.`),
  aborted: (message: string): NewCondition => condition('False', ROLLOUT_ABORTED, message),
  createError: (rs: string, error: string): NewCondition =>
    condition('False', REPLICA_SET_CREATE_ERROR, `Failed to create new replica set "${rs}": ${error}`),
  stableMissing: (hash: string): NewCondition =>
    condition(
      'False',
      STABLE_MISSING,
      `The stable ReplicaSet with hash "${hash}" was deleted during an update; promote the Rollout fully, or apply the ` +
        'stable template again',
    ),
  paused: (): NewCondition => condition('Unknown', ROLLOUT_PAUSED, 'Rollout is paused'),
  resumed: (): NewCondition => condition('Unknown', 'RolloutResumed', 'Rollout is resumed'),
  retry: (): NewCondition => condition('Unknown', 'RolloutRetry', 'Retrying Rollout after abort'),
};

function condition(status: RolloutCondition['status'], reason: string, message: string): NewCondition {
  return { type: 'Progressing', status, reason, message };
}

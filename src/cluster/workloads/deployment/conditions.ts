import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from 'kubernetes-types/apps/v1.d.ts';
import { formatTime, type Instant, parseTime } from '../../../api/index.ts';
import type { Sets } from './scaling.ts';
import { availableOf, bounds, desiredOf, nameOf, sizeOf, total } from './sizes.ts';

/** Status and conditions of a Deployment; reasons and sentences are Kubernetes'. */

interface Change {
  type: 'Available' | 'Progressing' | 'ReplicaFailure';
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
}

/** What sets a Deployment's `Progressing` in this pass. */
export type Progress =
  /** Sizes and conditions are only reported: it is being scaled or deleted. */
  { kind: 'standing' } | { kind: 'paused' } | { kind: 'created'; replicaSet: string } | { kind: 'rolling' };

const hasProgressDeadline = ({ spec }: Deployment): boolean =>
  spec?.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== 2 ** 31 - 1;

/** The status, and when the progress deadline has to be looked at. */
export function statusOf(
  sets: Sets,
  progress: Progress,
  now: Instant,
): { status: DeploymentStatus; wakeAt: Instant | undefined } {
  const { deployment } = sets;
  const counted = countReplicas(sets);
  let conditions = setCondition(deployment.status?.conditions ?? [], availability(deployment, counted), now);
  conditions = withFailure(conditions, sets, now);
  const status = { ...counted, conditions };
  if (!hasProgressDeadline(deployment)) {
    if (progress.kind === 'rolling')
      status.conditions = conditions.filter(({ type }) => type !== 'Progressing');
    return { status, wakeAt: undefined };
  }
  const current = find(conditions, 'Progressing');
  const next = progressing(sets, counted, progress, current, now);
  if (next) {
    // Progress without a change of reason still pushes the deadline out.
    const moved = next.reason === 'ReplicaSetUpdated' && current?.reason === next.reason;
    status.conditions = setCondition(conditions, next, now, moved);
  }
  return { status, wakeAt: deadlineOf(deployment, find(status.conditions, 'Progressing'), progress, now) };
}

/** Every pod is of the current template and available, and none is too many. */
export function isComplete({ metadata, spec }: Deployment, status: DeploymentStatus): boolean {
  const desired = spec?.replicas ?? 1;
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (metadata?.generation ?? 0)
  );
}

/** The status after the new ReplicaSet could not be made. */
export function failedToCreate(deployment: Deployment, message: string, now: Instant): DeploymentStatus {
  const change: Change = { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message };
  const { conditions = [] } = deployment.status ?? {};
  return { ...deployment.status, conditions: setCondition(conditions, change, now) };
}

function countReplicas({ deployment, fresh, old }: Sets): DeploymentStatus {
  const sets = fresh ? [...old, fresh] : [...old];
  const available = total(sets, availableOf);
  const some = (count: number) => (count > 0 ? count : undefined);
  return {
    observedGeneration: deployment.metadata?.generation,
    replicas: some(total(sets, (rs) => rs.status?.replicas ?? 0)),
    updatedReplicas: some(fresh?.status?.replicas ?? 0),
    readyReplicas: some(total(sets, (rs) => rs.status?.readyReplicas ?? 0)),
    availableReplicas: some(available),
    unavailableReplicas: some(total(sets, sizeOf) - available),
    collisionCount: deployment.status?.collisionCount,
  };
}

function availability(deployment: Deployment, status: DeploymentStatus): Change {
  const enough = (status.availableReplicas ?? 0) >= desiredOf(deployment) - bounds(deployment).unavailable;
  return enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

function progressing(
  sets: Sets,
  counted: DeploymentStatus,
  progress: Progress,
  current: DeploymentCondition | undefined,
  now: Instant,
): Change | undefined {
  const change = (status: Change['status'], reason: string, message: string): Change => ({
    type: 'Progressing',
    status,
    reason,
    message,
  });
  const { deployment, fresh } = sets;
  const wasPaused = current?.reason === 'DeploymentPaused';
  if (progress.kind === 'paused') {
    return wasPaused ? undefined : change('Unknown', 'DeploymentPaused', 'Deployment is paused');
  }
  if (wasPaused) return change('Unknown', 'DeploymentResumed', 'Deployment is resumed');
  if (progress.kind === 'standing') return undefined;
  if (progress.kind === 'created') {
    return change(
      'True',
      'NewReplicaSetCreated',
      `Created new replica set ${JSON.stringify(progress.replicaSet)}`,
    );
  }
  const subject = fresh
    ? `ReplicaSet ${JSON.stringify(nameOf(fresh))}`
    : `Deployment ${JSON.stringify(deployment.metadata?.name)}`;
  const settled =
    (counted.replicas ?? 0) === (counted.updatedReplicas ?? 0) &&
    current?.reason === 'NewReplicaSetAvailable';
  if (settled) return undefined;
  if (isComplete(deployment, counted)) {
    return change('True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`);
  }
  if (hasProgressed(deployment.status ?? {}, counted)) {
    return change('True', 'ReplicaSetUpdated', `${subject} is progressing.`);
  }
  if (!current && fresh) {
    return change('True', 'FoundNewReplicaSet', `Found new replica set ${JSON.stringify(nameOf(fresh))}`);
  }
  if (isTimedOut(deployment, current, now)) {
    return change('False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`);
  }
  return undefined;
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const outdated = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    outdated(after) < outdated(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, current: DeploymentCondition | undefined, now: Instant): boolean {
  if (!current || current.reason === 'NewReplicaSetAvailable') return false;
  if (current.reason === 'ProgressDeadlineExceeded') return true;
  return (deadline(deployment, current) ?? Number.POSITIVE_INFINITY) < now;
}

function deadline(deployment: Deployment, current: DeploymentCondition): Instant | undefined {
  const since = parseTime(current.lastUpdateTime);
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return since === undefined || seconds === undefined ? undefined : since + seconds * 1000;
}

function deadlineOf(
  deployment: Deployment,
  current: DeploymentCondition | undefined,
  progress: Progress,
  now: Instant,
): Instant | undefined {
  const waits =
    current &&
    !['NewReplicaSetAvailable', 'ProgressDeadlineExceeded', 'DeploymentPaused'].includes(
      current.reason ?? '',
    );
  if (!waits || progress.kind === 'standing' || progress.kind === 'paused') return undefined;
  const at = deadline(deployment, current);
  // Times are whole seconds: only after the next one has the deadline surely passed.
  return at === undefined ? undefined : Math.max(at + 1000, now + 1000);
}

/** Says what its ReplicaSets say about pods that cannot be made. */
function withFailure(
  conditions: readonly DeploymentCondition[],
  { fresh, old }: Sets,
  now: Instant,
): DeploymentCondition[] {
  const failure = [fresh, ...old]
    .filter((rs): rs is ReplicaSet => rs !== undefined)
    .flatMap((rs) => rs.status?.conditions ?? [])
    .find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (!failure) return conditions.filter(({ type }) => type !== 'ReplicaFailure');
  const { reason = '', message = '' } = failure;
  return setCondition(conditions, { type: 'ReplicaFailure', status: 'True', reason, message }, now);
}

const find = (conditions: readonly DeploymentCondition[], type: Change['type']) =>
  conditions.find((condition) => condition.type === type);

/** The same status and reason change nothing (unless `renew`); the same status keeps the time of transition. */
function setCondition(
  conditions: readonly DeploymentCondition[],
  change: Change,
  now: Instant,
  renew = false,
): DeploymentCondition[] {
  const before = find(conditions, change.type);
  if (before && before.status === change.status && before.reason === change.reason && !renew)
    return [...conditions];
  const time = formatTime(now);
  const lastTransitionTime = before?.status === change.status ? before.lastTransitionTime : time;
  return [
    ...conditions.filter(({ type }) => type !== change.type),
    { ...change, lastUpdateTime: time, lastTransitionTime: lastTransitionTime ?? time },
  ];
}

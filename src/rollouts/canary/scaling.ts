import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { DESIRED_REPLICAS_ANNOTATION, SCALE_DOWN_DEADLINE_ANNOTATION } from '../../api/index.ts';
import { changeReplicaSet } from '../effects.ts';
import type { Outcome } from '../outcome.ts';
import { desiredReplicasOf, nameOf, revisionOf, sizeOf } from '../replicasets.ts';
import { abortDelay } from './abort-delay.ts';
import type { CanaryContext } from './context.ts';
import { planOldReplicaSets } from './old-replicasets.ts';
import { nextReplicas } from './targets.ts';

/**
 * Scales ReplicaSets on the way to their targets: at most one of stable, new and old in a pass, in that order (CAN §4.4
 * step 11), so that each pass counts pods that are really there.
 * @returns whether a size changes
 */
export function reconcileReplicaSets(context: CanaryContext, outcome: Outcome): boolean {
  const frozen = isFrozen(context);
  const { newRS, stableRS } = context;
  if (frozen && !isResized(newRS, context.replicas) && !(stableRS && isResized(stableRS, context.replicas))) {
    return false;
  }
  const next = nextReplicas(context);
  const delay = abortDelay(context);
  if (delay.kind === 'hold') {
    if (delay.until !== undefined) outcome.wakeAt(delay.until);
    outcome.because('AbortScaleDownDelay', `The pods of ReplicaSet ${nameOf(newRS)} stay, ${delay.why}.`);
  }

  const changes: SizeChange[] = [];
  if (stableRS && stableRS !== newRS) changes.push({ rs: stableRS, to: next.stable, deadline: null });
  if (delay.kind === 'hold') {
    changes.push({ rs: newRS, to: sizeOf(newRS), deadline: delay.annotate });
  } else {
    // After an abort the passed deadline stays, as the sign that the delay is over.
    const deadline = context.aborted && context.routed ? undefined : null;
    changes.push({ rs: newRS, to: delay.kind === 'over' ? 0 : next.canary, deadline });
  }
  for (const change of changes) {
    if (applySize(context, outcome, change, frozen)) return true;
  }
  if (frozen) return false;

  let scaled = false;
  for (const { rs, to, deadline } of planOldReplicaSets(context, outcome)) {
    const change = { rs, to, deadline: deadline ?? (to === 0 ? null : undefined) };
    scaled = applySize(context, outcome, change, false) || scaled;
  }
  return scaled;
}

/** While paused by hand, or with an inconclusive analysis, sizes only follow `spec.replicas` (CAN-075, CAN-076). */
export function isFrozen({ spec, status }: CanaryContext): boolean {
  return (
    Boolean(spec.paused) ||
    (status.pauseConditions ?? []).some(({ reason }) => reason === 'InconclusiveAnalysisRun')
  );
}

/** `spec.replicas` has changed since the ReplicaSet was sized. One that never had pods does not count. */
function isResized(rs: ReplicaSet, replicas: number): boolean {
  const desired = desiredReplicasOf(rs);
  return desired !== undefined && desired !== replicas && (sizeOf(rs) > 0 || desired === 0);
}

/**
 * Whether only the sizes are to follow a changed `spec.replicas` in this pass (CAN §4.3). While paused the whole
 * pipeline runs, and sizes follow in it.
 */
export function isScalingEvent(context: CanaryContext): boolean {
  const { newRS, stableRS, replicas } = context;
  return (
    !isFrozen(context) &&
    [newRS, stableRS].some((rs) => {
      const desired = rs && desiredReplicasOf(rs);
      return rs !== undefined && desired !== undefined && desired !== replicas && sizeOf(rs) > 0;
    })
  );
}

interface SizeChange {
  rs: ReplicaSet;
  to: number;
  /** The scale-down deadline: a time sets it, null removes it, undefined leaves it. */
  deadline?: string | null | undefined;
}

/**
 * @param keepUntilReached leave `desired-replicas` as it is until the size is reached: frozen sizes move in several
 * passes, and the annotation tells that they still have to
 */
function applySize(
  { replicas, newRS, stableRS, limits }: CanaryContext,
  outcome: Outcome,
  { rs, to, deadline }: SizeChange,
  keepUntilReached: boolean,
): boolean {
  const from = sizeOf(rs);
  const existing = rs.metadata?.annotations ?? {};
  const annotations: Record<string, string | null> = {};
  if (existing[DESIRED_REPLICAS_ANNOTATION] !== String(replicas) && !(keepUntilReached && from !== to)) {
    annotations[DESIRED_REPLICAS_ANNOTATION] = String(replicas);
  }
  const current = existing[SCALE_DOWN_DEADLINE_ANNOTATION];
  if (deadline === null ? current !== undefined : deadline !== undefined && deadline !== current) {
    annotations[SCALE_DOWN_DEADLINE_ANNOTATION] = deadline ?? null;
  }
  const resized = from !== to;
  if (!resized && Object.keys(annotations).length === 0) return false;

  const direction = to > from ? 'up' : 'down';
  outcome.effect(
    changeReplicaSet(
      rs,
      resized ? `scale ${direction} ReplicaSet ${nameOf(rs)} to ${to}` : `annotate ReplicaSet ${nameOf(rs)}`,
      {
        ...(resized && { replicas: to }),
        ...(Object.keys(annotations).length > 0 && { annotations }),
      },
    ),
  );
  if (!resized) return false;
  const role = rs === newRS ? 'new' : rs === stableRS ? 'stable' : 'old';
  outcome.event(
    'Normal',
    'ScalingReplicaSet',
    `Scaled ${direction} ReplicaSet ${nameOf(rs)} (revision ${revisionOf(rs)}) from ${from} to ${to}`,
  );
  outcome.because(
    'ScalingReplicaSet',
    `The ${role} ReplicaSet ${nameOf(rs)} goes from ${from} to ${to} pods; ` +
      `${replicas} are wanted, ${limits.surge} more and ${limits.unavailable} fewer are allowed meanwhile.`,
  );
  return true;
}

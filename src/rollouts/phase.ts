import type { Instant, Rollout, RolloutPhase, RolloutSpec, RolloutStatus } from '../api/index.ts';
import {
  DEADLINE_EXCEEDED,
  REPLICA_SET_CREATE_ERROR,
  ROLLOUT_ABORTED,
  STABLE_MISSING,
} from './conditions.ts';
import { isRestartDue } from './restart-due.ts';

/** How a Rollout is, in a word and a sentence. */
export interface PhaseAndMessage {
  phase: RolloutPhase;
  /** Empty when healthy. */
  message: string;
}

const degradedReasons = new Set([
  ROLLOUT_ABORTED,
  DEADLINE_EXCEEDED,
  REPLICA_SET_CREATE_ERROR,
  STABLE_MISSING,
]);

/** The phase that the controller writes; the first test that holds decides (CAN §15). */
export function phaseOf(spec: RolloutSpec, status: RolloutStatus, now: Instant): PhaseAndMessage {
  const replicas = spec.replicas ?? 1;
  const updated = status.updatedReplicas ?? 0;
  const bad = status.conditions?.find(
    ({ type, reason }) => type === 'InvalidSpec' || degradedReasons.has(reason),
  );
  if (bad) return { phase: 'Degraded', message: `${bad.reason}: ${bad.message}` };
  if (spec.paused) return { phase: 'Paused', message: 'manually paused' };
  const pause = status.pauseConditions?.[0];
  if (pause) return { phase: 'Paused', message: pause.reason };
  if (isRestartDue(spec, status, now)) return inProgress('rollout is restarting');
  if (updated < replicas) return inProgress('more replicas need to be updated');
  if ((status.availableReplicas ?? 0) < updated) {
    return inProgress('updated replicas are still becoming available');
  }
  if (!spec.strategy?.canary?.trafficRouting && (status.replicas ?? 0) > updated) {
    return inProgress('old replicas are pending termination');
  }
  if (!status.stableRS || status.stableRS !== status.currentPodHash) {
    return inProgress('waiting for all steps to complete');
  }
  return { phase: 'Healthy', message: '' };
}

/**
 * The phase that a client shows (CAN §15, CLI §3.2): that of the status, unless the status is about an earlier spec or
 * a resume is not through yet.
 * @param now only matters for a Rollout whose status has no phase; by default a planned restart counts as due
 */
export function rolloutPhase(rollout: Rollout, now: Instant = Number.POSITIVE_INFINITY): PhaseAndMessage {
  const { metadata, spec, status = {} } = rollout;
  const observed = /^\d+$/.test(status.observedGeneration ?? '')
    ? Number(status.observedGeneration)
    : undefined;
  if (observed !== undefined && observed < (metadata.generation ?? 0)) {
    return inProgress('waiting for rollout spec update to be observed');
  }
  if (status.controllerPause && !status.pauseConditions?.length) {
    return inProgress('waiting for rollout to unpause');
  }
  if (status.phase) return { phase: status.phase, message: status.message ?? '' };
  return phaseOf(spec, status, now);
}

const inProgress = (message: string): PhaseAndMessage => ({ phase: 'Progressing', message });

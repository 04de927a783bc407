import type { Decision, Instant, RolloutStatus } from '../api/index.ts';
import { decideCanary } from './canary/pipeline.ts';
import { observe } from './context.ts';
import { decideCreation } from './creation.ts';
import { adoptReplicaSet, persistReplicas, releaseReplicaSet } from './effects.ts';
import { invalidStatus } from './invalid.ts';
import { Outcome } from './outcome.ts';
import { syncPauseConditions } from './pause.ts';
import { claimReplicaSets } from './replicasets.ts';
import { syncNewReplicaSet } from './revision.ts';
import { validateRollout } from './validation/index.ts';
import { rolloutWarnings } from './validation/warnings.ts';
import type { RolloutView } from './view.ts';

/** An invalid spec is looked at again after this, in case something that it refers to appears unnoticed. */
const INVALID_RETRY_MS = 20_000;

/**
 * What to do next about a Rollout: its whole new status, the writes in order, the events, why, and when to ask again.
 * Every pass acts on one snapshot and ends after one kind of change (CAN §4.2); the writes bring on the next pass.
 */
export function decideRollout(view: RolloutView, now: Instant): Decision<RolloutStatus> {
  const { rollout } = view;
  const outcome = new Outcome();
  if (rollout.metadata.deletionTimestamp) {
    outcome.because('Terminating', 'The Rollout is being deleted.');
    return outcome.decision();
  }
  const claim = claimReplicaSets(rollout, view.replicaSets);
  if (claim.adopt.length > 0 || claim.release.length > 0) {
    outcome.effect(...claim.release.map((rs) => releaseReplicaSet(rs, rollout)));
    outcome.effect(...claim.adopt.flatMap((rs) => adoptReplicaSet(rs, rollout)));
    outcome.because('OwnershipChanged', 'ReplicaSets that match the selector are adopted, others released.');
    return outcome.decision();
  }

  const error = validateRollout(view);
  if (error) {
    outcome.wakeAt(now + INVALID_RETRY_MS);
    return outcome.decision(invalidStatus(view.rollout, error, now, outcome));
  }
  for (const warning of rolloutWarnings(rollout.spec)) outcome.because('NoEffect', `${warning}.`);
  const context = observe(view, now);
  if (!context.newRS) return decideCreation(context, outcome);
  if (rollout.spec.replicas === undefined) {
    outcome.effect(persistReplicas(rollout, context.replicas));
    return outcome.decision();
  }
  const synced = syncPauseConditions(context);
  if (synced) return outcome.decision(synced);
  if (syncNewReplicaSet(context, outcome)) return outcome.decision();
  return decideCanary(context, context.newRS, outcome);
}

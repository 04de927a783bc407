import {
  DESIRED_REPLICAS_ANNOTATION,
  diffMergePatch,
  LAST_APPLIED_ANNOTATION,
  NOTIFIED_ANNOTATION,
  REVISION_ANNOTATION,
  REVISION_HISTORY_ANNOTATION,
  type Rollout,
} from '../api/index.ts';
import { affinityFor } from './affinity.ts';
import type { RolloutContext } from './context.ts';
import { annotateRollout, changeReplicaSet } from './effects.ts';
import type { Outcome } from './outcome.ts';
import { hashOf, nameOf, revisionOf } from './replicasets.ts';

/** Annotations of a Rollout that its ReplicaSets do not get (CAN-032). */
const notCopied = new Set([
  LAST_APPLIED_ANNOTATION,
  REVISION_ANNOTATION,
  REVISION_HISTORY_ANNOTATION,
  DESIRED_REPLICAS_ANNOTATION,
  NOTIFIED_ANNOTATION,
]);

/** Annotations of the Rollout that the new ReplicaSet gets. */
export function copiedAnnotations(rollout: Rollout): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rollout.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key)),
  );
}

/** The revision of the current template: one more than all earlier ones (CAN §3.5). */
export function nextRevision({ olderRSs }: RolloutContext): number {
  return 1 + Math.max(0, ...olderRSs.map(revisionOf));
}

/**
 * Brings revision, annotations, minReadySeconds and anti-affinity of the new ReplicaSet up to date, and the revision of
 * the Rollout with it (CAN §3.4).
 * @returns whether anything is written; the pass then ends
 */
export function syncNewReplicaSet(context: RolloutContext, outcome: Outcome): boolean {
  const { rollout, newRS, spec, namespace, status } = context;
  if (!newRS) return false;
  const existing = newRS.metadata?.annotations ?? {};
  const annotations: Record<string, string> = {};
  for (const [key, value] of Object.entries(copiedAnnotations(rollout))) {
    if (existing[key] !== value) annotations[key] = value;
  }
  let revision = revisionOf(newRS);
  const isNumber = existing[REVISION_ANNOTATION] === undefined || revision > 0;
  if (isNumber && revision < nextRevision(context)) {
    if (revision > 0) {
      annotations[REVISION_HISTORY_ANNOTATION] = [existing[REVISION_HISTORY_ANNOTATION], revision]
        .filter(Boolean)
        .join(',');
    }
    revision = nextRevision(context);
    annotations[REVISION_ANNOTATION] = String(revision);
  }
  const minReadySeconds = spec.minReadySeconds ?? 0;
  const minReadyChanged = (newRS.spec?.minReadySeconds ?? 0) !== minReadySeconds;
  const affinity = affinityFor(spec, namespace, status.stableRS, hashOf(newRS));
  const current = newRS.spec?.template?.spec?.affinity;
  // A term that has served its purpose goes with the next change, not by itself: it would only restart nothing.
  const updating = Boolean(status.stableRS) && status.stableRS !== hashOf(newRS);
  const affinityPatch = diffMergePatch({ affinity: current }, { affinity });
  const affinityChanged = updating && affinityPatch !== undefined;

  const changed = Object.keys(annotations).length > 0 || minReadyChanged || affinityChanged;
  if (changed) {
    outcome.effect(
      changeReplicaSet(newRS, `update ReplicaSet ${nameOf(newRS)} to revision ${revision}`, {
        ...(Object.keys(annotations).length > 0 && { annotations }),
        spec: {
          ...(minReadyChanged && { minReadySeconds }),
          ...(affinityPatch && { template: { spec: affinityPatch } }),
        },
      }),
    );
  }
  return syncRolloutRevision(rollout, revision, outcome) || changed;
}

/** Writes the revision on the Rollout; whether it had to. */
export function syncRolloutRevision(rollout: Rollout, revision: number, outcome: Outcome): boolean {
  if (revision === 0 || rollout.metadata.annotations?.[REVISION_ANNOTATION] === String(revision))
    return false;
  outcome.effect(annotateRollout(rollout, { [REVISION_ANNOTATION]: String(revision) }));
  outcome.event('Normal', 'RolloutUpdated', `Rollout updated to revision ${revision}`);
  return true;
}

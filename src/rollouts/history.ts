import { controllerOf, POD_TEMPLATE_HASH_LABEL } from '../api/index.ts';
import type { RolloutContext } from './context.ts';
import { deleteAnalysisRun, deleteExperiment, deleteReplicaSet } from './effects.ts';
import type { Outcome } from './outcome.ts';
import { byAge, hashOf, podsOf, sizeOf } from './replicasets.ts';

const DEFAULT_LIMIT = 10;

/**
 * Deletes the oldest ReplicaSets beyond `revisionHistoryLimit`, with their runs and experiments (CAN §3.6). One that
 * still has pods stays, and no younger one goes in its place.
 */
export function pruneHistory(context: RolloutContext, outcome: Outcome): void {
  const { spec, otherRSs, view, rollout } = context;
  const old = otherRSs.filter((rs) => !rs.metadata?.deletionTimestamp).sort(byAge);
  const excess = old.length - (spec.revisionHistoryLimit ?? DEFAULT_LIMIT);
  for (const rs of old.slice(0, Math.max(0, excess))) {
    const observed = (rs.status?.observedGeneration ?? 0) >= (rs.metadata?.generation ?? 0);
    if (sizeOf(rs) > 0 || podsOf(rs) > 0 || !observed) continue;
    outcome.effect(deleteReplicaSet(rs));
    const belongs = (object: { metadata: { labels?: Record<string, string> } }) =>
      object.metadata.labels?.[POD_TEMPLATE_HASH_LABEL] === hashOf(rs) &&
      controllerOf(object)?.uid === rollout.metadata.uid;
    for (const run of view.analysisRuns.filter(belongs)) outcome.effect(deleteAnalysisRun(run));
    for (const experiment of view.experiments.filter(belongs)) outcome.effect(deleteExperiment(experiment));
  }
}

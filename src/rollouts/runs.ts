import { resolveRunSpec } from '../analysis/index.ts';
import {
  type AnalysisRun,
  type AnalysisRunSpec,
  AnalysisRuns,
  API_VERSION,
  controllerOf,
  controllerReference,
  INSTANCE_ID_LABEL,
  isCompleted,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_ANNOTATION,
  ROLLOUT_TYPE_LABEL,
  type RolloutAnalysis,
  Rollouts,
  STEP_INDEX_LABEL,
} from '../api/index.ts';
import type { RolloutContext } from './context.ts';
import { deleteAnalysisRun } from './effects.ts';
import type { Outcome } from './outcome.ts';
import { createdAt, hashOf, revisionOf } from './replicasets.ts';

/** AnalysisRuns of a Rollout: what one looks like, and how long finished ones are kept (ANA §7.2, §7.5). */

type RunKind = 'Background' | 'Step' | 'PrePromotion' | 'PostPromotion';

/** Which run is wanted. */
export interface WantedRun {
  kind: RunKind;
  analysis: RolloutAnalysis;
  /** Last part of the name; empty for a background run. */
  suffix: string;
  stepIndex?: number;
}

/**
 * The run to go on with: a running one of ours with the same content (made before a crash), or a new one under the first
 * free name.
 */
export function prepareRun(
  context: RolloutContext,
  wanted: WantedRun,
): { run: AnalysisRun; exists: boolean } | { error: string } {
  const { view, rollout, newRS, stableRS } = context;
  const { templates = [], args, dryRun, measurementRetention } = wanted.analysis;
  const resolved = resolveRunSpec({
    templates,
    ...(args && { args }),
    ...(dryRun && { dryRun }),
    ...(measurementRetention && { measurementRetention }),
    namespaceTemplates: view.analysisTemplates,
    clusterTemplates: view.clusterAnalysisTemplates,
    values: { stableHash: hashOf(stableRS), latestHash: hashOf(newRS), rollout },
  });
  if ('error' in resolved) return { error: resolved.error.message };

  const base = [context.name, hashOf(newRS), revisionOf(newRS), wanted.suffix].filter((part) => part !== '');
  const taken = new Map(view.analysisRuns.map((run) => [run.metadata.name, run]));
  for (let attempt = 0; ; attempt++) {
    const name = base.join('-') + (attempt > 0 ? `.${attempt}` : '');
    const existing = taken.get(name);
    if (!existing) return { run: newRun(context, wanted, name, resolved.spec), exists: false };
    // One that is being terminated ends without a verdict of its own: the retry after an abort needs another.
    const goesOn = !isOver(existing) && !existing.spec.terminate;
    if (isOurs(context, existing) && goesOn && covers(existing.spec, resolved.spec)) {
      return { run: existing, exists: true };
    }
  }
}

export const isOver = (run: AnalysisRun): boolean => isCompleted(run.status?.phase);

const isOurs = ({ rollout }: RolloutContext, run: AnalysisRun): boolean =>
  controllerOf(run)?.uid === rollout.metadata.uid;

/** Runs that the Rollout controls. */
export function ownedRuns(context: RolloutContext): AnalysisRun[] {
  return context.view.analysisRuns.filter((run) => isOurs(context, run));
}

function newRun(
  { rollout, view, newRS, namespace }: RolloutContext,
  { analysis, kind, stepIndex }: WantedRun,
  name: string,
  spec: AnalysisRunSpec,
): AnalysisRun {
  const { instanceId } = view.settings;
  return {
    apiVersion: API_VERSION,
    kind: AnalysisRuns.kind as 'AnalysisRun',
    metadata: {
      name,
      namespace,
      labels: {
        ...analysis.analysisRunMetadata?.labels,
        ...rollout.spec.selector?.matchLabels,
        // Last: clean-up and step tracking depend on these.
        [POD_TEMPLATE_HASH_LABEL]: hashOf(newRS),
        [ROLLOUT_TYPE_LABEL]: kind,
        ...(stepIndex !== undefined && { [STEP_INDEX_LABEL]: String(stepIndex) }),
        ...(instanceId && { [INSTANCE_ID_LABEL]: instanceId }),
      },
      annotations: {
        ...analysis.analysisRunMetadata?.annotations,
        [REVISION_ANNOTATION]: String(revisionOf(newRS)),
      },
      ownerReferences: [controllerReference(Rollouts, rollout)],
    },
    spec,
  };
}

/** Whether a value holds all of another; the API server may have filled in more. */
function covers(existing: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(existing) &&
      existing.length === wanted.length &&
      wanted.every((item, i) => covers(existing[i], item))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return existing === wanted;
  if (typeof existing !== 'object' || existing === null) return false;
  const members = existing as Record<string, unknown>;
  return Object.entries(wanted).every(
    ([key, member]) => member === undefined || covers(members[key], member),
  );
}

const DEFAULT_HISTORY = 5;

/**
 * Deletes finished runs beyond the history limits, and those whose ReplicaSet is gone.
 * @param current names of the runs that are in use; they are neither counted nor deleted
 */
export function pruneRuns(context: RolloutContext, current: ReadonlySet<string>, outcome: Outcome): void {
  const { successfulRunHistoryLimit, unsuccessfulRunHistoryLimit } = context.spec.analysis ?? {};
  const left = {
    successful: successfulRunHistoryLimit ?? DEFAULT_HISTORY,
    unsuccessful: unsuccessfulRunHistoryLimit ?? DEFAULT_HISTORY,
  };
  const liveHashes = new Set(
    context.owned.filter((rs) => !rs.metadata?.deletionTimestamp).map((rs) => hashOf(rs)),
  );
  const others = ownedRuns(context)
    .filter((run) => !current.has(run.metadata.name ?? '') && !run.metadata.deletionTimestamp)
    .sort((a, b) => createdAt(b) - createdAt(a));
  for (const run of others) {
    const hash = run.metadata.labels?.[POD_TEMPLATE_HASH_LABEL];
    if (!hash || !liveHashes.has(hash)) {
      outcome.effect(deleteAnalysisRun(run));
    } else if (isOver(run)) {
      const kind = run.status?.phase === 'Successful' ? 'successful' : 'unsuccessful';
      if (left[kind] <= 0) outcome.effect(deleteAnalysisRun(run));
      left[kind]--;
    }
  }
}

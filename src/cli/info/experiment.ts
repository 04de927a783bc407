import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { AnalysisRun, Experiment } from '../../api/index.ts';
import { analysisRunInfos } from './analysisrun.ts';
import { analysisIcon } from './icons.ts';
import { byCreation, byRevisionDown, childMeta, inOrder, isOwnedBy, revisionOf } from './meta.ts';
import { replicaSetInfos } from './replicaset.ts';
import type { ExperimentInfo } from './types.ts';

/** What an Experiment owns, or might. */
export interface ExperimentObjects {
  replicaSets: readonly ReplicaSet[];
  pods: readonly Pod[];
  analysisRuns: readonly AnalysisRun[];
}

/** An Experiment with its ReplicaSets and AnalysisRuns (CLI §3.5). */
export function experimentInfo(experiment: Experiment, objects: ExperimentObjects): ExperimentInfo {
  const status = experiment.status?.phase ?? '';
  return {
    objectMeta: childMeta(experiment),
    icon: analysisIcon(status),
    revision: revisionOf(experiment),
    status,
    message: experiment.status?.message ?? '',
    replicaSets: replicaSetInfos(experiment, objects.replicaSets, objects.pods),
    analysisRuns: analysisRunInfos(experiment, objects.analysisRuns),
  };
}

/** The Experiments of an owner: newest revision first, then in the order of their creation. */
export function experimentInfos(
  owner: { metadata: { uid?: string } },
  experiments: readonly Experiment[],
  objects: ExperimentObjects,
): ExperimentInfo[] {
  return experiments
    .filter((experiment) => isOwnedBy(experiment, owner.metadata.uid))
    .map((experiment) => experimentInfo(experiment, objects))
    .sort(inOrder<ExperimentInfo>(byRevisionDown, byCreation));
}

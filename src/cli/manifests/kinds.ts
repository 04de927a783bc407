import {
  AnalysisRuns,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  Experiments,
  GROUP,
  type KubeObject,
  type ResourceType,
  Rollouts,
} from '../../api/index.ts';

/** The kinds that Kanari brings along. */
const ownTypes: readonly ResourceType[] = [
  Rollouts,
  Experiments,
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  AnalysisRuns,
];

/** The type of an object of ours, whatever its version; undefined for other groups and kinds. */
export function ownTypeOf({ apiVersion, kind }: KubeObject): ResourceType | undefined {
  return groupOf(apiVersion) === GROUP ? ownTypes.find((type) => type.kind === kind) : undefined;
}

/** `apps` of `apps/v1`; empty for the core group. */
export function groupOf(apiVersion: string | undefined): string {
  const [group, version] = (apiVersion ?? '').split('/');
  return version === undefined ? '' : (group ?? '');
}

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Service } from 'kubernetes-types/core/v1.d.ts';
import {
  type AnalysisRun,
  AnalysisRuns,
  controllerOf,
  type Experiment,
  Experiments,
  MANAGED_BY_ANNOTATION,
  ReplicaSets,
  type Rollout,
  Rollouts,
  Services,
  type TemplateRef,
} from '../../api/index.ts';
import { objectKey } from '../../kube/index.ts';
import { type Index, namePrefixes } from '../indexes.ts';

/** ReplicaSets that nothing controls, by namespace: those that a Rollout may adopt. */
export const orphanedReplicaSets: Index<ReplicaSet> = {
  type: ReplicaSets,
  name: 'orphaned',
  keys: (replicaSet) => (controllerOf(replicaSet) ? [] : [replicaSet.metadata?.namespace ?? '']),
};

/** By the Rollouts whose child they may be by their name. */
export const replicaSetsByName: Index<ReplicaSet> = {
  type: ReplicaSets,
  name: 'rollout-of-name',
  keys: ({ metadata }) =>
    namePrefixes(metadata?.name ?? '').map((name) => objectKey(metadata?.namespace, name)),
};

/** By the Rollouts whose child they may be by their name. */
export const analysisRunsByName: Index<AnalysisRun> = {
  type: AnalysisRuns,
  name: 'rollout-of-name',
  keys: ({ metadata }) =>
    namePrefixes(metadata.name ?? '').map((name) => objectKey(metadata.namespace, name)),
};

/** By the Rollouts whose child they may be by their name. */
export const experimentsByName: Index<Experiment> = {
  type: Experiments,
  name: 'rollout-of-name',
  keys: ({ metadata }) =>
    namePrefixes(metadata.name ?? '').map((name) => objectKey(metadata.namespace, name)),
};

/** Services by the Rollout that their annotation says manages them. */
export const servicesByManager: Index<Service> = {
  type: Services,
  name: 'managed-by',
  keys: ({ metadata }) => {
    const manager = metadata?.annotations?.[MANAGED_BY_ANNOTATION];
    return manager ? [objectKey(metadata?.namespace, manager)] : [];
  },
};

/** Rollouts by the Services that they name. */
export const rolloutsByService: Index<Rollout> = {
  type: Rollouts,
  name: 'service',
  keys: (rollout) => serviceNames(rollout).map((name) => objectKey(rollout.metadata.namespace, name)),
};

/** Rollouts by the Ingresses that they name. */
export const rolloutsByIngress: Index<Rollout> = {
  type: Rollouts,
  name: 'ingress',
  keys: (rollout) => ingressNames(rollout).map((name) => objectKey(rollout.metadata.namespace, name)),
};

/** Rollouts by the AnalysisTemplates that they name; those of the cluster have no namespace in the key. */
export const rolloutsByTemplate: Index<Rollout> = {
  type: Rollouts,
  name: 'template',
  keys: (rollout) => [
    ...new Set(
      templateRefs(rollout).map(({ clusterScope, templateName }) =>
        objectKey(clusterScope ? undefined : rollout.metadata.namespace, templateName ?? ''),
      ),
    ),
  ],
};

/** The Services that a Rollout names. */
export function serviceNames({ spec }: Rollout): string[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  return distinct([
    canary?.canaryService,
    canary?.stableService,
    canary?.pingPong?.pingService,
    canary?.pingPong?.pongService,
    canary?.trafficRouting?.alb?.rootService,
    canary?.trafficRouting?.smi?.rootService,
    blueGreen?.activeService,
    blueGreen?.previewService,
  ]);
}

/** The Ingresses that a Rollout names. */
export function ingressNames({ spec }: Rollout): string[] {
  const { nginx, alb } = spec.strategy?.canary?.trafficRouting ?? {};
  return distinct([
    nginx?.stableIngress,
    ...(nginx?.stableIngresses ?? []),
    alb?.ingress,
    ...(alb?.ingresses ?? []),
  ]);
}

/** The AnalysisTemplates that a Rollout names. */
export function templateRefs({ spec }: Rollout): TemplateRef[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const steps = canary?.steps ?? [];
  return [
    canary?.analysis,
    ...steps.map((step) => step.analysis),
    blueGreen?.prePromotionAnalysis,
    blueGreen?.postPromotionAnalysis,
  ]
    .flatMap((analysis): readonly TemplateRef[] => analysis?.templates ?? [])
    .concat(steps.flatMap((step) => step.experiment?.analyses ?? []));
}

const distinct = (names: readonly (string | undefined)[]) => [
  ...new Set(names.filter((name): name is string => Boolean(name))),
];

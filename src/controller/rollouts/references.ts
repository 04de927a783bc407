import {
  AnalysisTemplates,
  ClusterAnalysisTemplates,
  Ingresses,
  type ObjectRef,
  Services,
} from '../../api/index.ts';
import type { RolloutView } from '../../rollouts/index.ts';
import { ingressNames, serviceNames, templateRefs } from './indexes.ts';

/** The objects that a Rollout names and that are not in the view of it. */
export function missingReferences(view: RolloutView): ObjectRef[] {
  const { rollout, services, ingresses, analysisTemplates, clusterAnalysisTemplates } = view;
  const { namespace } = rollout.metadata;
  const templates = templateRefs(rollout).map(({ clusterScope, templateName: name = '' }) =>
    clusterScope
      ? { type: ClusterAnalysisTemplates, name, there: clusterAnalysisTemplates.has(name) }
      : { type: AnalysisTemplates, namespace, name, there: analysisTemplates.has(name) },
  );
  return [
    ...serviceNames(rollout).map((name) => ({ type: Services, namespace, name, there: services.has(name) })),
    ...ingressNames(rollout).map((name) => ({
      type: Ingresses,
      namespace,
      name,
      there: ingresses.has(name),
    })),
    ...templates,
  ]
    .filter(({ there }) => !there)
    .map(({ there: _, ...ref }) => ref as ObjectRef);
}

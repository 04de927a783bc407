import type { AnalysisTemplate, TemplateRef } from '../../api/index.ts';
import type { TemplateError, TemplateLibrary } from './types.ts';

/** The templates that a list of references leads to, nested ones included; each once. */
export interface CollectedTemplates {
  namespaced: AnalysisTemplate[];
  cluster: AnalysisTemplate[];
}

/**
 * Follows references in order, depth first (ANA §3). The first missing template or cycle is the error.
 */
export function collectTemplates(
  references: readonly TemplateRef[],
  library: TemplateLibrary,
): CollectedTemplates | { error: TemplateError } {
  const found = {
    namespaced: new Map<string, AnalysisTemplate>(),
    cluster: new Map<string, AnalysisTemplate>(),
  };

  const visit = (
    refs: readonly TemplateRef[],
    trail: readonly AnalysisTemplate[],
  ): TemplateError | undefined => {
    const path = trail.length > 0 ? { path: 'spec.templates' } : {};
    for (const { templateName: name = '', clusterScope } of refs) {
      const known = clusterScope ? library.clusterTemplates : library.namespaceTemplates;
      const template = known.get(name);
      if (!template) {
        const kind = clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
        return { ...path, value: name, message: `${kind} '${name}' not found` };
      }
      if (trail.includes(template)) {
        const cycle = [...trail.slice(trail.indexOf(template)), template].map((t) => t.metadata.name ?? '');
        return { ...path, value: name, message: `template cycle: ${cycle.join(' → ')}` };
      }
      const list = clusterScope ? found.cluster : found.namespaced;
      if (list.has(name)) continue;
      list.set(name, template);
      const error = visit(template.spec.templates ?? [], [...trail, template]);
      if (error) return error;
    }
    return undefined;
  };

  const error = visit(references, []);
  if (error) return { error };
  return { namespaced: [...found.namespaced.values()], cluster: [...found.cluster.values()] };
}

import type { Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import {
  type AnalysisTemplate,
  type KubeObject,
  mergePatch,
  type Rollout,
  type RolloutAnalysis,
  type TemplateRef,
} from '../../api/index.ts';
import type { RolloutView } from '../../rollouts/index.ts';
import { groupOf } from '../manifests/kinds.ts';

/**
 * What the files hold of the objects that Rollouts refer to. What they do not hold is taken to be right: it may come from
 * somewhere else.
 */
export class References {
  readonly #objects: readonly KubeObject[];

  constructor(objects: readonly KubeObject[]) {
    this.#objects = objects;
  }

  /** What a Rollout's references are checked against. */
  viewOf(rollout: Rollout): RolloutView {
    const { canary } = rollout.spec.strategy ?? {};
    const nginx = canary?.trafficRouting?.nginx;
    const analysisTemplates = this.#templates('AnalysisTemplate', rollout);
    const clusterAnalysisTemplates = this.#templates('ClusterAnalysisTemplate', undefined);
    return {
      rollout: withoutAbsentTemplates(rollout, analysisTemplates, clusterAnalysisTemplates),
      replicaSets: [],
      pods: [],
      analysisRuns: [],
      experiments: [],
      services: this.#named<Service>(
        rollout,
        [
          canary?.stableService,
          canary?.canaryService,
          canary?.pingPong?.pingService,
          canary?.pingPong?.pongService,
        ],
        isService,
        (name) => ({ metadata: { name } }),
      ),
      ingresses: this.#named<Ingress>(
        rollout,
        [nginx?.stableIngress, ...(nginx?.stableIngresses ?? [])],
        isIngress,
        (name) => rightIngress(name, canary?.stableService ?? ''),
      ),
      analysisTemplates,
      clusterAnalysisTemplates,
      settings: {},
    };
  }

  #named<T extends KubeObject>(
    rollout: Rollout,
    names: readonly (string | undefined)[],
    isOfKind: (object: KubeObject) => boolean,
    absent: (name: string) => T,
  ): Map<string, T> {
    return new Map(
      names
        .filter((name) => name !== undefined)
        .map((name) => {
          const found = this.#objects.find(
            (object) => isOfKind(object) && object.metadata?.name === name && isBeside(object, rollout),
          );
          return [name, (found as T | undefined) ?? absent(name)];
        }),
    );
  }

  #templates(kind: AnalysisTemplate['kind'], rollout: Rollout | undefined): Map<string, AnalysisTemplate> {
    const templates = this.#objects.filter(
      (object) => object.kind === kind && (!rollout || isBeside(object, rollout)),
    ) as AnalysisTemplate[];
    return new Map(templates.map((template) => [template.metadata.name ?? '', template]));
  }
}

const isService = ({ apiVersion, kind }: KubeObject) => apiVersion === 'v1' && kind === 'Service';
const isIngress = ({ apiVersion, kind }: KubeObject) =>
  kind === 'Ingress' && ['networking.k8s.io', 'extensions'].includes(groupOf(apiVersion));

/** In the same namespace; where a file names none, the one that it is applied to. */
function isBeside(object: KubeObject, rollout: Rollout): boolean {
  return object.metadata?.namespace === rollout.metadata?.namespace;
}

/** An Ingress with a rule for the service, as it is asked for. */
function rightIngress(name: string, service: string): Ingress {
  const backend = { service: { name: service, port: { number: 80 } } };
  return {
    metadata: { name },
    spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  };
}

type Templates = ReadonlyMap<string, AnalysisTemplate>;

/** The Rollout without the analyses of which a template is not among the files. */
function withoutAbsentTemplates(rollout: Rollout, templates: Templates, cluster: Templates): Rollout {
  const { canary } = rollout.spec.strategy ?? {};
  if (!canary) return rollout;
  const isComplete = (references: readonly TemplateRef[], seen: readonly TemplateRef[] = []): boolean =>
    references.every((reference) => {
      const { templateName = '', clusterScope } = reference;
      const template = (clusterScope ? cluster : templates).get(templateName);
      if (!template || seen.includes(reference)) return template !== undefined;
      return isComplete(template.spec.templates ?? [], [...seen, reference]);
    });
  const isAbsent = (analysis: RolloutAnalysis | undefined) =>
    analysis !== undefined && !isComplete(analysis.templates ?? []);
  return mergePatch(rollout, {
    spec: {
      strategy: {
        canary: {
          ...(isAbsent(canary.analysis) && { analysis: null }),
          ...(canary.steps && {
            steps: canary.steps.map((step) =>
              isAbsent(step.analysis) ? { ...step, analysis: undefined } : step,
            ),
          }),
        },
      },
    },
  });
}

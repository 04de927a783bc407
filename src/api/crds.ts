import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceSubresources,
} from 'kubernetes-types/apiextensions/v1.d.ts';
import type { TSchema } from 'typebox';
import { AnalysisRunSpec, AnalysisRunStatus, AnalysisTemplateSpec } from './analysis.ts';
import { ExperimentSpec, ExperimentStatus } from './experiment.ts';
import { GROUP, VERSION } from './keys.ts';
import type { Schema } from './kubernetes/index.ts';
import { RolloutSpec, RolloutStatus } from './rollout.ts';
import { structuralSchema } from './structural.ts';

/** The custom resources as CustomResourceDefinitions (OPS §14), from the same schemas as their types. */
export function crds(): CustomResourceDefinition[] {
  return [rollout(), analysisTemplate(), clusterAnalysisTemplate(), analysisRun(), experiment()];
}

interface Resource {
  kind: string;
  plural: string;
  shortName: string;
  /** Default: true. */
  namespaced?: boolean;
  spec: Schema;
  status?: Schema;
  subresources?: CustomResourceSubresources;
  columns?: CustomResourceColumnDefinition[];
}

const schemaOf = (schema: TSchema) => structuralSchema(schema as Schema);

const ageColumn: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description: 'Time since the resource was created.',
  jsonPath: '.metadata.creationTimestamp',
};

const phaseColumn: CustomResourceColumnDefinition = {
  name: 'Status',
  type: 'string',
  description: 'Phase of the resource.',
  jsonPath: '.status.phase',
};

function define(resource: Resource): CustomResourceDefinition {
  const { kind, plural, shortName, namespaced = true, spec, status, subresources } = resource;
  const schema: Schema = {
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
      ...(status && { status }),
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema as object },
          ...(subresources && { subresources }),
          additionalPrinterColumns: [...(resource.columns ?? []), ageColumn],
        },
      ],
    },
  };
}

function rollout(): CustomResourceDefinition {
  const count = (name: string, description: string, jsonPath: string): CustomResourceColumnDefinition => ({
    name,
    type: 'integer',
    description,
    jsonPath,
  });
  return define({
    kind: 'Rollout',
    plural: 'rollouts',
    shortName: 'ro',
    spec: withImmutableSelector(schemaOf(RolloutSpec)),
    status: schemaOf(RolloutStatus),
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.HPAReplicas',
        labelSelectorPath: '.status.selector',
      },
    },
    columns: [
      count('Desired', 'Number of pods wanted.', '.spec.replicas'),
      count('Current', 'Number of pods that exist.', '.status.replicas'),
      count('Up-to-date', 'Number of pods of the current template.', '.status.updatedReplicas'),
      count('Available', 'Number of pods that are available.', '.status.availableReplicas'),
    ],
  });
}

/** The one rule that the API server checks itself: the selector stays what it was, though it may come and go. */
function withImmutableSelector(spec: Schema): Schema {
  const { selector, ...others } = spec.properties ?? {};
  const rule = { rule: 'self == oldSelf', message: '.spec.selector is immutable' };
  return {
    ...spec,
    properties: { ...others, selector: { ...selector, 'x-kubernetes-validations': [rule] } },
  };
}

const analysisTemplate = () =>
  define({
    kind: 'AnalysisTemplate',
    plural: 'analysistemplates',
    shortName: 'at',
    spec: schemaOf(AnalysisTemplateSpec),
  });

const clusterAnalysisTemplate = () =>
  define({
    kind: 'ClusterAnalysisTemplate',
    plural: 'clusteranalysistemplates',
    shortName: 'cat',
    namespaced: false,
    spec: schemaOf(AnalysisTemplateSpec),
  });

const analysisRun = () =>
  define({
    kind: 'AnalysisRun',
    plural: 'analysisruns',
    shortName: 'ar',
    spec: schemaOf(AnalysisRunSpec),
    status: schemaOf(AnalysisRunStatus),
    columns: [phaseColumn],
  });

const experiment = () =>
  define({
    kind: 'Experiment',
    plural: 'experiments',
    shortName: 'exp',
    spec: schemaOf(ExperimentSpec),
    status: schemaOf(ExperimentStatus),
    columns: [phaseColumn],
  });

import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector, ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import type { Static } from 'typebox';
import { AnalysisPhase, Argument, DryRun, MeasurementRetention } from './analysis.ts';
import { Builtin, Duration, Flag, Int32, List, optional, StringMap, Text, Time, Type } from './schema.ts';

/** Schema of Experiment (ANA §8). */

export const PodTemplate = Builtin<PodTemplateSpec>('io.k8s.api.core.v1.PodTemplateSpec');
export const Selector = Builtin<LabelSelector>('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector');
export const PodMetadata = Type.Object({
  labels: optional(StringMap()),
  annotations: optional(StringMap()),
});
export type PodMetadata = Static<typeof PodMetadata>;

const ExperimentTemplate = Type.Object({
  name: Text('Name of the template, unique in the Experiment.'),
  replicas: optional(Int32('Number of pods. Default: 1.')),
  minReadySeconds: optional(Int32('Seconds that a pod must be ready before it counts as available.')),
  selector: Selector,
  template: PodTemplate,
  service: optional(Type.Object({ name: optional(Text()) }, { description: 'Make a Service for the pods.' })),
});

const ExperimentAnalysis = Type.Object({
  name: Text('Name of the analysis, unique in the Experiment.'),
  templateName: Text('Name of the AnalysisTemplate.'),
  clusterScope: optional(Flag('Look the name up among ClusterAnalysisTemplates.')),
  args: optional(List(Argument)),
  requiredForCompletion: optional(Flag('The Experiment ends only when this analysis has.')),
});

export const ExperimentSpec = Type.Object({
  templates: List(ExperimentTemplate),
  duration: optional(Duration('How long the pods run once all are available. Default: no end.')),
  progressDeadlineSeconds: optional(Int32('Seconds in which the pods must become available. Default: 600.')),
  terminate: optional(Flag('End the Experiment now.')),
  analyses: optional(List(ExperimentAnalysis)),
  scaleDownDelaySeconds: optional(Int32('Seconds that the pods outlive the Experiment. Default: 30.')),
  dryRun: optional(List(DryRun)),
  measurementRetention: optional(List(MeasurementRetention)),
  analysisRunMetadata: optional(PodMetadata),
});
export type ExperimentSpec = Static<typeof ExperimentSpec>;

const ExperimentCondition = Type.Object({
  type: Text(),
  status: Text(),
  reason: Text(),
  message: Text(),
  lastUpdateTime: Time(),
  lastTransitionTime: Time(),
});

const ExperimentTemplateStatus = Type.Object({
  name: Text(),
  replicas: Int32(),
  updatedReplicas: Int32(),
  readyReplicas: Int32(),
  availableReplicas: Int32(),
  collisionCount: optional(Int32()),
  status: optional(Text()),
  message: optional(Text()),
  lastTransitionTime: optional(Time()),
  serviceName: optional(Text()),
  podTemplateHash: optional(Text()),
});

export const ExperimentStatus = Type.Object({
  phase: optional(AnalysisPhase),
  message: optional(Text()),
  availableAt: optional(Time()),
  templateStatuses: optional(List(ExperimentTemplateStatus)),
  analysisRuns: optional(
    List(Type.Object({ name: Text(), analysisRun: Text(), phase: AnalysisPhase, message: optional(Text()) })),
  ),
  conditions: optional(List(ExperimentCondition)),
});
export type ExperimentStatus = Static<typeof ExperimentStatus>;

export interface Experiment {
  apiVersion: string;
  kind: 'Experiment';
  metadata: ObjectMeta;
  spec: ExperimentSpec;
  status?: ExperimentStatus;
}

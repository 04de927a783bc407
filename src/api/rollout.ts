import type { LabelSelector, ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import type { Static } from 'typebox';
import { AnalysisPhase, DryRun, MeasurementRetention, TemplateRef } from './analysis.ts';
import { PodMetadata, PodTemplate, Selector } from './experiment.ts';
import {
  AnyObject,
  AnyValue,
  Builtin,
  Duration,
  Flag,
  Int32,
  Int64,
  IntOrString,
  List,
  optional,
  Text,
  Time,
  Type,
} from './schema.ts';

/** Schema of Rollout (CAN §2, §13; BGW §2; TRF §1). */

// ── Analysis as a Rollout asks for it ────────────────────────────────────────────────────────────────────────────

export const RolloutAnalysisArg = Type.Object({
  name: Text(),
  value: optional(Text()),
  valueFrom: optional(
    Type.Object({
      podTemplateHashValue: optional(Text('Stable or Latest.')),
      fieldRef: optional(Type.Object({ fieldPath: Text() })),
    }),
  ),
});
export type RolloutAnalysisArg = Static<typeof RolloutAnalysisArg>;

const rolloutAnalysisFields = {
  templates: optional(List(TemplateRef, 'AnalysisTemplates whose metrics are measured together.')),
  args: optional(List(RolloutAnalysisArg, 'Values for the arguments of the templates.')),
  dryRun: optional(List(DryRun)),
  measurementRetention: optional(List(MeasurementRetention)),
  analysisRunMetadata: optional(PodMetadata),
};
export const RolloutAnalysis = Type.Object(rolloutAnalysisFields);
export type RolloutAnalysis = Static<typeof RolloutAnalysis>;
const RolloutAnalysisBackground = Type.Object({
  ...rolloutAnalysisFields,
  startingStep: optional(Int32('Index of the step at which the analysis starts. Default: 0.')),
});
export type RolloutAnalysisBackground = Static<typeof RolloutAnalysisBackground>;

// ── Steps ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const StringMatch = Type.Object({
  exact: optional(Text()),
  prefix: optional(Text()),
  regex: optional(Text()),
});
export type StringMatch = Static<typeof StringMatch>;

const RolloutPause = Type.Object({
  duration: optional(
    IntOrString('How long: seconds, or a duration such as 10m. Without it: until promoted.'),
  ),
});
const SetCanaryScale = Type.Object({
  weight: optional(Int32('Percent of spec.replicas.')),
  replicas: optional(Int32('Number of pods.')),
  matchTrafficWeight: optional(Flag('Follow setWeight again.')),
});
const HeaderRoutingMatch = Type.Object({ headerName: Text(), headerValue: StringMatch });
export const SetHeaderRoute = Type.Object({
  name: optional(Text('Name of a route listed in managedRoutes.')),
  match: optional(List(HeaderRoutingMatch, 'Requests that go to the canary. None: remove the route.')),
});
const RouteMatch = Type.Object({
  method: optional(StringMatch),
  path: optional(StringMatch),
  headers: optional(
    Type.Unsafe<Record<string, StringMatch>>({
      type: 'object',
      additionalProperties: { ...StringMatch },
    }),
  ),
});
export const SetMirrorRoute = Type.Object({
  name: Text('Name of a route listed in managedRoutes.'),
  match: optional(List(RouteMatch, 'Requests that are mirrored to the canary. None: remove the route.')),
  percentage: optional(Int32('Percent of the matching requests. Default: 100.')),
});
const PluginStep = Type.Object({
  name: Text('Name of the step plugin.'),
  config: optional(AnyValue('Configuration of the plugin.')),
});

const RolloutExperimentTemplate = Type.Object({
  name: Text(),
  specRef: Text('Which pod template: stable or canary.'),
  replicas: optional(Int32()),
  metadata: optional(PodMetadata),
  selector: optional(Selector),
  weight: optional(Int32('Percent of the traffic.')),
  service: optional(Type.Object({ name: optional(Text()) })),
});
const RolloutExperimentStepAnalysis = Type.Object({
  name: Text(),
  templateName: Text(),
  clusterScope: optional(Flag()),
  args: optional(List(RolloutAnalysisArg)),
  requiredForCompletion: optional(Flag()),
});
export const RolloutExperimentStep = Type.Object({
  templates: List(RolloutExperimentTemplate),
  duration: optional(Duration()),
  analyses: optional(List(RolloutExperimentStepAnalysis)),
  dryRun: optional(List(DryRun)),
  analysisRunMetadata: optional(PodMetadata),
  scaleDownDelaySeconds: optional(Int32()),
});

export const CanaryStep = Type.Object({
  setWeight: optional(Int32('Traffic (or, without a router, pods) for the new version, in percent.')),
  pause: optional(RolloutPause),
  experiment: optional(RolloutExperimentStep),
  analysis: optional(RolloutAnalysis),
  setCanaryScale: optional(SetCanaryScale),
  setHeaderRoute: optional(SetHeaderRoute),
  setMirrorRoute: optional(SetMirrorRoute),
  plugin: optional(PluginStep),
});
export type CanaryStep = Static<typeof CanaryStep>;
export type SetCanaryScale = Static<typeof SetCanaryScale>;

// ── Traffic routing ──────────────────────────────────────────────────────────────────────────────────────────────

const IstioVirtualService = Type.Object({
  name: Text('Name of the VirtualService, or name.namespace.'),
  routes: optional(List(Text())),
  tlsRoutes: optional(List(Type.Object({ port: optional(Int64()), sniHosts: optional(List(Text())) }))),
  tcpRoutes: optional(List(Type.Object({ port: optional(Int64()) }))),
});
const IstioRouting = Type.Object({
  virtualService: optional(IstioVirtualService),
  virtualServices: optional(List(IstioVirtualService)),
  destinationRule: optional(
    Type.Object({
      name: Text(),
      canarySubsetName: Text(),
      stableSubsetName: Text(),
      additionalSubsetNames: optional(List(Text())),
    }),
  ),
});
const KeyValues = Type.Unsafe<Record<string, string>>({
  type: 'object',
  additionalProperties: { type: 'string' },
});
export const NginxRouting = Type.Object({
  stableIngress: optional(Text('Ingress whose rules send traffic to the stable Service.')),
  stableIngresses: optional(List(Text('Instead of stableIngress, for several.'))),
  annotationPrefix: optional(Text('Default: nginx.ingress.kubernetes.io.')),
  additionalIngressAnnotations: optional(KeyValues),
  canaryIngressAnnotations: optional(KeyValues),
});
export type NginxRouting = Static<typeof NginxRouting>;
const AlbRouting = Type.Object({
  ingress: optional(Text()),
  ingresses: optional(List(Text())),
  servicePort: Int32(),
  rootService: optional(Text()),
  annotationPrefix: optional(Text()),
  stickinessConfig: optional(Type.Object({ enabled: optional(Flag()), durationSeconds: optional(Int64()) })),
});

export const TrafficRouting = Type.Object({
  istio: optional(IstioRouting),
  nginx: optional(NginxRouting),
  alb: optional(AlbRouting),
  smi: optional(Type.Object({ rootService: optional(Text()), trafficSplitName: optional(Text()) })),
  ambassador: optional(Type.Object({ mappings: List(Text()) })),
  appMesh: optional(
    Type.Object({
      virtualService: optional(Type.Object({ name: Text(), routes: optional(List(Text())) })),
      virtualNodeGroup: optional(
        Type.Object({
          canaryVirtualNodeRef: Type.Object({ name: Text() }),
          stableVirtualNodeRef: Type.Object({ name: Text() }),
        }),
      ),
    }),
  ),
  traefik: optional(Type.Object({ weightedTraefikServiceName: Text() })),
  apisix: optional(
    Type.Object({ route: optional(Type.Object({ name: Text(), rules: optional(List(Text())) })) }),
  ),
  plugins: optional(AnyObject('Traffic router plugin name to its configuration.')),
  managedRoutes: optional(
    List(Type.Object({ name: Text() }), 'Routes that the controller owns, in order of precedence.'),
  ),
  maxTrafficWeight: optional(Int32('What a weight is a share of. Default: 100.')),
});
export type TrafficRouting = Static<typeof TrafficRouting>;

// ── Strategies ───────────────────────────────────────────────────────────────────────────────────────────────────

export const AntiAffinity = Type.Object({
  preferredDuringSchedulingIgnoredDuringExecution: optional(Type.Object({ weight: Int32('1 to 100.') })),
  requiredDuringSchedulingIgnoredDuringExecution: optional(Type.Unsafe<object>({ type: 'object' })),
});
const ReplicaProgressThreshold = Type.Object({ type: Text('Percent or Pods.'), value: Int32() });
const PingPong = Type.Object({ pingService: Text(), pongService: Text() });

export const CanaryStrategy = Type.Object({
  canaryService: optional(Text('Service that selects the new pods.')),
  stableService: optional(Text('Service that selects the stable pods.')),
  steps: optional(List(CanaryStep)),
  trafficRouting: optional(TrafficRouting),
  maxUnavailable: optional(IntOrString('Pods that may be missing during an update. Default: 25%.')),
  maxSurge: optional(IntOrString('Pods above spec.replicas during an update. Default: 25%.')),
  analysis: optional(RolloutAnalysisBackground),
  antiAffinity: optional(AntiAffinity),
  canaryMetadata: optional(PodMetadata),
  stableMetadata: optional(PodMetadata),
  scaleDownDelaySeconds: optional(
    Int32('Seconds that old pods stay up after promotion. Default with a router: 30.'),
  ),
  scaleDownDelayRevisionLimit: optional(Int32()),
  abortScaleDownDelaySeconds: optional(
    Int32('Seconds that new pods stay up after an abort. Default with a router: 30.'),
  ),
  dynamicStableScale: optional(Flag('Scale the stable pods down as traffic moves.')),
  pingPong: optional(PingPong),
  minPodsPerReplicaSet: optional(Int32()),
  replicaProgressThreshold: optional(ReplicaProgressThreshold),
});
export type CanaryStrategy = Static<typeof CanaryStrategy>;

export const BlueGreenStrategy = Type.Object({
  activeService: Text('Service that receives the production traffic.'),
  previewService: optional(Text()),
  previewReplicaCount: optional(Int32()),
  autoPromotionEnabled: optional(Flag()),
  autoPromotionSeconds: optional(Int32()),
  maxUnavailable: optional(IntOrString()),
  scaleDownDelaySeconds: optional(Int32()),
  scaleDownDelayRevisionLimit: optional(Int32()),
  abortScaleDownDelaySeconds: optional(Int32()),
  prePromotionAnalysis: optional(RolloutAnalysis),
  postPromotionAnalysis: optional(RolloutAnalysis),
  antiAffinity: optional(AntiAffinity),
  previewMetadata: optional(PodMetadata),
  activeMetadata: optional(PodMetadata),
});
export type BlueGreenStrategy = Static<typeof BlueGreenStrategy>;

const RolloutStrategy = Type.Object({
  canary: optional(CanaryStrategy),
  blueGreen: optional(BlueGreenStrategy),
});

export const RolloutSpec = Type.Object({
  replicas: optional(Int32('Number of pods. Default: 1.')),
  selector: optional(
    Builtin<LabelSelector>(
      'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector',
      'Pods of this Rollout; must match the labels of the template.',
    ),
  ),
  template: optional(PodTemplate),
  workloadRef: optional(
    Type.Object({
      apiVersion: optional(Text()),
      kind: optional(Text()),
      name: optional(Text()),
      scaleDown: optional(Text('never, onsuccess or progressively.')),
    }),
  ),
  strategy: optional(RolloutStrategy),
  minReadySeconds: optional(
    Int32('Seconds that a pod must be ready before it counts as available. Default: 0.'),
  ),
  revisionHistoryLimit: optional(Int32('Old ReplicaSets to keep. Default: 10.')),
  paused: optional(Flag('Stop where it is.')),
  progressDeadlineSeconds: optional(Int32('Seconds without progress until Degraded. Default: 600.')),
  progressDeadlineAbort: optional(Flag('Abort when the deadline passes. Default: false.')),
  restartAt: optional(Time('Evict the pods that are older than this.')),
  rollbackWindow: optional(Type.Object({ revisions: optional(Int32()) })),
  analysis: optional(
    Type.Object({
      successfulRunHistoryLimit: optional(Int32('Default: 5.')),
      unsuccessfulRunHistoryLimit: optional(Int32('Default: 5.')),
    }),
  ),
});
export type RolloutSpec = Static<typeof RolloutSpec>;

// ── Status ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type PauseReason =
  | 'CanaryPauseStep'
  | 'InconclusiveAnalysisRun'
  | 'InconclusiveExperiment'
  | 'BlueGreenPause';
export const PauseCondition = Type.Object({
  reason: Type.Unsafe<PauseReason>({ type: 'string' }),
  startTime: Time(),
});
export type PauseCondition = Static<typeof PauseCondition>;

export const RolloutCondition = Type.Object({
  type: Text(),
  status: Type.Unsafe<'True' | 'False' | 'Unknown'>({ type: 'string' }),
  lastUpdateTime: Time(),
  lastTransitionTime: Time(),
  reason: Text(),
  message: Text(),
});
export type RolloutCondition = Static<typeof RolloutCondition>;

const WeightDestination = Type.Object({
  weight: Int32(),
  serviceName: optional(Text()),
  podTemplateHash: optional(Text()),
});
export type WeightDestination = Static<typeof WeightDestination>;
export const TrafficWeights = Type.Object({
  canary: WeightDestination,
  stable: WeightDestination,
  additional: optional(List(WeightDestination)),
  verified: optional(Flag()),
});
export type TrafficWeights = Static<typeof TrafficWeights>;

export const AnalysisRunRef = Type.Object({
  name: Text(),
  status: AnalysisPhase,
  message: optional(Text()),
});
export type AnalysisRunRef = Static<typeof AnalysisRunRef>;

const StepPluginStatus = Type.Object({
  index: Int32(),
  name: Text(),
  operation: optional(Text('Run, Terminate or Abort.')),
  phase: optional(Text('Running, Successful, Failed or Error.')),
  message: optional(Text()),
  startedAt: optional(Time()),
  updatedAt: optional(Time()),
  finishedAt: optional(Time()),
  backoff: optional(Duration()),
  executions: optional(Int32()),
  disabled: optional(Flag()),
  status: optional(AnyValue()),
});

const CanaryStatus = Type.Object({
  weights: optional(TrafficWeights),
  currentStepAnalysisRunStatus: optional(AnalysisRunRef),
  currentBackgroundAnalysisRunStatus: optional(AnalysisRunRef),
  currentExperiment: optional(Text()),
  stablePingPong: optional(Text()),
  stepPluginStatuses: optional(List(StepPluginStatus)),
});
export type CanaryStatus = Static<typeof CanaryStatus>;

const BlueGreenStatus = Type.Object({
  previewSelector: optional(Text()),
  activeSelector: optional(Text()),
  scaleUpPreviewCheckPoint: optional(Flag()),
  prePromotionAnalysisRunStatus: optional(AnalysisRunRef),
  postPromotionAnalysisRunStatus: optional(AnalysisRunRef),
});
export type BlueGreenStatus = Static<typeof BlueGreenStatus>;

const AlbResource = Type.Object({ name: Text(), arn: Text(), fullName: optional(Text()) });
const AlbStatus = Type.Object({
  loadBalancer: optional(AlbResource),
  canaryTargetGroup: optional(AlbResource),
  stableTargetGroup: optional(AlbResource),
  ingress: optional(Text()),
});

export const RolloutDuration = Type.Object({
  rolloutStartedAt: optional(Time()),
  manualPauseStartedAt: optional(Time()),
  totalManualPauseDurationSeconds: optional(Int64()),
  finishedAt: optional(Time()),
  completionStatus: optional(Text('Promoted, FastPromoted, Aborted, RolledBack or FastRolledBack.')),
});

export type RolloutPhase = 'Healthy' | 'Progressing' | 'Paused' | 'Degraded';

export const RolloutStatus = Type.Object({
  abort: optional(Flag()),
  abortedAt: optional(Time()),
  promoteFull: optional(Flag()),
  pauseConditions: optional(List(PauseCondition)),
  controllerPause: optional(Flag()),
  currentPodHash: optional(Text()),
  currentStepHash: optional(Text()),
  currentStepIndex: optional(Int32()),
  stableRS: optional(Text()),
  replicas: optional(Int32()),
  updatedReplicas: optional(Int32()),
  readyReplicas: optional(Int32()),
  availableReplicas: optional(Int32()),
  HPAReplicas: optional(Int32()),
  selector: optional(Text()),
  collisionCount: optional(Int32()),
  observedGeneration: optional(Text()),
  workloadObservedGeneration: optional(Text()),
  conditions: optional(List(RolloutCondition)),
  canary: optional(CanaryStatus),
  blueGreen: optional(BlueGreenStatus),
  restartedAt: optional(Time()),
  phase: optional(Type.Unsafe<RolloutPhase>({ type: 'string' })),
  message: optional(Text()),
  alb: optional(AlbStatus),
  albs: optional(List(AlbStatus)),
  duration: optional(RolloutDuration),
});
export type RolloutStatus = Static<typeof RolloutStatus>;

export interface Rollout {
  apiVersion: string;
  kind: 'Rollout';
  metadata: ObjectMeta;
  spec: RolloutSpec;
  status?: RolloutStatus;
}

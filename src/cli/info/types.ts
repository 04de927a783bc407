import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import type { AnalysisRunSpec, AnalysisRunStatus, CanaryStep } from '../../api/index.ts';

/** What the command line and the dashboard show of a Rollout and all that belongs to it (CLI §6.5). */

export interface RolloutInfo {
  objectMeta: ObjectMeta;
  /** The phase. */
  status: string;
  message: string;
  icon: string;
  /** `Canary`, `BlueGreen` or empty. */
  strategy: string;
  /** `<index>/<number of steps>`, or empty. */
  step: string;
  /** Empty but for a canary. */
  setWeight: string;
  actualWeight: string;
  ready: number;
  current: number;
  desired: number;
  updated: number;
  available: number;
  /** A time for people, or `Never`. */
  restartedAt: string;
  generation: string;
  replicaSets: ReplicaSetInfo[];
  experiments: ExperimentInfo[];
  analysisRuns: AnalysisRunInfo[];
  containers: ContainerInfo[];
  initContainers: ContainerInfo[];
  /** Only while there is a current step. */
  steps: CanaryStep[];
}

export interface ContainerInfo {
  name: string;
  image: string;
}

export interface ReplicaSetInfo {
  objectMeta: ObjectMeta;
  status: string;
  icon: string;
  revision: number;
  stable: boolean;
  canary: boolean;
  active: boolean;
  preview: boolean;
  ping: boolean;
  pong: boolean;
  replicas: number;
  available: number;
  /** Name of the Experiment's template. */
  template: string;
  /** The annotation as it is. */
  scaleDownDeadline: string | undefined;
  images: string[];
  initContainerImages: string[];
  pods: PodInfo[];
}

export interface PodInfo {
  objectMeta: ObjectMeta;
  status: string;
  icon: string;
  /** `<ready>/<containers>` */
  ready: string;
  restarts: number;
}

export interface ExperimentInfo {
  objectMeta: ObjectMeta;
  icon: string;
  revision: number;
  status: string;
  message: string;
  replicaSets: ReplicaSetInfo[];
  analysisRuns: AnalysisRunInfo[];
}

export interface AnalysisRunInfo {
  objectMeta: ObjectMeta;
  icon: string;
  revision: number;
  status: string;
  successful: number;
  failed: number;
  inconclusive: number;
  error: number;
  jobs: JobInfo[];
  nonJobInfo: NonJobInfo[];
  metrics: MetricInfo[];
  specAndStatus: { spec: AnalysisRunSpec; status: AnalysisRunStatus | undefined };
}

export interface JobInfo {
  objectMeta: ObjectMeta;
  status: string;
  icon: string;
  metricName: string;
  startedAt: string | undefined;
}

export interface NonJobInfo {
  value: string;
  status: string;
  metricName: string;
  startedAt: string | undefined;
}

export interface MetricInfo {
  name: string;
  successCondition: string;
  count: number;
  inconclusiveLimit: number;
  failureLimit: number;
}

import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from 'kubernetes-types/apps/v1.d.ts';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import type { CronJob, Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Lease } from 'kubernetes-types/coordination/v1.d.ts';
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import type { ObjectMeta, OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { Ingress, IngressClass } from 'kubernetes-types/networking/v1.d.ts';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';
import type { AnalysisRun, AnalysisTemplate } from './analysis.ts';
import type { Experiment } from './experiment.ts';
import { GROUP, VERSION } from './keys.ts';
import type { Rollout } from './rollout.ts';

/** Any Kubernetes object. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** Names a resource of the API and ties it to its TypeScript type. */
export interface ResourceType<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The name in URLs, e.g. `replicasets`. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Only for the type checker; never set. */
  readonly _type?: T;
}

/** Where an object is: its type, namespace (undefined when cluster-scoped) and name. */
export interface ObjectRef<T extends KubeObject = KubeObject> {
  type: ResourceType<T>;
  namespace?: string | undefined;
  name: string;
}

function resource<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced = true,
): ResourceType<T> {
  return { group, version, kind, plural, namespaced };
}

export const Rollouts = resource<Rollout>(GROUP, VERSION, 'Rollout', 'rollouts');
export const AnalysisRuns = resource<AnalysisRun>(GROUP, VERSION, 'AnalysisRun', 'analysisruns');
export const AnalysisTemplates = resource<AnalysisTemplate>(
  GROUP,
  VERSION,
  'AnalysisTemplate',
  'analysistemplates',
);
export const ClusterAnalysisTemplates = resource<AnalysisTemplate>(
  GROUP,
  VERSION,
  'ClusterAnalysisTemplate',
  'clusteranalysistemplates',
  false,
);
export const Experiments = resource<Experiment>(GROUP, VERSION, 'Experiment', 'experiments');

export const Namespaces = resource<Namespace>('', 'v1', 'Namespace', 'namespaces', false);
export const Nodes = resource<Node>('', 'v1', 'Node', 'nodes', false);
export const Pods = resource<Pod>('', 'v1', 'Pod', 'pods');
export const Services = resource<Service>('', 'v1', 'Service', 'services');
export const EndpointsType = resource<Endpoints>('', 'v1', 'Endpoints', 'endpoints');
export const PersistentVolumes = resource<PersistentVolume>(
  '',
  'v1',
  'PersistentVolume',
  'persistentvolumes',
  false,
);
export const PersistentVolumeClaims = resource<PersistentVolumeClaim>(
  '',
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const ConfigMaps = resource<ConfigMap>('', 'v1', 'ConfigMap', 'configmaps');
export const Secrets = resource<Secret>('', 'v1', 'Secret', 'secrets');
export const ServiceAccounts = resource<ServiceAccount>('', 'v1', 'ServiceAccount', 'serviceaccounts');
export const Events = resource<Event>('', 'v1', 'Event', 'events');
export const ReplicaSets = resource<ReplicaSet>('apps', 'v1', 'ReplicaSet', 'replicasets');
export const Deployments = resource<Deployment>('apps', 'v1', 'Deployment', 'deployments');
export const StatefulSets = resource<StatefulSet>('apps', 'v1', 'StatefulSet', 'statefulsets');
export const DaemonSets = resource<DaemonSet>('apps', 'v1', 'DaemonSet', 'daemonsets');
export const ControllerRevisions = resource<ControllerRevision>(
  'apps',
  'v1',
  'ControllerRevision',
  'controllerrevisions',
);
export const HorizontalPodAutoscalers = resource<HorizontalPodAutoscaler>(
  'autoscaling',
  'v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);
export const Jobs = resource<Job>('batch', 'v1', 'Job', 'jobs');
export const CronJobs = resource<CronJob>('batch', 'v1', 'CronJob', 'cronjobs');
export const Leases = resource<Lease>('coordination.k8s.io', 'v1', 'Lease', 'leases');
export const EndpointSlices = resource<EndpointSlice>(
  'discovery.k8s.io',
  'v1',
  'EndpointSlice',
  'endpointslices',
);
export const Ingresses = resource<Ingress>('networking.k8s.io', 'v1', 'Ingress', 'ingresses');
export const IngressClasses = resource<IngressClass>(
  'networking.k8s.io',
  'v1',
  'IngressClass',
  'ingressclasses',
  false,
);
export const PodDisruptionBudgets = resource<PodDisruptionBudget>(
  'policy',
  'v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);
export const StorageClasses = resource<StorageClass>(
  'storage.k8s.io',
  'v1',
  'StorageClass',
  'storageclasses',
  false,
);
export const CustomResourceDefinitions = resource(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);

/** `v1` or `apps/v1`. */
export function apiVersionOf(type: ResourceType): string {
  return type.group ? `${type.group}/${type.version}` : type.version;
}

/** The reference of the owner that controls an object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((owner) => owner.controller);
}

/** The owner reference that makes `owner` the controller of another object. */
export function controllerReference(type: ResourceType, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Labels and annotations: those of the `argoproj.io` resources (CAN §3.1), and of Kubernetes where several rooms read them. */

export const GROUP = 'argoproj.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Label on ReplicaSets, pods, Service selectors, AnalysisRuns and Experiments: the pod-template hash. */
export const POD_TEMPLATE_HASH_LABEL = 'rollouts-pod-template-hash';
/** Label that assigns an object to the controller started with the same `--instance-id`. */
export const INSTANCE_ID_LABEL = 'argo-rollouts.argoproj.io/controller-instance-id';

/** Annotation on Rollout, ReplicaSet, AnalysisRun, Experiment: decimal revision. */
export const REVISION_ANNOTATION = 'rollout.argoproj.io/revision';
/** Annotation on a ReplicaSet: comma list of the revisions that it held before. */
export const REVISION_HISTORY_ANNOTATION = 'rollout.argoproj.io/revision-history';
/** Annotation on a ReplicaSet: `spec.replicas` of the Rollout when it was last scaled. */
export const DESIRED_REPLICAS_ANNOTATION = 'rollout.argoproj.io/desired-replicas';
/** Annotation on a ReplicaSet: JSON of the pod metadata that the controller injected. */
export const EPHEMERAL_METADATA_ANNOTATION = 'rollout.argoproj.io/ephemeral-metadata';
/** Annotation on a Rollout with `workloadRef`: generation of the referenced workload. */
export const WORKLOAD_GENERATION_ANNOTATION = 'rollout.argoproj.io/workload-generation';
/** Annotation on a ReplicaSet: RFC 3339 time at which it may go to 0. It has no prefix. */
export const SCALE_DOWN_DEADLINE_ANNOTATION = 'scale-down-deadline';
/** Annotation on Services and Ingresses: name of the Rollout that manages them. */
export const MANAGED_BY_ANNOTATION = 'argo-rollouts.argoproj.io/managed-by-rollouts';
/** Annotation on an Experiment's ReplicaSet: name of the Experiment. */
export const EXPERIMENT_NAME_ANNOTATION = 'experiment.argoproj.io/name';
/** Annotation on an Experiment's ReplicaSet: name of the template. */
export const EXPERIMENT_TEMPLATE_ANNOTATION = 'experiment.argoproj.io/template-name';
/** Label on an AnalysisRun of a Rollout: `Background`, `Step`, `PrePromotion` or `PostPromotion`. */
export const ROLLOUT_TYPE_LABEL = 'rollout-type';
/** Label on an AnalysisRun of a step: the step's index. */
export const STEP_INDEX_LABEL = 'step-index';

export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
export const NOTIFIED_ANNOTATION = 'notified.notifications.argoproj.io';

/** Which Service an EndpointSlice belongs to. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

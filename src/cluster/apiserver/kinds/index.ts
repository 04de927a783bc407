/**
 * The built-in kinds: what each has beside the generic machinery. Defaults, validation, columns, field selectors and
 * generation rules, one file per kind or family; all pure.
 */
import { validatingAdmissionPolicies, validatingAdmissionPolicyBindings } from './admission-policies.ts';
import { apiServices } from './api-services.ts';
import { autoscalersV1, autoscalersV2 } from './autoscalers.ts';
import { certificateSigningRequests } from './certificate-signing-requests.ts';
import { configMaps, secrets, serviceAccounts } from './config.ts';
import { cronJobs } from './cronjobs.ts';
import { customResourceDefinitions } from './custom-resource-definitions.ts';
import { controllerRevisions, daemonSets } from './daemonsets.ts';
import { deployments } from './deployments.ts';
import { podDisruptionBudgets } from './disruption-budgets.ts';
import { endpointSlices, endpoints } from './endpoints.ts';
import { coreEvents, newEvents } from './events.ts';
import { flowSchemas, priorityLevelConfigurations } from './flow-control.ts';
import { ingressClasses, ingresses } from './ingresses.ts';
import { jobs } from './jobs.ts';
import type { Kind } from './kind.ts';
import { leases } from './leases.ts';
import { namespaces } from './namespaces.ts';
import { networkPolicies } from './network-policies.ts';
import { nodes } from './nodes.ts';
import { persistentVolumes } from './persistent-volumes.ts';
import { pods } from './pods/index.ts';
import { priorityClasses } from './priority-classes.ts';
import { limitRanges, resourceQuotas } from './quotas.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from './rbac.ts';
import { replicaSets } from './replicasets.ts';
import { podTemplates, replicationControllers } from './replication-controllers.ts';
import { runtimeClasses } from './runtime-classes.ts';
import { services } from './services.ts';
import { statefulSets } from './statefulsets.ts';
import { csiDrivers, csiNodes, csiStorageCapacities, volumeAttachments } from './storage.ts';
import { persistentVolumeClaims, storageClasses, volumeAttributesClasses } from './volumes.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from './webhooks.ts';

export const builtinKinds: readonly Kind[] = [
  configMaps,
  endpoints,
  coreEvents,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  podTemplates,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
  apiServices,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
  customResourceDefinitions,
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
  autoscalersV1,
  autoscalersV2,
  cronJobs,
  jobs,
  certificateSigningRequests,
  leases,
  endpointSlices,
  newEvents,
  flowSchemas,
  priorityLevelConfigurations,
  ingressClasses,
  ingresses,
  networkPolicies,
  runtimeClasses,
  podDisruptionBudgets,
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
  priorityClasses,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
];

export type { Kind } from './kind.ts';

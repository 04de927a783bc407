import type { Logger } from 'pino';
import type { Clock } from '../../api/index.ts';
import type { Informers, KubeClient } from '../../kube/index.ts';
import { startAutoscalerController } from './autoscaler/controller.ts';
import { startClaimBinder } from './claims/controller.ts';
import type { Controller } from './common/context.ts';
import { startCronJobController } from './cronjob/controller.ts';
import { startDaemonSetController } from './daemonset/controller.ts';
import { startDeploymentController } from './deployment/controller.ts';
import { startDiscovery } from './discovery/discovery.ts';
import { startDisruptionController } from './disruption/controller.ts';
import { startEndpointsController } from './endpoints/controller.ts';
import { startEndpointsMirroring } from './endpoints/mirror-controller.ts';
import { startGarbageCollector } from './garbage/controller.ts';
import { startJobController } from './job/controller.ts';
import { startKubernetesController } from './kubernetes/controller.ts';
import type { ApiServerAddress } from './kubernetes/decide.ts';
import { startNamespaceController } from './namespace/controller.ts';
import { startPodEviction } from './nodes/eviction-controller.ts';
import { startNodeHealth } from './nodes/health-controller.ts';
import { startNodeTaints } from './nodes/taints.ts';
import { startReplicaSetController } from './replicaset/controller.ts';
import { startScheduler } from './scheduler/controller.ts';
import { startServiceAccountController } from './serviceaccount/controller.ts';
import { startStatefulSetController } from './statefulset/controller.ts';

/**
 * The controllers that make a cluster out of an API server: the workloads, their autoscalers, disruption budgets, the
 * endpoints of Services, namespaces, owners, ServiceAccounts, volume claims, the health of nodes, and the scheduler. Ordinary clients of the
 * API: they know nothing of who serves it or runs its pods.
 */
export interface WorkloadOptions {
  client: KubeClient;
  informers: Informers;
  clock: Clock;
  log: Logger;
  /** Folder for the volumes of the default storage class; without it there is none, and claims wait for volumes that users make. */
  volumesFolder?: string;
  /** PEM of the certificates that the API server's own can be checked with; without them they are not given to pods. */
  ca?: string;
  /** Where the API server listens; without it there is no Service `kubernetes`. */
  apiServer?: ApiServerAddress;
  /** Milliseconds between two looks at a HorizontalPodAutoscaler. Default: 15,000. */
  autoscalerSyncMs?: number;
}

/** As the controller manager's `--horizontal-pod-autoscaler-sync-period`. */
const AUTOSCALER_SYNC_MS = 15_000;

/** Each observes, decides by a pure function, and acts; stopped, all of them finish what they have begun. */
export function startWorkloadControllers(options: WorkloadOptions): { stop(): Promise<void> } {
  const discovery = startDiscovery(options.client, options.informers, options.log);
  const controllers: Controller[] = [
    startReplicaSetController(options),
    startDeploymentController(options),
    startStatefulSetController(options),
    startClaimBinder(options, options.volumesFolder),
    startDaemonSetController(options),
    startJobController(options),
    startCronJobController(options),
    startDisruptionController(options, discovery),
    startAutoscalerController(options, discovery, options.autoscalerSyncMs ?? AUTOSCALER_SYNC_MS),
    startEndpointsController(options),
    startEndpointsMirroring(options),
    startScheduler(options),
    startNodeHealth(options),
    startNodeTaints(options),
    startPodEviction(options),
    startServiceAccountController(options, options.ca),
    startNamespaceController(options, discovery),
    ...(options.apiServer ? [startKubernetesController(options, options.apiServer)] : []),
    startGarbageCollector(options, discovery),
  ];
  let stopping: Promise<unknown> | undefined;
  return {
    async stop() {
      discovery.stop();
      stopping ??= Promise.all(controllers.map((controller) => controller.stop()));
      await stopping;
    },
  };
}

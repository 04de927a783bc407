import { join } from 'node:path';
import type { Logger } from 'pino';
import { AnalysisTemplates, type Clock, ConfigMaps, Ingresses, Rollouts, Services } from '../../api/index.ts';
import { type ApiServer, startApiServer } from '../../cluster/apiserver/index.ts';
import { startGateway } from '../../cluster/gateway/index.ts';
import { startNode, startServiceProxy } from '../../cluster/node/index.ts';
import { startWorkloadControllers } from '../../cluster/workloads/index.ts';
import { startController } from '../../controller/index.ts';
import { createClient, directConnection, Informers, type KubeClient } from '../../kube/index.ts';
import { applyOnce, installCrds } from './apply.ts';
import { loopbackRanges } from './ranges.ts';

export interface LocalClusterOptions {
  stateDir: string;
  /** Start nothing but the API server. */
  apiServerOnly: boolean;
  /** Ports; 0: any that is free. */
  port: number;
  gatewayPort: number;
  metricsPort: number;
  controllerMetricsPort: number;
  /** Milliseconds between two looks at what pods use. */
  metricResolution: number;
  /** Milliseconds between two looks at a HorizontalPodAutoscaler. */
  horizontalPodAutoscalerSyncPeriod: number;
  /** `auto`, `none` or the socket of a container engine. */
  containerEngine: string;
  /** Image of the containers that hold the network of pods with several containers. */
  sandboxImage: string;
  /** Folder of manifests to apply at the first start; undefined: none. */
  example: string | undefined;
  version: string;
  clock: Clock;
  log: Logger;
}

export interface LocalCluster {
  apiServer: string;
  kubeconfig: string;
  /** What runs beside the API server; undefined: nothing. */
  parts: ClusterParts | undefined;
  client: KubeClient;
  informers: Informers;
  /** Ends everything in the reverse order of its start; pods' processes are ended, their objects stay. */
  stop(): Promise<void>;
}

export interface ClusterParts {
  gateway: string;
  gatewayMetrics: string;
  controllerMetrics: string;
  /** Where a port of a Service is reached, as `http://127.96.0.1/`. */
  addressOf(namespace: string, service: string, port: number): string | undefined;
}

/** What the example is made of. */
const EXAMPLE_TYPES = [Rollouts, Services, Ingresses, AnalysisTemplates];
const EXAMPLE_MARKER = { type: ConfigMaps, name: 'kanari-example' };

/** Starts a part of the cluster, which is stopped by the given function when the cluster is. */
type Start = <T>(part: Promise<T> | T, stop: (part: T) => Promise<void>) => Promise<T>;

/** Starts the embedded cluster with Kanari in it. When a part cannot start, those that have are stopped again. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { stateDir, clock, log } = options;
  const stops: (() => Promise<void>)[] = [];
  const start: Start = async (starting, stop) => {
    const part = await starting;
    stops.unshift(() => stop(part));
    return part;
  };
  const stop = async () => {
    for (const each of stops.splice(0)) {
      await each().catch((error) => log.error({ err: error }, 'a part did not stop in order'));
    }
  };

  try {
    const { serviceCidr } = loopbackRanges(stateDir);
    const common = { stateDir, serviceCidr, clock, log: log.child({ part: 'apiserver' }) };
    const apiServer = await start(
      startApiServer({ ...common, port: options.port, metrics: !options.apiServerOnly }),
      (server) => server.close(),
    );
    const { url, adminToken, caPem, kubeconfigPath } = apiServer;
    const connection = directConnection({ server: url, token: adminToken, ca: caPem });
    const client = createClient(connection, { userAgent: `kanari/${options.version}` });
    stops.unshift(() => client.close());
    await installCrds(client);
    const informers = new Informers(client, { log: log.child({ part: 'informers' }) });
    stops.unshift(() => informers.stop());
    const parts = options.apiServerOnly
      ? undefined
      : await startParts(apiServer, client, informers, options, start);
    if (options.example) await applyOnce(client, EXAMPLE_TYPES, EXAMPLE_MARKER, options.example);
    return { apiServer: url, kubeconfig: kubeconfigPath, parts, client, informers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts what a cluster has beside its API server, and the controller. */
async function startParts(
  apiServer: ApiServer,
  client: KubeClient,
  informers: Informers,
  options: LocalClusterOptions,
  start: Start,
): Promise<ClusterParts> {
  const { stateDir, clock, log } = options;
  const { podCidr, apiServerAddress } = loopbackRanges(stateDir);
  const volumesFolder = join(stateDir, 'volumes');
  const part = (name: string) => ({ client, informers, clock, log: log.child({ part: name }) });
  const serviceProxy = await start(startServiceProxy(part('service-proxy')), (each) => each.stop());
  const gateway = await start(
    startGateway({ ...part('gateway'), port: options.gatewayPort, metricsPort: options.metricsPort }),
    (each) => each.stop(),
  );
  await start(
    startWorkloadControllers({
      ...part('workloads'),
      volumesFolder,
      ca: apiServer.caPem,
      apiServer: {
        host: '127.0.0.1',
        port: Number(new URL(apiServer.url).port),
        clusterIP: apiServerAddress,
      },
      autoscalerSyncMs: options.horizontalPodAutoscalerSyncPeriod,
    }),
    (each) => each.stop(),
  );
  await start(
    startNode({
      ...part('node'),
      stateDir,
      volumesFolder,
      podCidr,
      containerEngine: options.containerEngine,
      sandboxImage: options.sandboxImage,
      usageWindowMs: options.metricResolution,
      kubeletToken: apiServer.nodeToken,
      resolve: serviceProxy.resolve,
    }),
    (each) => each.stop(),
  );
  const controller = await start(
    startController({
      ...part('controller'),
      resolveService: serviceProxy.resolve,
      metricsAddress: { port: options.controllerMetricsPort },
      version: options.version,
    }),
    (each) => each.stop(),
  );
  return {
    gateway: gateway.url,
    gatewayMetrics: gateway.metricsUrl,
    controllerMetrics: `http://127.0.0.1:${controller.metricsPort}/metrics`,
    addressOf(namespace, service, port) {
      const address = serviceProxy.addressOf(namespace, service, port);
      return address && new URL(`http://${address.host}:${address.port}/`).href;
    },
  };
}

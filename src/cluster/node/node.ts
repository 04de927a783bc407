import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Logger } from 'pino';
import {
  type Clock,
  ConfigMaps,
  EndpointSlices,
  type KubeObject,
  PersistentVolumeClaims,
  PersistentVolumes,
  Pods,
  Secrets,
  Services,
} from '../../api/index.ts';
import { createEventRecorder, type Informers, type KubeClient } from '../../kube/index.ts';
import { AddressPool } from './addresses.ts';
import { BundledPrograms } from './images/programs.ts';
import { ImageTable } from './images/table.ts';
import { KubeletServer } from './kubelet/server.ts';
import { UsageSampler } from './metrics/sampler.ts';
import { Offers } from './offers.ts';
import type { NodeContext } from './pods/context.ts';
import type { ServiceAddress } from './pods/environment.ts';
import { PodManager } from './pods/manager.ts';
import { reclaimFolders } from './reclaim.ts';
import { machineCapacity, Registration } from './registration.ts';
import { ContainerRuntime } from './runtime/container/runtime.ts';
import { findEngine } from './runtime/container/socket.ts';
import { ProcessRuntime } from './runtime/process/runtime.ts';
import { SimulatedRuntime } from './runtime/simulated/runtime.ts';
import { SIMULATE_ANNOTATION } from './runtime/simulated/script.ts';

export interface NodeOptions {
  client: KubeClient;
  informers: Informers;
  clock: Clock;
  log: Logger;
  /** State of pods goes to `node/` in it; `images.yaml` in it maps images to programs. */
  stateDir: string;
  /** Folder of the volumes that are made for claims; one whose volume is deleted is removed from it. */
  volumesFolder?: string;
  /** Default `kanari`. */
  nodeName?: string;
  /** Further image tables; they come before the one in the state folder. */
  images?: readonly string[];
  /** Loopback addresses of the pods. Default 127.64.0.0/16. */
  podCidr?: string;
  /** What the API server shows when it asks for logs. */
  kubeletToken: string;
  /** Where to ask for logs; default any free port of 127.0.0.1. */
  kubeletPort?: number;
  /**
   * The container engine that runs pods whose images no program stands for: `auto`, `none` or the path of its socket.
   * Default `none`.
   */
  containerEngine?: string;
  /** Image of the containers that hold the network which those of a pod share; for pods with several. */
  sandboxImage?: string;
  /** Over how many milliseconds the CPU usage of pods is averaged. Default 15,000. */
  usageWindowMs?: number;
  /** Caches only the pods of this node, not those of all; for a cluster with other nodes. */
  watchOnlyOwnPods?: boolean;
  /** Where a Service's address is really listened on, if elsewhere (see startServiceProxy). */
  resolve?: (host: string, port: number) => { host: string; port: number } | undefined;
}

export interface RunningNode {
  nodeName: string;
  /** The table that messages tell the user to write to. */
  imagesPath: string;
  kubeletPort: number;
  /**
   * Ends the agent. Pods stay in the API. Their processes are ended too (the next start runs them again), unless
   * `keepPods` leaves them to the next agent.
   */
  stop(options?: { keepPods?: boolean }): Promise<void>;
}

const DEFAULT_POD_CIDR = '127.64.0.0/16';
/** As metrics-server's `--metric-resolution`. */
const DEFAULT_USAGE_WINDOW_MS = 15_000;
const HOST_IP = '127.0.0.1';
/** What clusters made by kubeadm take. */
export const DEFAULT_SANDBOX_IMAGE = 'registry.k8s.io/pause:3.10';
/** Of the agent's own environment programs see only this. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/**
 * Registers this machine as a node and runs the pods that are assigned to it.
 * @throws EngineUnavailableError when the container engine that was named does not answer
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { client, informers, clock, stateDir, nodeName = 'kanari', podCidr = DEFAULT_POD_CIDR } = options;
  const log = options.log.child({ component: 'node' });
  const addresses = new AddressPool(podCidr);
  const imagesPath = join(stateDir, 'images.yaml');
  await mkdir(dirname(imagesPath), { recursive: true });
  const images = new ImageTable({
    paths: [...(options.images ?? []), imagesPath],
    advised: imagesPath,
    programs: new BundledPrograms(join(stateDir, 'node', 'programs')),
    log,
  });
  const { sandboxImage = DEFAULT_SANDBOX_IMAGE } = options;
  const podsFolder = join(stateDir, 'node', 'pods');
  const processes = new ProcessRuntime({ podsFolder, findImage: (image) => images.find(image), clock, log });
  const simulated = new SimulatedRuntime(clock);
  const engine = await findEngine(options.containerEngine ?? 'none');
  const containers = engine && new ContainerRuntime({ engine, podsFolder, sandboxImage, clock, log });
  if (engine) log.info({ socket: engine.socketPath }, 'images without a program run in containers');
  const events = createEventRecorder(client, { component: 'kubelet', clock, log });
  const offers = new Offers(informers.informer(EndpointSlices));
  const capacity = machineCapacity();

  const configMaps = informers.informer(ConfigMaps);
  const secrets = informers.informer(Secrets);
  const claims = informers.informer(PersistentVolumeClaims);
  const volumes = informers.informer(PersistentVolumes);
  await Promise.all([
    configMaps.synced(),
    secrets.synced(),
    claims.synced(),
    volumes.synced(),
    informers.informer(Services).synced(),
  ]);

  const context: NodeContext = {
    nodeName,
    hostIP: HOST_IP,
    capacity,
    podsFolder,
    client,
    clock,
    log,
    sources: {
      configMap: (namespace, name) => configMaps.get(namespace, name),
      secret: (namespace, name) => secrets.get(namespace, name),
      claim: (namespace, name) => claims.get(namespace, name),
      volume: (name) => volumes.get(undefined, name),
    },
    baseEnvironment: inheritedEnvironment(),
    runtimeFor: (pod) => {
      if (isSimulated(pod)) return simulated;
      return containers && imagesOf(pod).some((image) => !images.has(image)) ? containers : processes;
    },
    servicesFor: (namespace) => serviceAddresses(informers, namespace, options.resolve),
    record: (pod, event) => events.record({ ...pod, apiVersion: 'v1', kind: 'Pod' }, event),
    untilUnoffered: (pod, timeoutMs) => offers.untilGone(pod, timeoutMs),
  };
  const filter = options.watchOnlyOwnPods ? { fieldSelector: `spec.nodeName=${nodeName}` } : {};
  const runtimes = [processes, simulated, ...(containers ? [containers] : [])];
  const manager = new PodManager({
    context,
    pods: informers.informer(Pods, filter),
    addresses,
    runtimes,
  });
  const usage = new UsageSampler({
    nodeName,
    runtimes,
    pods: () => manager.workers(),
    clock,
    log,
    windowMs: options.usageWindowMs ?? DEFAULT_USAGE_WINDOW_MS,
  });

  const server = new KubeletServer({
    pods: manager,
    usage,
    token: options.kubeletToken,
    host: HOST_IP,
    port: options.kubeletPort,
    nodeName,
    clock,
    log,
  });
  const kubeletPort = await server.start();
  await manager.start();
  await usage.start();
  const registration = new Registration({
    client,
    clock,
    log,
    nodeName,
    hostIP: HOST_IP,
    kubeletPort,
    podCidr,
    capacity,
    version: process.versions.node,
  });
  await registration.start();
  images.watch(() => manager.imagesChanged());
  const onConfig = (object: KubeObject) => manager.configChanged(object.metadata?.namespace ?? '');
  const whenConfigured = { added: onConfig, updated: (_old: KubeObject, next: KubeObject) => onConfig(next) };
  const unsubscribe = [
    configMaps.subscribe(whenConfigured),
    secrets.subscribe(whenConfigured),
    claims.subscribe(whenConfigured),
    reclaimFolders(volumes, options.volumesFolder, log),
  ];

  let stopped: Promise<void> | undefined;
  const stop = async (keepPods: boolean) => {
    for (const end of unsubscribe) end();
    images.close();
    registration.stop();
    await usage.stop();
    await manager.stop({ keepPods });
    await events.flush();
    await server.stop();
  };
  return {
    nodeName,
    imagesPath,
    kubeletPort,
    stop: ({ keepPods = false } = {}) => {
      stopped ??= stop(keepPods);
      return stopped;
    },
  };
}

function isSimulated(pod: Pod): boolean {
  return pod.metadata?.annotations?.[SIMULATE_ANNOTATION] !== undefined;
}

const imagesOf = ({ spec }: Pod) =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ image = '' }) => image);

function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}

/** The Services of a namespace, and the API server's own, with the addresses where they can be reached. */
function serviceAddresses(
  informers: Informers,
  namespace: string,
  resolve: NodeOptions['resolve'],
): ServiceAddress[] {
  const services = informers.informer(Services);
  const apiServer = namespace === 'default' ? undefined : services.get('default', 'kubernetes');
  return [...services.list(namespace), ...(apiServer ? [apiServer] : [])].flatMap((service: Service) => {
    const host = service.spec?.clusterIP;
    if (!host || host === 'None') return [];
    const ports = service.spec?.ports ?? [];
    const real = ports.map(({ port }) => resolve?.(host, port) ?? { host, port });
    return [{ service, host: real[0]?.host ?? host, ports: real.map(({ port }) => port) }];
  });
}

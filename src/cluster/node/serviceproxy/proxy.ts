import type { Socket } from 'node:net';
import type { Service, ServicePort } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import type { Logger } from 'pino';
import { EndpointSlices, SERVICE_NAME_LABEL, Services } from '../../../api/index.ts';
import { type Informer, type Informers, keyOf, objectKey, splitKey, WorkQueue } from '../../../kube/index.ts';
import { Balancer } from './balancer.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { type Bound, Listener } from './listener.ts';
import { parseServiceName } from './names.ts';

export interface ServiceProxyOptions {
  informers: Informers;
  log: Logger;
}

export interface ServiceProxy {
  /**
   * Where a host and port of the cluster are really reached: names as `svc.ns.svc.cluster.local` and the Services'
   * addresses. Undefined: no Service has that name and port.
   */
  resolve(host: string, port: number): { host: string; port: number } | undefined;
  /** Where a Service's port is listened on. */
  addressOf(namespace: string, name: string, port: number): { host: string; port: number } | undefined;
  /** Closes all listeners and connections. */
  stop(): Promise<void>;
}

/** A port of a Service, listened on at its own address and perhaps at a node port. */
interface OpenPort {
  /** What it was opened for; another needs another listener. */
  wanted: string;
  listener: Listener;
  bound: Bound;
}

const BY_SERVICE = 'service';
const BY_ADDRESS = 'clusterIP';

/** What kube-proxy is on a real node: gives each Service with an address TCP listeners that pass connections to its pods. */
export async function startServiceProxy(options: ServiceProxyOptions): Promise<ServiceProxy> {
  const { informers } = options;
  const slices = informers.informer(EndpointSlices);
  slices.addIndex(BY_SERVICE, ({ metadata }) => [
    objectKey(metadata?.namespace, metadata?.labels?.[SERVICE_NAME_LABEL] ?? ''),
  ]);
  const services = informers.informer(Services);
  services.addIndex(BY_ADDRESS, ({ spec }) => (spec?.clusterIP ? [spec.clusterIP] : []));
  const proxy = new RunningProxy(services, slices, options.log.child({ component: 'service-proxy' }));
  await Promise.all([services.synced(), slices.synced()]);
  proxy.start();
  return proxy;
}

class RunningProxy implements ServiceProxy {
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #log: Logger;
  readonly #queue: WorkQueue;
  /** Open ports by Service, then by `<address>:<port>`. */
  readonly #open = new Map<string, Map<string, OpenPort>>();
  readonly #closing = new Set<Listener>();
  readonly #warned = new Set<string>();
  #unsubscribe: (() => void) | undefined;

  constructor(services: Informer<Service>, slices: Informer<EndpointSlice>, log: Logger) {
    this.#services = services;
    this.#slices = slices;
    this.#log = log;
    this.#queue = new WorkQueue({
      process: (key) => this.#sync(key),
      backoff: { baseMs: 50, maxMs: 5000 },
      onError: (key, error) => log.warn({ err: error, service: key }, 'cannot open the ports of a Service'),
    });
  }

  start(): void {
    const add = (service: Service) => this.#queue.add(keyOf(service));
    this.#unsubscribe = this.#services.subscribe({
      added: add,
      updated: (_old, next) => add(next),
      deleted: add,
    });
  }

  readonly resolve = (host: string, port: number): { host: string; port: number } | undefined => {
    const [byAddress] = this.#services.by(BY_ADDRESS, host);
    const name = byAddress ? undefined : parseServiceName(host);
    const service = byAddress ?? (name && this.#services.get(name.namespace, name.name));
    if (!service) return undefined;
    const { externalName, clusterIP, type } = service.spec ?? {};
    if (type === 'ExternalName' && externalName) return { host: externalName, port };
    if (clusterIP === 'None') return this.#endpoints(keyOf(service), undefined, port)[0];
    const { namespace = '', name: serviceName = '' } = service.metadata ?? {};
    return this.addressOf(namespace, serviceName, port);
  };

  readonly addressOf = (namespace: string, name: string, port: number) => {
    const clusterIP = this.#services.get(namespace, name)?.spec?.clusterIP;
    const bound = this.#open.get(objectKey(namespace, name))?.get(`${clusterIP}:${port}`)?.bound;
    return bound && { host: bound.host, port: bound.port };
  };

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    await this.#queue.stop();
    for (const ports of this.#open.values()) for (const { listener } of ports.values()) listener.destroy();
    for (const listener of this.#closing) listener.destroy();
    this.#open.clear();
    this.#closing.clear();
  }

  async #sync(key: string): Promise<void> {
    const { namespace, name } = splitKey(key);
    const service = this.#services.get(namespace, name);
    const wanted = service ? wantedPorts(service) : new Map<string, WantedPort>();
    const open = this.#open.get(key) ?? new Map<string, OpenPort>();
    this.#open.set(key, open);
    for (const [address, port] of open) {
      if (identity(wanted.get(address)) === port.wanted) continue;
      this.#close(port.listener);
      open.delete(address);
    }
    for (const [address, port] of wanted) {
      if (!open.has(address)) open.set(address, await this.#openPort(key, port));
    }
    if (open.size === 0) this.#open.delete(key);
  }

  /** Connections that are established go on; the listener is kept in mind until they have ended. */
  #close(listener: Listener): void {
    this.#closing.add(listener);
    void listener.close().then(() => this.#closing.delete(listener));
  }

  async #openPort(key: string, wanted: WantedPort): Promise<OpenPort> {
    const balancer = new Balancer();
    const listener = new Listener((client) => this.#candidates(key, wanted.port, balancer, client));
    const bound = await listener.listen(wanted.host, wanted.number, { elsewhere: !wanted.isNodePort });
    if (bound.instead) this.#tellInstead(key, wanted, bound);
    return { wanted: identity(wanted), listener, bound };
  }

  #candidates(key: string, port: ServicePort, balancer: Balancer, client: Socket): Endpoint[] {
    const { namespace, name } = splitKey(key);
    const sticky = this.#services.get(namespace, name)?.spec?.sessionAffinity === 'ClientIP';
    return balancer.order(this.#endpoints(key, port.name ?? ''), sticky ? client.remoteAddress : undefined);
  }

  /** By the port's name, or for a headless Service by its number. */
  #endpoints(key: string, portName: string | undefined, number?: number): Endpoint[] {
    const slices = this.#slices.by(BY_SERVICE, key);
    if (portName !== undefined) return endpointsOf(slices, portName);
    const { namespace, name } = splitKey(key);
    const ports = this.#services.get(namespace, name)?.spec?.ports ?? [];
    const port = ports.find((each) => each.port === number);
    return port ? endpointsOf(slices, port.name ?? '') : [];
  }

  #tellInstead(key: string, wanted: WantedPort, bound: Bound): void {
    const text = `Service ${key}: cannot listen on ${wanted.host}:${wanted.number} (${bound.instead}); use ${bound.host}:${bound.port} instead`;
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#log.warn({ service: key, port: wanted.number, listening: `${bound.host}:${bound.port}` }, text);
  }
}

interface WantedPort {
  host: string;
  number: number;
  isNodePort: boolean;
  port: ServicePort;
}

/** What a Service asks to be listened on, by `<address>:<port>`. TCP only. */
function wantedPorts({ spec }: Service): Map<string, WantedPort> {
  const wanted = new Map<string, WantedPort>();
  const { clusterIP, type = 'ClusterIP', ports = [] } = spec ?? {};
  if (!clusterIP || clusterIP === 'None' || type === 'ExternalName') return wanted;
  for (const port of ports) {
    if ((port.protocol ?? 'TCP') !== 'TCP') continue;
    wanted.set(`${clusterIP}:${port.port}`, { host: clusterIP, number: port.port, isNodePort: false, port });
    if (port.nodePort && type !== 'ClusterIP') {
      const host = '127.0.0.1';
      wanted.set(`${host}:${port.nodePort}`, { host, number: port.nodePort, isNodePort: true, port });
    }
  }
  return wanted;
}

const identity = (wanted: WantedPort | undefined) =>
  wanted ? JSON.stringify([wanted.host, wanted.number, wanted.port.name ?? '']) : '';

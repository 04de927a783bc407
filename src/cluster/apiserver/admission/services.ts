import type { Service, ServicePort, ServiceSpec } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../errors.ts';
import type { Store } from '../store/index.ts';
import { type AddressRange, contains, NODE_PORTS, pickAddress, pickNodePort } from './addresses.ts';

/** Gives Services their cluster IPs and node ports, each to one Service at a time. */
export class ServiceAddresses {
  readonly #store: Store;
  readonly #range: AddressRange;
  /** Address, or `port/<n>`, to the key of the Service that has it. */
  readonly #owners = new Map<string, string>();
  #position: number;

  constructor(store: Store, range: AddressRange) {
    this.#store = store;
    this.#range = range;
    const services = store.resource('/services');
    for (const { key, object } of services.list()) this.#claimAll(key, object as Service);
    this.#position = services.end;
    services.subscribe(() => this.#follow());
  }

  /**
   * The Service with what it needs by its type; what it had before is kept.
   * Refusals are returned as errors.
   */
  complete(key: string, service: Service, live?: Service): { service: Service; errors: FieldError[] } {
    const errors: FieldError[] = [];
    const spec: ServiceSpec = { ...service.spec };
    if (spec.type === 'ExternalName') {
      this.#completePorts(key, spec, live?.spec, errors);
      return { service: { ...service, spec: external(spec) }, errors };
    }
    this.#completeAddress(key, spec, live?.spec, errors);
    this.#completePorts(key, spec, live?.spec, errors);
    return { service: { ...service, spec }, errors };
  }

  /** Makes the claims of a Service those of its stored state; after a write that did not come to be. */
  settle(key: string): void {
    const stored = this.#store.latest(this.#store.resource('/services'), key);
    this.#release(key);
    if (stored) this.#claimAll(key, stored.object as Service);
  }

  #completeAddress(
    key: string,
    spec: Writable<ServiceSpec>,
    before: ServiceSpec | undefined,
    errors: FieldError[],
  ): void {
    const had = before?.type === 'ExternalName' ? undefined : before?.clusterIP;
    const clusterIP = spec.clusterIP || spec.clusterIPs?.[0] || had || this.#newAddress(errors);
    if (!clusterIP) return;
    // A changed address is refused by validation, which says so better.
    if (clusterIP !== 'None' && (!had || had === clusterIP)) {
      const problem = this.#problemOf(key, clusterIP);
      if (problem) {
        errors.push({
          type: 'FieldValueInvalid',
          field: 'spec.clusterIPs',
          value: [clusterIP],
          detail: problem,
        });
        return;
      }
      this.#owners.set(clusterIP, key);
    }
    Object.assign(spec, {
      clusterIP,
      clusterIPs: spec.clusterIPs?.length ? spec.clusterIPs : [clusterIP],
      ipFamilies: spec.ipFamilies?.length ? spec.ipFamilies : ['IPv4'],
      ipFamilyPolicy: spec.ipFamilyPolicy ?? 'SingleStack',
    });
  }

  #newAddress(errors: FieldError[]): string | undefined {
    const address = pickAddress(this.#range, (candidate) => this.#owners.has(candidate));
    if (!address) {
      errors.push({
        type: 'FieldValueInvalid',
        field: 'spec.clusterIPs',
        value: [],
        detail: 'failed to allocate an address: the range is full',
      });
    }
    return address;
  }

  #problemOf(key: string, address: string): string | undefined {
    const prefix = `failed to allocate IP ${address}: `;
    const owner = this.#owners.get(address);
    if (owner !== undefined && owner !== key) return `${prefix}provided IP is already allocated`;
    if (owner === undefined && !contains(this.#range, address)) {
      return `${prefix}the provided IP is not in the valid range`;
    }
    return undefined;
  }

  #completePorts(
    key: string,
    spec: Writable<ServiceSpec>,
    before: ServiceSpec | undefined,
    errors: FieldError[],
  ): void {
    if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') {
      // Left over from the type that the Service had.
      spec.ports = spec.ports?.map((port) => (isCarried(port, before) ? withoutNodePort(port) : port));
      return;
    }
    spec.ports = spec.ports?.map((port, i) => {
      const known = port.nodePort || samePort(port, before)?.nodePort;
      const isGiven = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;
      if (!known && !isGiven) return port;
      const nodePort = known || this.#newPort();
      const field = `spec.ports[${i}].nodePort`;
      const owner = this.#owners.get(`port/${nodePort}`);
      if (nodePort === undefined || nodePort < NODE_PORTS.first || nodePort > NODE_PORTS.last) {
        const detail = 'provided port is not in the valid range. The range of valid ports is 30000-32767';
        errors.push({ type: 'FieldValueInvalid', field, value: nodePort ?? 0, detail });
      } else if (owner !== undefined && owner !== key) {
        const detail = 'provided port is already allocated';
        errors.push({ type: 'FieldValueInvalid', field, value: nodePort, detail });
      } else {
        this.#owners.set(`port/${nodePort}`, key);
      }
      return { ...port, nodePort };
    });
    if (spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local') {
      spec.healthCheckNodePort ||= before?.healthCheckNodePort || this.#newPort();
      this.#owners.set(`port/${spec.healthCheckNodePort}`, key);
    }
  }

  #newPort(): number | undefined {
    return pickNodePort((port) => this.#owners.has(`port/${port}`));
  }

  #follow(): void {
    const services = this.#store.resource('/services');
    for (; this.#position < services.end; this.#position += 1) {
      const change = services.change(this.#position);
      if (change) this.settle(change.entry.key);
    }
  }

  #claimAll(key: string, { spec }: Service): void {
    const address = spec?.clusterIP;
    if (address && address !== 'None') this.#owners.set(address, key);
    for (const { nodePort } of spec?.ports ?? []) if (nodePort) this.#owners.set(`port/${nodePort}`, key);
    if (spec?.healthCheckNodePort) this.#owners.set(`port/${spec.healthCheckNodePort}`, key);
  }

  #release(key: string): void {
    for (const [address, owner] of this.#owners) if (owner === key) this.#owners.delete(address);
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const samePort = (port: ServicePort, before: ServiceSpec | undefined) =>
  before?.ports?.find(
    (other) => other.port === port.port && (other.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
  );

const isCarried = (port: ServicePort, before: ServiceSpec | undefined) =>
  port.nodePort !== undefined && samePort(port, before)?.nodePort === port.nodePort;

function withoutNodePort({ nodePort: _nodePort, ...port }: ServicePort): ServicePort {
  return port;
}

/** A name elsewhere has no address here. */
function external(spec: ServiceSpec): ServiceSpec {
  const {
    clusterIP: _clusterIP,
    clusterIPs: _clusterIPs,
    ipFamilies: _families,
    ipFamilyPolicy: _policy,
    internalTrafficPolicy: _internal,
    ...rest
  } = spec;
  return rest;
}

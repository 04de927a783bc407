import type { Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { type Endpoint, endpointsOf } from '../node/index.ts';
import { servicePort, type Upstream } from './table.ts';

/** Where requests to an upstream go: the endpoints of its Service; none when there is no such Service or port. */
export function upstreamEndpoints(
  upstream: Upstream,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Endpoint[] {
  const port = service && servicePort(service, upstream.port);
  return port ? endpointsOf(slices, port.name ?? '') : [];
}

/** Goes round the endpoints of each upstream; those that are no longer there are left out at once. */
export class RoundRobin {
  readonly #next = new Map<string, number>();

  /** All endpoints, the one whose turn it is first. */
  order(key: string, endpoints: readonly Endpoint[]): Endpoint[] {
    if (endpoints.length === 0) return [];
    const start = (this.#next.get(key) ?? 0) % endpoints.length;
    this.#next.set(key, start + 1);
    return [...endpoints.slice(start), ...endpoints.slice(0, start)];
  }
}

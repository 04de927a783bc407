import type { Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { servicePort, type Upstream } from './table.ts';

export interface Address {
  host: string;
  port: number;
}

/** The addresses that serve an upstream: the ready endpoints of its Service's EndpointSlices (TRF §13). */
export function readyAddresses(
  upstream: Upstream,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Address[] {
  const port = service && servicePort(service, upstream.port);
  const name = service?.spec?.ports?.find((candidate) => candidate.port === port)?.name ?? '';
  return slices.flatMap((slice) => {
    const number = slice.ports?.find((candidate) => (candidate.name ?? '') === name)?.port;
    if (port === undefined || number === undefined) return [];
    return (slice.endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready !== false)
      .flatMap((endpoint) => endpoint.addresses.map((host) => ({ host, port: number })));
  });
}

/** Goes round the addresses of each upstream; those that are no longer there are left out at once. */
export class RoundRobin {
  readonly #next = new Map<string, number>();

  /** All addresses, the one whose turn it is first. */
  order(key: string, addresses: readonly Address[]): Address[] {
    if (addresses.length === 0) return [];
    const start = (this.#next.get(key) ?? 0) % addresses.length;
    this.#next.set(key, start + 1);
    return [...addresses.slice(start), ...addresses.slice(0, start)];
  }
}

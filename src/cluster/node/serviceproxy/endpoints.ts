import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { bindablePort } from '../ports.ts';

export interface Endpoint {
  host: string;
  port: number;
}

/**
 * Where connections to a port of a Service go: the ready endpoints; when there are none, those that are ending but
 * still serve, as kube-proxy does it.
 * @param portName name of the Service's port; empty for the only one
 */
export function endpointsOf(slices: readonly EndpointSlice[], portName: string): Endpoint[] {
  const ready: Endpoint[] = [];
  const ending: Endpoint[] = [];
  for (const { endpoints, ports } of slices) {
    const port = ports?.find(({ name = '' }) => name === portName)?.port;
    if (port === undefined) continue;
    for (const { addresses, conditions = {} } of endpoints ?? []) {
      const list = conditions.ready !== false ? ready : ending;
      if (list === ending && !(conditions.serving && conditions.terminating)) continue;
      for (const host of addresses) list.push({ host, port: bindablePort(port) });
    }
  }
  return ready.length > 0 ? ready : ending;
}

import type { TrafficRouting } from '../api/index.ts';
import { nginx } from './nginx.ts';
import type { Router } from './router.ts';

/** Fields of `trafficRouting` that configure a router, in the order in which routers are served (TRF §10). */
const fields = [
  'istio',
  'nginx',
  'alb',
  'smi',
  'ambassador',
  'appMesh',
  'traefik',
  'apisix',
  'plugins',
] as const satisfies readonly (keyof TrafficRouting)[];
type RouterField = (typeof fields)[number];

/** The routers that there are. A new one is a file and a line here. */
const table: Partial<Record<RouterField, Router>> = { nginx };

/** The routers that a Rollout configures. */
export function routersFor(routing: TrafficRouting): Router[] {
  return fields.flatMap((field) => (routing[field] && table[field] ? [table[field]] : []));
}

/** Fields that configure a router which this version does not have. */
export function unsupportedRouters(routing: TrafficRouting): string[] {
  return fields.filter((field) => routing[field] && !table[field]);
}

/** Fields of the routers that this version has, for messages. */
export function supportedRouters(): string[] {
  return fields.filter((field) => table[field]);
}

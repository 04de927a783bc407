/**
 * Routers: turn a desired split of traffic into objects of ingress controllers and meshes (TRF). Pure; which split is
 * desired is decided in `rollouts/`.
 */
export { removeUnusedCanaryIngresses, routesToService, stableIngressNames } from './nginx.ts';
export type { Router, TrafficRequest, TrafficSplit } from './router.ts';
export { routersFor, supportedRouters, unsupportedRouters } from './routers.ts';

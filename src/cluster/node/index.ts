/**
 * The node agent of the embedded cluster: runs the pods that are assigned to this machine, tells the API how they do,
 * and gives Services an address. A client of the API server like any other; it decides nothing about how many pods
 * there are or where they run.
 */
export { DEFAULT_SANDBOX_IMAGE, type NodeOptions, type RunningNode, startNode } from './node.ts';
export { bindablePort } from './ports.ts';
export { killPodProcesses } from './runtime/process/leftovers.ts';
export { type Endpoint, endpointsOf } from './serviceproxy/endpoints.ts';
export { type ServiceProxy, type ServiceProxyOptions, startServiceProxy } from './serviceproxy/index.ts';

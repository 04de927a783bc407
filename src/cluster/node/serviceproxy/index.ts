/** The Services' addresses on this machine. */
export { type ServiceProxy, type ServiceProxyOptions, startServiceProxy } from './proxy.ts';

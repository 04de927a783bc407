/**
 * The embedded Kubernetes API server: REST, watch, discovery, validation, patches, server-side apply and custom
 * resources over a durable log. It stores and serves objects; what they mean is for controllers, which are clients.
 */
export type { User } from './access/users.ts';
export { PortInUseError } from './http/listen.ts';
export { discardState, StateLockedError, StateUnusableError } from './log/index.ts';
export { type ApiServer, type ApiServerOptions, startApiServer } from './server.ts';
export type { Compaction } from './store/index.ts';

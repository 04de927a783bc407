/**
 * The client's side of the Kubernetes API: connection, informers, work queue, events, leader election. It knows no
 * resource's rules.
 */
export { type ClientOptions, type ClosableClient, createClient } from './client.ts';
export {
  type Connection,
  type ConnectionOptions,
  directConnection,
  loadConnection,
  type TlsOptions,
} from './connection.ts';
export { applyEffect } from './effects.ts';
export { createEventRecorder, type EventRecorder, type EventRecorderOptions } from './events.ts';
export { fenced } from './fence.ts';
export type { Informer, InformerHandler, InformerOptions } from './informer.ts';
export { type InformerFailure, Informers, type InformersOptions } from './informers.ts';
export { checkLeaseTimes, type LeaseOptions, type LeaseTimes, runWithLease } from './leaderelection.ts';
export { collectionPath, objectPath } from './paths.ts';
export { keyOf, objectKey, splitKey } from './store.ts';
export * from './types.ts';
export { isOlderVersion, isStale } from './versions.ts';
export { WorkQueue, type WorkQueueOptions } from './workqueue.ts';

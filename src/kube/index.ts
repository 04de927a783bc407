/**
 * The client's side of the Kubernetes API: connection, informers, work queue, events, leader election. It knows no
 * resource's rules.
 */
export * from './types.ts';

/**
 * A model of a cluster on a virtual clock: hours of a rollout in milliseconds, always in the same order, with faults
 * where wanted. It runs the controller's real reconcilers, which it is given; it knows no rule of a Rollout and does no
 * I/O.
 */
export type { ModelCacheOptions } from './cache.ts';
export { ModelCluster, type ModelClusterOptions } from './cluster.ts';
export { type Fault, FaultInjector, type FaultKind, SimulatedCrash } from './faults.ts';
export {
  type ControllerEnvironment,
  type FailedPass,
  type RecordedEvent,
  type SimulatedReconciler,
  Simulation,
  type SimulationOptions,
} from './simulation.ts';
export { type Change, ModelStore } from './store.ts';
export type { ImageBehaviour } from './workloads.ts';

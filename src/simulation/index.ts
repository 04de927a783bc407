/**
 * A model of a cluster on a virtual clock: hours of a rollout in milliseconds, always in the same order, with faults
 * where wanted. It runs the controller's real reconcilers, which it is given; it knows no rule of a Rollout and does no
 * I/O.
 */
export type { ModelCacheOptions } from './cache.ts';
export { ModelCluster } from './cluster.ts';
export { type Fault, FaultInjector, type FaultKind } from './faults.ts';
export { type ControllerEnvironment, Simulation, type SimulationOptions } from './simulation.ts';
export { type Change, ModelStore } from './store.ts';

/**
 * The controller: observes through caches, lets the pure rooms decide, and acts on the API. It has no rule of its own
 * about what should happen to a Rollout.
 */
export { AnalysisReconciler, type AnalysisReconcilerOptions } from './analysis/reconciler.ts';
export type { ControllerOptions, LeaderElection } from './options.ts';
export type { PassResult, Reconciler, Watch } from './reconciler.ts';
export { observeRollout } from './rollouts/observe.ts';
export { RolloutReconciler, type RolloutReconcilerOptions } from './rollouts/reconciler.ts';
export { type Controller, startController } from './start.ts';

/**
 * The controller: observes through caches, lets the pure rooms decide, and acts on the API. It has no rule of its own
 * about what should happen to a Rollout.
 */
export { AnalysisReconciler } from './analysis/reconciler.ts';
export type { ControllerOptions } from './options.ts';
export { observeRollout } from './rollouts/observe.ts';
export { RolloutReconciler } from './rollouts/reconciler.ts';
export { startController } from './start.ts';

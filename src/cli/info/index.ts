/**
 * What is shown of Rollouts and Experiments, computed from the live objects. Pure: the command line and the dashboard
 * print the same.
 */

export { humanDuration } from './duration.ts';
export { type ExperimentObjects, experimentInfo } from './experiment.ts';
export { compare } from './meta.ts';
export { type ShownPhase, shownPhase } from './phase.ts';
export { type RolloutObjects, rolloutInfo, strategyOf } from './rollout.ts';
export type * from './types.ts';
export { setWeightOf, stepText } from './weights.ts';

/**
 * Analysis: which measurements are due, what they mean, when a run is over. Pure: measurements are taken by
 * `providers/`, which has a door of its own.
 */
export { validateMetrics } from './metrics/validate.ts';
export { assess, decideRun } from './runs/decide.ts';
export * from './runs/types.ts';
export { isSupportedMetadataPath } from './templates/field-path.ts';
export { buildRunSpec, resolveRunSpec } from './templates/resolve.ts';
export * from './templates/types.ts';
export { validateTemplatesFor } from './templates/validate.ts';

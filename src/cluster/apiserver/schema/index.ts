/**
 * What the API server does with an object by its schema: prune, default, validate. Pure: schemas come from the kinds
 * (built-in types, CRDs), and nothing here knows a kind by name.
 */
export { applyDefaults } from './defaults.ts';
export { validateFinalizerOwners, validateMetadata } from './metadata.ts';
export { prune } from './prune.ts';
export { compileCondition, type RequestContext } from './rules.ts';
export type { Schema } from './schema.ts';
export { validateSchema } from './validate.ts';

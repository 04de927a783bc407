/**
 * The vocabulary: resource schemas, types, labels, annotations, time, selectors, decisions. Everything else imports
 * it; it imports no other room and does no I/O.
 */
export * from './analysis.ts';
export { crds } from './crds.ts';
export * from './decision.ts';
export * from './experiment.ts';
export * from './keys.ts';
export * from './members.ts';
export * from './patch.ts';
export * from './quantity.ts';
export * from './resources.ts';
export * from './rollout.ts';
export * from './selectors.ts';
export * from './time.ts';

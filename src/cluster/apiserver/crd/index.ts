/**
 * Custom resources: what a CustomResourceDefinition must be like, and the kinds that it defines. Pure; registering them
 * is the server's.
 */
export type { CustomResourceDefinition } from './definition.ts';
export { kindsOfCrd } from './kinds-of.ts';
export { validateCrd } from './validate.ts';

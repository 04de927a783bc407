/**
 * Schemas of Kubernetes' built-in types, for the custom resources that embed them and for the embedded API server.
 * Facts only: what a field is, how lists merge; no defaults that an API server computes, no validation.
 */
export { builtinDefinitions, builtinKindSchema, builtinNames, builtinSchema } from './builtin.ts';
export type { Schema, ValidationRule } from './openapi.ts';

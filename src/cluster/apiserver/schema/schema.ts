/** The part of OpenAPI v3 that Kubernetes uses, with its extensions; what every kind of the API server is described by. */
export type { Schema, ValidationRule } from '../../../api/kubernetes/index.ts';

/** The part of OpenAPI v3 that Kubernetes uses, with its extensions. */
export interface Schema {
  type?: string;
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  default?: unknown;
  nullable?: boolean;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-validations'?: ValidationRule[];
  /** Built-in types only: the type's name in OpenAPI, e.g. `io.k8s.api.core.v1.Container`. */
  'x-kanari-type'?: string;
  /** Built-in types only: false and 0 mean the same as absent, and are left out when written. */
  'x-kanari-zero-is-absent'?: boolean;
  /** Built-in types only: text that is not of its format cannot be read at all, so it is of the wrong type. */
  'x-kanari-decoded'?: boolean;
  /** Built-in types only: empty text is not the same as absent. */
  'x-kanari-empty-is-kept'?: boolean;
  /** Built-in types only: written even when empty, so an object always has it. */
  'x-kanari-always-present'?: boolean;
  /** Built-in types only: no pointer, so without anything in it it is {} and not null. */
  'x-kanari-by-value'?: boolean;
}

/** A CEL rule of a CRD. */
export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

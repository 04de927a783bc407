import { builtinSchema, type Schema } from './kubernetes/index.ts';
import { BUILTIN_REF } from './schema.ts';

/** What of a schema goes into a CRD. Merge keys and the like of built-in types stay behind: see `structuralSchema`. */
const copied = [
  'type',
  'format',
  'description',
  'enum',
  'default',
  'nullable',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
] as const satisfies (keyof Schema)[];

/** Kept as they are sent: the API server of each cluster knows their fields best. */
const opaque: Record<string, Schema> = {
  volumes: {
    type: 'array',
    items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
  limits: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  requests: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

/** What of a pod template's metadata is kept (OPS §14); a name, for instance, is dropped. */
const templateMetadata: Schema = {
  type: 'object',
  properties: {
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

/**
 * A TypeBox schema as a structural schema: references to built-in types are replaced by their schemas. Lists of built-in
 * types carry no keys: a real Deployment takes two variables of one name, so a Rollout has to.
 */
export function structuralSchema(schema: Schema): Schema {
  const reference = (schema as Record<string, unknown>)[BUILTIN_REF];
  if (typeof reference !== 'string') return convert(schema, structuralSchema);
  return {
    ...convert(builtinSchema(reference), convertBuiltin),
    ...(schema.description && { description: schema.description }),
  };
}

function convertBuiltin(schema: Schema, field: string): Schema {
  if (field === 'metadata') return templateMetadata;
  const kept = opaque[field];
  if (kept) return kept;
  const { default: _default, ...result } = convert(schema, convertBuiltin);
  if (result.format === 'quantity') delete result.format;
  return result;
}

function convert(schema: Schema, inner: (child: Schema, field: string) => Schema): Schema {
  const result: Schema = {};
  for (const key of copied) if (schema[key] !== undefined) Object.assign(result, { [key]: schema[key] });
  if (schema.required && schema.required.length > 0) result.required = [...schema.required].sort();
  if (schema.properties) {
    const names = Object.keys(schema.properties).sort();
    result.properties = Object.fromEntries(
      names.map((name) => [name, inner(schema.properties?.[name] ?? {}, name)]),
    );
  }
  if (schema.items) result.items = inner(schema.items, '');
  if (typeof schema.additionalProperties === 'object') {
    result.additionalProperties = inner(schema.additionalProperties, '');
  }
  return result;
}

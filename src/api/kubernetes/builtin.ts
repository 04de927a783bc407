import type { Schema } from './openapi.ts';
import generated from './schemas.generated.json' with { type: 'json' };

/**
 * A built-in type as `schemas.generated.json` has it. A field's text is its type, then facts separated by `; `.
 * Types: `string`, `boolean`, `int32` …, the name of a definition, `[]` + type (list), `{}` + type (map).
 * Facts: `map keys`, `set`, `merge key`, `retainKeys`, `replace`, `atomic`, `default json`, and how Go holds the field:
 * `zeroIsAbsent`, `emptyIsKept`, `always`.
 */
interface Definition {
  atomic?: boolean;
  required?: string[];
  properties: Record<string, string>;
}

const definitions: Record<string, Definition | undefined> = generated;

const scalars: Record<string, Schema> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  number: { type: 'number' },
  double: { type: 'number', format: 'double' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  byte: { type: 'string', format: 'byte', 'x-kanari-decoded': true },
  'date-time': { type: 'string', format: 'date-time', 'x-kanari-decoded': true },
  'micro-time': { type: 'string', format: 'date-time-micro', 'x-kanari-decoded': true },
  quantity: { format: 'quantity', 'x-kubernetes-int-or-string': true, 'x-kanari-decoded': true },
  'int-or-string': { 'x-kubernetes-int-or-string': true },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
};

/** Resolves references to definitions; called once per definition, so recursive types become cyclic graphs. */
type Resolve = (name: string) => Schema;

function typeSchema(type: string, resolve: Resolve): Schema {
  if (type.startsWith('[]')) return { type: 'array', items: typeSchema(type.slice(2), resolve) };
  if (type.startsWith('{}'))
    return { type: 'object', additionalProperties: typeSchema(type.slice(2), resolve) };
  return scalars[type] ?? resolve(type);
}

function fieldSchema(text: string, resolve: Resolve): Schema {
  const [type = '', ...facts] = text.split('; ');
  const base = typeSchema(type, resolve);
  if (facts.length === 0) return base;
  const extensions: Schema = {};
  const strategies: string[] = [];
  for (const fact of facts) {
    const [name, value] = fact.split(/ (.*)/s);
    switch (name) {
      case 'map':
        extensions['x-kubernetes-list-type'] = 'map';
        extensions['x-kubernetes-list-map-keys'] = value?.split(',') ?? [];
        break;
      case 'set':
        extensions['x-kubernetes-list-type'] = 'set';
        break;
      case 'merge':
        strategies.push('merge');
        if (value) extensions['x-kubernetes-patch-merge-key'] = value;
        break;
      case 'retainKeys':
      case 'replace':
        strategies.push(name);
        break;
      case 'atomic':
        extensions['x-kubernetes-map-type'] = 'atomic';
        break;
      case 'zeroIsAbsent':
        extensions['x-kanari-zero-is-absent'] = true;
        break;
      case 'emptyIsKept':
        extensions['x-kanari-empty-is-kept'] = true;
        break;
      case 'always':
        extensions['x-kanari-always-present'] = true;
        extensions['x-kanari-by-value'] = true;
        break;
      case 'default':
        extensions.default = JSON.parse(value ?? 'null');
        break;
      default:
        throw new Error(`schemas.generated.json: unknown fact ${fact}`);
    }
  }
  if (strategies.length > 0) extensions['x-kubernetes-patch-strategy'] = strategies.join(',');
  return { ...base, ...extensions };
}

function fill(schema: Schema, name: string, definition: Definition, resolve: Resolve, strict: boolean): void {
  schema.type = 'object';
  schema['x-kanari-type'] = name;
  if (definition.atomic) schema['x-kubernetes-map-type'] = 'atomic';
  if (strict && definition.required) schema.required = definition.required;
  const properties: Record<string, Schema> = {};
  schema.properties = properties;
  for (const [field, text] of Object.entries(definition.properties)) {
    // A getter, so that a type is resolved when somebody looks into it, not when its neighbour is.
    Object.defineProperty(properties, field, {
      enumerable: true,
      configurable: true,
      get() {
        let value = fieldSchema(text, resolve);
        if (!strict) value = { ...value, nullable: true };
        if (!strict && definition.required?.includes(field)) value['x-kanari-always-present'] = true;
        Object.defineProperty(properties, field, { value, enumerable: true, configurable: true });
        return value;
      },
    });
  }
}

function catalogue(strict: boolean): Resolve {
  const resolved = new Map<string, Schema>();
  return function resolve(name) {
    const known = resolved.get(name);
    if (known) return known;
    const definition = definitions[name];
    if (!definition) throw new Error(`No schema of the built-in type ${name}`);
    const schema: Schema = {};
    resolved.set(name, schema);
    fill(schema, name, definition, resolve, strict);
    return schema;
  };
}

/**
 * The schema of a built-in type by its OpenAPI name, e.g. `io.k8s.api.core.v1.PodTemplateSpec`. Resolved as it is
 * looked into; recursive types (JSONSchemaProps) are cyclic. Shared: never change it.
 * @throws Error when there is no such type
 */
export const builtinSchema: Resolve = catalogue(true);

/**
 * The same as Kubernetes' own kinds read it: nothing is required (they check that by rules of their own, with texts of
 * their own, and fill in zero values), and null is the same as absent.
 */
export const builtinKindSchema: Resolve = catalogue(false);

/** One definition with `$ref`s to others, and the names of all that it reaches; for OpenAPI documents. */
export function builtinDefinitions(roots: readonly string[]): Record<string, Schema> {
  const result: Record<string, Schema> = {};
  const visit: Resolve = (name) => {
    const definition = definitions[name];
    if (definition && !result[name]) {
      const schema: Schema = {};
      result[name] = schema;
      fill(schema, name, definition, visit, true);
      // Evaluated at once, so that everything that is reached is in the result.
      schema.properties = { ...schema.properties };
    }
    return { $ref: `#/components/schemas/${name}` } as Schema;
  };
  for (const root of roots) visit(root);
  return result;
}

/** All names that `builtinSchema` knows. */
export const builtinNames: readonly string[] = Object.keys(definitions);

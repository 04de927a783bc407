import type { FieldError } from '../errors.ts';
import { forbidden, invalid, oneOf, required } from '../kinds/checks.ts';
import { validateSchema } from '../schema/index.ts';
import { compilePattern } from '../schema/patterns.ts';
import { onlyNames } from '../schema/root.ts';
import type { Schema } from '../schema/schema.ts';
import { checkRules } from './rules.ts';
import { checkTopology } from './topology.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** What keeps a schema from being structural: every part has one type, and the extensions fit together. */
export function validateStructure(schema: Schema, field: string): FieldError[] {
  const errors = [...checkNode(schema, field, 'root'), ...checkMetadata(schema, field)];
  if (schema.type !== undefined && schema.type !== 'object') {
    errors.push(invalid(`${field}.type`, schema.type, 'must be object at the root'));
  }
  return errors;
}

function checkMetadata({ properties }: Schema, field: string): FieldError[] {
  const metadata = properties?.metadata;
  if (!metadata?.properties || onlyNames(metadata)) return [];
  const detail =
    'must not specify anything other than name and generateName, but metadata is implicitly specified';
  return [forbidden(`${field}.properties[metadata]`, detail)];
}

type Place = 'root' | 'specified object fields' | 'specified array items' | 'object fields';

/** @param above field of the nearest list or map above whose old parts cannot be told from new ones */
function checkNode(schema: Schema, field: string, place: Place, above?: string): FieldError[] {
  const errors = checkKeywords(schema, field);
  const withinFields = above ?? (schema['x-kubernetes-map-type'] === 'atomic' ? field : undefined);
  const withinItems = above ?? (schema['x-kubernetes-list-type'] === 'map' ? undefined : field);
  const properties = Object.keys(schema.properties ?? {}).sort();
  for (const name of properties) {
    const child = schema.properties?.[name] ?? {};
    errors.push(...checkNode(child, `${field}.properties[${name}]`, 'specified object fields', withinFields));
  }
  const extra = schema.additionalProperties;
  if (typeof extra === 'object') {
    errors.push(...checkNode(extra, `${field}.additionalProperties`, 'object fields', above));
    if (properties.length > 0) {
      errors.push(
        forbidden(
          `${field}.additionalProperties`,
          'additionalProperties and properties are mutual exclusive',
        ),
      );
    }
  }
  if (schema.items)
    errors.push(...checkNode(schema.items, `${field}.items`, 'specified array items', withinItems));
  errors.push(...checkType(schema, field, place));
  errors.push(...checkExtensions(schema, field, above));
  errors.push(...checkDefault(schema, field));
  return errors;
}

function checkType(schema: Schema, field: string, place: Place): FieldError[] {
  const { type } = schema;
  if (schema['x-kubernetes-int-or-string']) {
    return type ? [forbidden(`${field}.type`, 'must be empty if x-kubernetes-int-or-string is true')] : [];
  }
  if (type) {
    const errors = oneOf(`${field}.type`, type, types);
    if (type === 'array' && !schema.items) errors.push(required(`${field}.items`, 'must be specified'));
    return errors;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] && place !== 'root') return [];
  return [
    required(
      `${field}.type`,
      place === 'root' ? 'must not be empty at the root' : `must not be empty for ${place}`,
    ),
  ];
}

function checkExtensions(schema: Schema, field: string, uncorrelatable: string | undefined): FieldError[] {
  const errors = checkTopology(schema, field);
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${field}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  if (schema['x-kubernetes-embedded-resource'] && schema.type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(invalid(`${field}.type`, schema.type ?? '', detail));
  }
  if (schema.uniqueItems) {
    errors.push(
      forbidden(
        `${field}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  return [...errors, ...checkPattern(schema, field), ...checkRules(schema, field, uncorrelatable)];
}

/** Keywords of JSON schema that CRDs do not have. */
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];

const checkKeywords = (schema: Schema, field: string) =>
  UNSUPPORTED.filter((keyword) => keyword in schema).map((keyword) =>
    forbidden(`${field}.${keyword}`, `${keyword} is not supported`),
  );

function checkPattern({ pattern }: Schema, field: string): FieldError[] {
  if (pattern === undefined) return [];
  try {
    compilePattern(pattern);
    return [];
  } catch (error) {
    return [
      invalid(
        `${field}.pattern`,
        pattern,
        `must be a valid regular expression, but isn't: ${(error as Error).message}`,
      ),
    ];
  }
}

/** A default must fit the schema that it belongs to. */
function checkDefault(schema: Schema, field: string): FieldError[] {
  if (schema.default === undefined) return [];
  const wrapper: Schema = { type: 'object', properties: { default: schema } };
  return validateSchema({ default: schema.default }, wrapper)
    .filter(({ field: at }) => at === 'default' || at.startsWith('default'))
    .map((error) => ({ ...error, field: `${field}.${error.field}` }));
}

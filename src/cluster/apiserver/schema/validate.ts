import { equal } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { correlated, elementKey } from './correlate.ts';
import { fieldSchema } from './fields.ts';
import { hasFormat } from './formats.ts';
import { childPath, isObject, type Json } from './json.ts';
import { matchesPattern } from './patterns.ts';
import { isQuantity } from './quantity.ts';
import { rootSchema } from './root.ts';
import { checkRules } from './rules.ts';
import type { Schema } from './schema.ts';

/**
 * What of the object does not fit its schema: types, required fields, ranges, formats, list keys, and the CEL rules of
 * `x-kubernetes-validations`. With `old`, transition rules are checked too. Fields that the schema does not know are no
 * errors (see `prune`). Rules are only evaluated on an object that otherwise fits. What is as it was in `old` is not held
 * against a write that leaves it alone, so that a schema can become stricter than the objects that there are.
 */
export function validateSchema(object: unknown, schema: Schema, old?: unknown): FieldError[] {
  const root = rootSchema(schema);
  const errors: FieldError[] = [];
  validateValue(object, root, '', errors, old);
  return errors.length > 0 ? errors : checkRules(object, root, old);
}

function validateValue(
  value: unknown,
  schema: Schema,
  path: string,
  errors: FieldError[],
  old?: unknown,
): void {
  if (value === undefined || (value === null && schema.nullable)) return;
  if (old !== undefined && equal(value, old)) return;
  if (!hasType(value, schema)) {
    errors.push(typeError(value, schema, path));
    return;
  }
  if (Array.isArray(value)) validateList(value, schema, path, errors, old);
  else if (isObject(value)) validateObject(value, schema, path, errors, old);
  else if (typeof value === 'string') validateText(value, schema, path, errors);
  else if (typeof value === 'number') validateNumber(value, schema, path, errors);
  validateEnum(value, schema, path, errors);
  validateCombinations(value, schema, path, errors);
}

const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  value,
  detail: `${field} in body ${detail}`,
});

/** The type of a JSON value in OpenAPI's words. */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function hasType(value: unknown, schema: Schema): boolean {
  const actual = typeName(value);
  if (schema['x-kubernetes-int-or-string']) {
    return (
      actual === 'integer' || actual === 'string' || (schema.format === 'quantity' && actual === 'number')
    );
  }
  if (!schema.type)
    return value !== null || schema['x-kubernetes-preserve-unknown-fields'] === true || !hasShape(schema);
  return actual === schema.type || (schema.type === 'number' && actual === 'integer');
}

const hasShape = (schema: Schema) => schema.properties !== undefined || schema.items !== undefined;

function typeError(value: unknown, schema: Schema, path: string): FieldError {
  const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : (schema.type ?? 'object');
  const actual = typeName(value);
  return {
    type: 'FieldValueTypeInvalid',
    field: path || '<nil>',
    value: actual,
    detail: `${path} in body must be of type ${wanted}: "${actual}"`,
  };
}

function validateObject(value: Json, schema: Schema, path: string, errors: FieldError[], old: unknown): void {
  for (const key of schema.required ?? []) {
    if (value[key] === undefined) {
      errors.push({ type: 'FieldValueRequired', field: childPath(path, key), detail: '' });
    }
  }
  const count = Object.keys(value).length;
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    errors.push(invalid(path, count, `should have at least ${schema.minProperties} properties`));
  }
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    errors.push({
      type: 'FieldValueTooMany',
      field: path,
      value: count,
      detail: `must have at most ${schema.maxProperties} items`,
    });
  }
  for (const [key, child] of Object.entries(value)) {
    const childSchema = fieldSchema(schema, key);
    const before = isObject(old) ? old[key] : undefined;
    if (childSchema) validateValue(child, childSchema, childPath(path, key), errors, before);
  }
}

function validateList(
  value: unknown[],
  schema: Schema,
  path: string,
  errors: FieldError[],
  old: unknown,
): void {
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    errors.push(invalid(path, value.length, `should have at least ${schema.minItems} items`));
  }
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    errors.push({
      type: 'FieldValueTooMany',
      field: path,
      value: value.length,
      detail: `must have at most ${schema.maxItems} items`,
    });
  }
  const { items } = schema;
  if (items) {
    for (const [i, item] of value.entries()) {
      validateValue(item, items, `${path}[${i}]`, errors, correlated(item, old, schema));
    }
  }
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    const key = elementKey(item, schema);
    if (key === undefined) continue;
    const text = JSON.stringify(key);
    if (seen.has(text)) {
      errors.push({ type: 'FieldValueDuplicate', field: `${path}[${i}]`, value: key, detail: '' });
    }
    seen.add(text);
  }
}

/** Only the first thing that is wrong with a text is told, as Kubernetes does. */
function validateText(value: string, schema: Schema, path: string, errors: FieldError[]): void {
  const { format, pattern, minLength, maxLength } = schema;
  const length = [...value].length;
  if (maxLength !== undefined && length > maxLength) {
    errors.push({
      type: 'FieldValueTooLong',
      field: path,
      value,
      detail: `may not be more than ${maxLength} bytes`,
    });
  } else if (minLength !== undefined && length < minLength) {
    errors.push(invalid(path, value, `should be at least ${minLength} chars long`));
  } else if (pattern !== undefined && !matches(value, pattern)) {
    errors.push(invalid(path, value, `should match '${pattern}'`));
  } else if (
    format !== undefined &&
    !(format === 'quantity' ? isQuantity(value) : hasFormat(value, format))
  ) {
    errors.push(formatError(value, schema, path));
  }
}

const quantityProblem =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function formatError(value: string, schema: Schema, path: string): FieldError {
  const error = invalid(path, value, `must be of type ${schema.format}: ${JSON.stringify(value)}`);
  return {
    ...error,
    ...(schema['x-kanari-decoded'] && { type: 'FieldValueTypeInvalid' }),
    ...(schema.format === 'quantity' && { detail: quantityProblem }),
  };
}

function matches(value: string, pattern: string): boolean {
  try {
    return matchesPattern(value, pattern);
  } catch {
    return true; // a pattern that is not one was refused with the CRD
  }
}

function validateNumber(value: number, schema: Schema, path: string, errors: FieldError[]): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(
      invalid(path, value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`),
    );
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(
      invalid(path, value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`),
    );
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) {
    errors.push(invalid(path, value, `should be a multiple of ${multipleOf}`));
  }
  if (format === 'int32' && (value < -(2 ** 31) || value >= 2 ** 31)) {
    errors.push(invalid(path, value, 'must be of type int32: out of range'));
  }
}

function validateEnum(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (!schema.enum || schema.enum.some((allowed) => JSON.stringify(allowed) === JSON.stringify(value)))
    return;
  const supported = schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ');
  errors.push({
    type: 'FieldValueNotSupported',
    field: path,
    value,
    detail: `supported values: ${supported}`,
  });
}

function validateCombinations(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  const fits = (candidate: Schema) => {
    const problems: FieldError[] = [];
    validateValue(value, candidate, path, problems);
    return problems.length === 0;
  };
  for (const part of schema.allOf ?? []) validateValue(value, part, path, errors);
  if (schema.anyOf && !schema['x-kubernetes-int-or-string'] && !schema.anyOf.some(fits)) {
    errors.push(invalid(path, value, 'must validate at least one schema (anyOf)'));
  }
  if (schema.oneOf && schema.oneOf.filter(fits).length !== 1) {
    errors.push(invalid(path, value, 'must validate one and only one schema (oneOf)'));
  }
  if (schema.not && fits(schema.not)) errors.push(invalid(path, value, 'must not validate the schema (not)'));
}

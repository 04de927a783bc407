import type { FieldError } from '../errors.ts';
import { forbidden, invalid, oneOf, required } from '../kinds/checks.ts';
import type { Schema } from '../schema/schema.ts';

/** What is wrong with how a part of a schema says that its elements or fields are merged. */
export function checkTopology(schema: Schema, field: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  const errors: FieldError[] = [
    ...isOf('array', 'x-kubernetes-list-type', schema, field),
    ...oneOf(`${field}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']),
    ...isOf('object', 'x-kubernetes-map-type', schema, field),
    ...oneOf(`${field}.x-kubernetes-map-type`, schema['x-kubernetes-map-type'], ['atomic', 'granular']),
  ];
  if (listType === 'map') errors.push(...checkMap(schema, field));
  else if (schema['x-kubernetes-list-map-keys']?.length) {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const at = `${field}.x-kubernetes-list-type`;
    errors.push(listType === undefined ? required(at, detail) : invalid(at, listType, detail));
  }
  if (listType === 'set' && schema.items) errors.push(...checkSetItems(schema.items, `${field}.items`));
  if ((listType === 'set' || listType === 'map') && schema.items?.nullable) {
    const detail = `cannot be nullable when x-kubernetes-list-type is ${listType}`;
    errors.push(forbidden(`${field}.items.nullable`, detail));
  }
  return errors;
}

function isOf(
  type: 'array' | 'object',
  extension: 'x-kubernetes-list-type' | 'x-kubernetes-map-type',
  schema: Schema,
  field: string,
): FieldError[] {
  if (schema[extension] === undefined || schema.type === type) return [];
  const detail = `must be ${type} if ${extension} is specified`;
  return [schema.type ? invalid(`${field}.type`, schema.type, detail) : required(`${field}.type`, detail)];
}

function checkMap({ items, ...schema }: Schema, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keysField = `${field}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) {
    errors.push(required(keysField, 'must not be empty if x-kubernetes-list-type is map'));
  }
  if (!items) {
    return [...errors, required(`${field}.items`, 'must have a schema if x-kubernetes-list-type is map')];
  }
  if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalid(`${field}.items.type`, items.type ?? '', detail)];
  }
  for (const [i, key] of keys.entries()) {
    const property = items.properties?.[key];
    if (property) errors.push(...checkKey(property, items, key, `${field}.items.properties[${key}]`));
    else errors.push(invalid(keysField, keys, 'entries must all be names of item properties'));
    if (keys.indexOf(key) < i) errors.push(invalid(keysField, keys, 'must not contain duplicate entries'));
  }
  return errors;
}

function checkKey(property: Schema, items: Schema, key: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (property.type === 'array' || property.type === 'object') {
    const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
    errors.push(invalid(`${field}.type`, property.type, detail));
  }
  const isKey = 'this property is in x-kubernetes-list-map-keys, so it';
  if (property.default === undefined && !items.required?.includes(key)) {
    errors.push(required(`${field}.default`, `${isKey} must have a default or be a required property`));
  }
  if (property.nullable) errors.push(forbidden(`${field}.nullable`, `${isKey} cannot be nullable`));
  return errors;
}

/** Members of a set are told apart as a whole, so they are merged as a whole. */
function checkSetItems(items: Schema, field: string): FieldError[] {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items['x-kubernetes-list-type'];
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic') {
    return [invalid(`${field}.x-kubernetes-list-type`, listType, detail)];
  }
  const mapType = items['x-kubernetes-map-type'];
  if (items.type === 'object' && mapType !== 'atomic') {
    return [invalid(`${field}.x-kubernetes-map-type`, mapType ?? '', detail)];
  }
  return [];
}

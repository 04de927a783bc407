import { bytesField, doubleField, intField } from '../protobuf/index.ts';

/** What version 2 of OpenAPI has of a schema; the rest of ours has no place in it. */
interface SchemaV2 {
  $ref?: string;
  properties?: Record<string, SchemaV2>;
  additionalProperties?: SchemaV2 | boolean;
  items?: SchemaV2;
  allOf?: SchemaV2[];
  type?: string;
  required?: string[];
  default?: unknown;
  enum?: unknown[];
}

/** The part of an OpenAPI v2 document that is encoded. */
export interface DocumentV2 {
  swagger: string;
  info: { title: string; version: string };
  paths: object;
  definitions: Record<string, SchemaV2>;
}

/** The only encoding in which kubectl takes version 2. */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** Encodes the definitions of an OpenAPI v2 document as gnostic's `openapi.v2.Document`. */
export function encodeOpenApiV2({ swagger, info, definitions }: DocumentV2): Buffer {
  return Buffer.concat([
    bytesField(1, swagger),
    bytesField(2, Buffer.concat([bytesField(1, info.title), bytesField(2, info.version)])),
    bytesField(8, ''),
    bytesField(9, namedSchemas(definitions)),
  ]);
}

const namedSchemas = (schemas: Record<string, SchemaV2>) =>
  Buffer.concat(
    Object.entries(schemas).map(([name, schema]) =>
      bytesField(1, Buffer.concat([bytesField(1, name), bytesField(2, schemaMessage(schema))])),
    ),
  );

const TEXTS = { $ref: 1, format: 2, title: 3, description: 4, pattern: 13 };
const DOUBLES = { multipleOf: 6, maximum: 7, minimum: 9 };
const INTEGERS = {
  exclusiveMaximum: 8,
  exclusiveMinimum: 10,
  maxLength: 11,
  minLength: 12,
  maxItems: 14,
  minItems: 15,
  uniqueItems: 16,
  maxProperties: 17,
  minProperties: 18,
};

function schemaMessage(schema: SchemaV2): Buffer {
  const values = schema as Record<string, unknown>;
  const fields: Buffer[] = [];
  for (const [name, number] of present(values, TEXTS)) fields.push(bytesField(number, String(values[name])));
  if (schema.default !== undefined) fields.push(bytesField(5, anyMessage(schema.default)));
  for (const [name, number] of present(values, DOUBLES))
    fields.push(doubleField(number, Number(values[name])));
  for (const [name, number] of present(values, INTEGERS)) fields.push(intField(number, Number(values[name])));
  for (const name of schema.required ?? []) fields.push(bytesField(19, name));
  for (const value of schema.enum ?? []) fields.push(bytesField(20, anyMessage(value)));
  const { additionalProperties: additional, items, allOf = [], properties, type } = schema;
  if (typeof additional === 'boolean') fields.push(bytesField(21, intField(2, additional ? 1 : 0)));
  else if (additional) fields.push(bytesField(21, bytesField(1, schemaMessage(additional))));
  if (type) fields.push(bytesField(22, bytesField(1, type)));
  if (items) fields.push(bytesField(23, bytesField(1, schemaMessage(items))));
  for (const part of allOf) fields.push(bytesField(24, schemaMessage(part)));
  if (properties) fields.push(bytesField(25, namedSchemas(properties)));
  for (const [name, value] of Object.entries(values)) {
    if (!name.startsWith('x-')) continue;
    fields.push(bytesField(31, Buffer.concat([bytesField(1, name), bytesField(2, anyMessage(value))])));
  }
  return Buffer.concat(fields);
}

const present = (values: Record<string, unknown>, numbers: Record<string, number>) =>
  Object.entries(numbers).filter(([name]) => values[name] !== undefined);

/** A value of any type, as YAML; JSON is YAML. */
const anyMessage = (value: unknown) => bytesField(2, JSON.stringify(value));

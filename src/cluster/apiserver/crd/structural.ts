import type { FieldError } from '../errors.ts';
import { forbidden, invalid, oneOf, required } from '../kinds/checks.ts';
import { validateSchema } from '../schema/index.ts';
import { compilePattern } from '../schema/patterns.ts';
import { ruleProblem } from '../schema/rules.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** What keeps a schema from being structural: every part has one type, and the extensions fit together. */
export function validateStructure(schema: Schema, field: string): FieldError[] {
  const errors = checkNode(schema, field, 'root');
  if (schema.type !== undefined && schema.type !== 'object') {
    errors.push(invalid(`${field}.type`, schema.type, 'must be object at the root'));
  }
  return errors;
}

type Place = 'root' | 'specified object fields' | 'specified array items' | 'object fields';

function checkNode(schema: Schema, field: string, place: Place): FieldError[] {
  const errors: FieldError[] = [];
  const properties = Object.keys(schema.properties ?? {}).sort();
  for (const name of properties) {
    const child = schema.properties?.[name] ?? {};
    errors.push(...checkNode(child, `${field}.properties[${name}]`, 'specified object fields'));
  }
  const extra = schema.additionalProperties;
  if (typeof extra === 'object') {
    errors.push(...checkNode(extra, `${field}.additionalProperties`, 'object fields'));
    if (properties.length > 0) {
      errors.push(
        forbidden(
          `${field}.additionalProperties`,
          'additionalProperties and properties are mutual exclusive',
        ),
      );
    }
  }
  if (schema.items) errors.push(...checkNode(schema.items, `${field}.items`, 'specified array items'));
  errors.push(...checkType(schema, field, place));
  errors.push(...checkExtensions(schema, field));
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

function checkExtensions(schema: Schema, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  if (listType && schema.type !== 'array') {
    errors.push(
      invalid(`${field}.type`, schema.type ?? '', 'must be array if x-kubernetes-list-type is specified'),
    );
  }
  errors.push(...oneOf(`${field}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  if (listType === 'map') {
    if (!keys?.length) {
      const detail = 'must not be empty if x-kubernetes-list-type is map';
      errors.push(required(`${field}.x-kubernetes-list-map-keys`, detail));
    }
    for (const key of keys ?? []) {
      const item = schema.items?.properties?.[key];
      const at = `${field}.items.properties[${key}].default`;
      if (!item) {
        const detail = 'entries must all be names of item properties';
        errors.push(invalid(`${field}.x-kubernetes-list-map-keys`, key, detail));
      } else if (item.default === undefined && !schema.items?.required?.includes(key)) {
        errors.push(
          required(
            at,
            'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
          ),
        );
      }
    }
  } else if (keys?.length) {
    errors.push(
      forbidden(`${field}.x-kubernetes-list-map-keys`, 'must be empty if x-kubernetes-list-type is not map'),
    );
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
  errors.push(...checkPattern(schema, field));
  for (const [i, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    errors.push(...checkRule(rule, `${field}.x-kubernetes-validations[${i}]`));
  }
  return errors;
}

const REASONS = ['FieldValueRequired', 'FieldValueInvalid', 'FieldValueForbidden', 'FieldValueDuplicate'];

function checkRule(rule: ValidationRule, field: string): FieldError[] {
  const { rule: expression = '', message, messageExpression, optionalOldSelf } = rule;
  if (expression.trim() === '') return [required(`${field}.rule`, 'rule is not specified')];
  const errors: FieldError[] = [];
  if (message !== undefined && message.trim() === '') {
    errors.push(invalid(`${field}.message`, message, 'message must be non-empty if specified'));
  } else if (message?.includes('\n')) {
    errors.push(invalid(`${field}.message`, message, 'message must not contain line breaks'));
  } else if (expression.includes('\n') && message === undefined) {
    errors.push(required(`${field}.message`, 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression !== undefined && messageExpression.trim() === '') {
    errors.push(required(`${field}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  errors.push(...oneOf(`${field}.reason`, rule.reason, REASONS));
  const problem = ruleProblem(expression, optionalOldSelf);
  if (problem) errors.push(invalid(`${field}.rule`, expression, `compilation failed: ${problem}`));
  const messageProblem = messageExpression?.trim() && ruleProblem(messageExpression, optionalOldSelf);
  if (messageProblem) {
    const detail = `messageExpression compilation failed: ${messageProblem}`;
    errors.push(invalid(`${field}.messageExpression`, messageExpression, detail));
  }
  if (optionalOldSelf !== undefined && !/\boldSelf\b/.test(expression)) {
    const detail = 'may not be set if oldSelf is not used in rule';
    errors.push(invalid(`${field}.optionalOldSelf`, optionalOldSelf, detail));
  }
  return errors;
}

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

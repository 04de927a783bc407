import type { FieldError } from '../errors.ts';
import { invalid, oneOf, required } from '../kinds/checks.ts';
import { fieldSchema } from '../schema/fields.ts';
import { ruleProblem } from '../schema/rules.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';

const REASONS = ['FieldValueRequired', 'FieldValueInvalid', 'FieldValueForbidden', 'FieldValueDuplicate'];

/**
 * What is wrong with the CEL rules of a part of a schema.
 * @param uncorrelatable field of the list or map above, the old parts of which cannot be told; undefined where they can
 */
export function checkRules(schema: Schema, field: string, uncorrelatable: string | undefined): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) =>
    checkRule(rule, schema, `${field}.x-kubernetes-validations[${i}]`, uncorrelatable),
  );
}

function checkRule(
  rule: ValidationRule,
  schema: Schema,
  field: string,
  uncorrelatable: string | undefined,
): FieldError[] {
  const { rule: expression = '', messageExpression, optionalOldSelf } = rule;
  const errors = [
    ...checkTexts(rule, field),
    ...checkFieldPath(rule.fieldPath, schema, `${field}.fieldPath`),
  ];
  if (expression.trim() === '') return errors;
  const problem = ruleProblem(expression, optionalOldSelf);
  if (problem) errors.push(invalid(`${field}.rule`, expression, `compilation failed: ${problem}`));
  const messageProblem = messageExpression?.trim() && ruleProblem(messageExpression, optionalOldSelf);
  if (messageProblem) {
    const detail = `messageExpression compilation failed: ${messageProblem}`;
    errors.push(invalid(`${field}.messageExpression`, messageExpression, detail));
  }
  const usesOldSelf = /\boldSelf\b/.test(expression);
  if (usesOldSelf && uncorrelatable !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
    errors.push(invalid(`${field}.rule`, expression, detail));
  }
  if (optionalOldSelf !== undefined && !usesOldSelf) {
    const detail = 'may not be set if oldSelf is not used in rule';
    errors.push(invalid(`${field}.optionalOldSelf`, optionalOldSelf, detail));
  }
  return errors;
}

function checkTexts({ rule = '', message, messageExpression, reason }: ValidationRule, field: string) {
  const errors: FieldError[] = [];
  if (rule.trim() === '') errors.push(required(`${field}.rule`, 'rule is not specified'));
  else if (message && message.trim() === '') {
    errors.push(invalid(`${field}.message`, message, 'message must be non-empty if specified'));
  } else if (message && hasLineBreak(message.trim())) {
    errors.push(invalid(`${field}.message`, message, 'message must not contain line breaks'));
  } else if (hasLineBreak(rule.trim()) && !message) {
    errors.push(required(`${field}.message`, 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression && messageExpression.trim() === '') {
    errors.push(required(`${field}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  errors.push(...oneOf(`${field}.reason`, reason, REASONS));
  return errors;
}

const hasLineBreak = (text: string) => /[\n\r]/.test(text);

function checkFieldPath(path: string | undefined, schema: Schema, field: string): FieldError[] {
  if (!path) return [];
  const errors: FieldError[] = [];
  if (path.trim() === '') errors.push(invalid(field, path, 'fieldPath must be non-empty if specified'));
  if (hasLineBreak(path)) errors.push(invalid(field, path, 'fieldPath must not contain line breaks'));
  if (!leadsToField(path, schema)) errors.push(invalid(field, path, 'fieldPath must be a valid path'));
  return errors;
}

const STEP = /\.([A-Za-z_]\w*)|\['((?:[^'\\]|\\.)+)'\]/y;

/** Whether a path such as `.spec['x.y']` is one of fields that the schema has; elements of lists have no such path. */
function leadsToField(path: string, root: Schema): boolean {
  let schema: Schema | undefined = root;
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    const name = match?.[1] ?? match?.[2]?.replace(/\\(.)/g, '$1');
    if (name === undefined) return false;
    schema = fieldSchema(schema, name);
    if (!schema) return false;
  }
  return true;
}

import { Environment } from '@marcbachmann/cel-js';
import type { FieldError } from '../errors.ts';
import { correlated } from './correlate.ts';
import { childPath, isObject } from './json.ts';
import type { Schema, ValidationRule } from './schema.ts';

/** CEL rules of CRDs (`x-kubernetes-validations`), evaluated by a CEL library. */

const environment = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
})
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'dyn');

type Program = ReturnType<Environment['parse']>;
const programs = new Map<string, Program | Error>();

function compile(expression: string): Program | Error {
  let program = programs.get(expression);
  if (!program) {
    try {
      program = environment.parse(expression);
      const checked = program.check();
      if (!checked.valid) program = checked.error ?? new Error('does not compile');
    } catch (error) {
      program = error as Error;
    }
    programs.set(expression, program);
  }
  return program;
}

/** What is wrong with a rule's expression; undefined when it compiles. */
export function ruleProblem(expression: string): string | undefined {
  const program = compile(expression);
  return program instanceof Error ? firstLine(program.message) : undefined;
}

/** The rules that the object breaks. Rules about `oldSelf` are only checked where there is an old value. */
export function checkRules(object: unknown, schema: Schema, old: unknown): FieldError[] {
  const errors: FieldError[] = [];
  visit(object, old, schema, '', errors);
  return errors;
}

const withRules = new WeakMap<Schema, boolean>();

/** Whether there is a rule at or below the schema; without one a branch is not walked. */
function hasRules(schema: Schema): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  withRules.set(schema, false); // a recursive type adds nothing to itself
  const children = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ];
  const answer = (schema['x-kubernetes-validations']?.length ?? 0) > 0 || children.some(hasRules);
  withRules.set(schema, answer);
  return answer;
}

function visit(value: unknown, old: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (value === undefined || value === null || !hasRules(schema)) return;
  for (const rule of schema['x-kubernetes-validations'] ?? []) {
    const error = check(rule, value, old, schema, path);
    if (error) errors.push(error);
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return;
    for (const [i, item] of value.entries()) {
      visit(item, correlated(item, old, schema), items, `${path}[${i}]`, errors);
    }
  } else if (isObject(value)) {
    for (const [key, child] of Object.entries(value)) {
      const childSchema =
        schema.properties?.[key] ??
        (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
      const before = isObject(old) ? old[key] : undefined;
      if (childSchema) visit(child, before, childSchema, childPath(path, key), errors);
    }
  }
}

function check(
  rule: ValidationRule,
  value: unknown,
  old: unknown,
  schema: Schema,
  path: string,
): FieldError | undefined {
  const isTransition = /\boldSelf\b/.test(rule.rule);
  if (isTransition && old === undefined) return undefined;
  const program = compile(rule.rule);
  const context = { self: toCel(value, schema), oldSelf: old === undefined ? null : toCel(old, schema) };
  let problem: string | undefined;
  if (program instanceof Error) problem = `rule compile error: ${firstLine(program.message)}: ${rule.rule}`;
  else {
    try {
      if (program(context) !== true) problem = messageOf(rule, context);
    } catch (error) {
      problem = `rule evaluation error: ${firstLine((error as Error).message)}: ${rule.rule}`;
    }
  }
  if (problem === undefined) return undefined;
  return {
    type: reasons.get(rule.reason ?? '') ?? 'FieldValueInvalid',
    field: (rule.fieldPath ? `${path}${rule.fieldPath}` : path).replace(/^\./, '') || '<nil>',
    value: schema.type ?? 'object',
    detail: problem,
  };
}

const reasons = new Map<string, FieldError['type']>(
  (['FieldValueRequired', 'FieldValueInvalid', 'FieldValueForbidden', 'FieldValueDuplicate'] as const).map(
    (reason) => [reason, reason],
  ),
);

function messageOf(rule: ValidationRule, context: Record<string, unknown>): string {
  if (rule.messageExpression) {
    const program = compile(rule.messageExpression);
    if (!(program instanceof Error)) {
      try {
        const message = program(context);
        if (typeof message === 'string' && message.trim() !== '') return message;
      } catch {
        // an expression that fails gives way to the plain message
      }
    }
  }
  return rule.message ?? `failed rule: ${rule.rule}`;
}

const firstLine = (text: string) => text.split('\n')[0] ?? text;

/** CEL tells integers from doubles, JSON does not: the schema decides, and where it says nothing, the value. */
function toCel(value: unknown, schema: Schema | undefined): unknown {
  if (typeof value === 'number') {
    return schema?.type !== 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema?.items));
  if (!isObject(value)) return value;
  const extra = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const known = schema?.properties?.[key];
    result[known ? escapeName(key) : key] = toCel(child, known ?? extra);
  }
  return result;
}

const celKeywords = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** A field's name as CEL can write it, by Kubernetes' rules: `x-y` is `x__dash__y`. */
function escapeName(name: string): string {
  if (celKeywords.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return name;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

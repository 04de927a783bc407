import { Optional } from '@marcbachmann/cel-js';
import { equal } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { bounded, TimeBoundError } from './cel/bounded.ts';
import { compile, compileForRequest, durationOf } from './cel/index.ts';
import { correlated } from './correlate.ts';
import { fieldSchema, hasProperty } from './fields.ts';
import { childPath, isObject } from './json.ts';
import type { Schema, ValidationRule } from './schema.ts';

/** CEL rules of CRDs (`x-kubernetes-validations`). */

/** What expressions of admission see of a request. */
export interface RequestContext {
  object: unknown;
  oldObject: unknown;
  request: unknown;
  /** For policies alone. */
  params?: unknown;
  namespaceObject?: unknown;
  /** Named expressions; each is worked out when it is asked for. */
  variables?: object;
}

/**
 * An expression about a request.
 * @throws Error when it does not compile; what is returned throws one when it cannot be judged
 */
export function compileCondition(expression: string): (context: RequestContext) => unknown {
  const program = compileForRequest(expression);
  return ({ object, oldObject, request, params, namespaceObject, variables = {} }) =>
    bounded(
      () =>
        program({
          object: toCel(object ?? null, undefined),
          oldObject: toCel(oldObject ?? null, undefined),
          request: toCel(request, undefined),
          params: toCel(params ?? null, undefined),
          namespaceObject: toCel(namespaceObject ?? null, undefined),
          variables,
        }),
      BOUND_MS,
    );
}

/** What is wrong with a rule's expression; undefined when it compiles. */
export function ruleProblem(expression: string, optionalOldSelf?: boolean): string | undefined {
  const program = compile(expression, optionalOldSelf);
  return program instanceof Error ? firstLine(program.message) : undefined;
}

/** How long the rules of one object may take. */
const BOUND_MS = 1000;

/**
 * The rules that the object breaks. Rules about `oldSelf` are only checked where there is an old value, but for those
 * with `optionalOldSelf`. Rules that take too long are broken off, which refuses the object.
 * @param boundMs how long they may take together
 */
export function checkRules(object: unknown, schema: Schema, old: unknown, boundMs = BOUND_MS): FieldError[] {
  const errors: FieldError[] = [];
  const check = () => visit(object, old, schema, '', errors);
  try {
    // Watching the time takes longer than most rules do.
    if (effortOf(schema) < 2) check();
    else bounded(check, boundMs);
  } catch (error) {
    if (!(error instanceof TimeBoundError)) throw error;
    errors.push({
      type: 'FieldValueInvalid',
      field: '<nil>',
      value: schema.type ?? 'object',
      detail: 'validation failed due to running out of cost budget, no further validation rules will be run',
    });
  }
  return errors;
}

/** Nothing to check; rules that take time in proportion to the object; rules with loops in loops. */
type Effort = 0 | 1 | 2;

const efforts = new WeakMap<Schema, Effort>();

/** What the rules at and below the schema ask for; a branch without any is not walked. */
function effortOf(schema: Schema): Effort {
  const known = efforts.get(schema);
  if (known !== undefined) return known;
  efforts.set(schema, 0); // a recursive type adds nothing to itself
  const children = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ];
  const own = (schema['x-kubernetes-validations'] ?? []).map(effortOfRule);
  const answer = Math.max(0, ...own, ...children.map(effortOf)) as Effort;
  efforts.set(schema, answer);
  return answer;
}

const LOOP = /\.(?:all|exists|exists_one|existsOne|map|filter)\s*\(|\bin\b/g;
const LOOPS = /\bsets\.|\.distinct\s*\(/;

function effortOfRule({ rule = '', messageExpression = '' }: ValidationRule): Effort {
  const text = `${rule} ${messageExpression}`;
  return LOOPS.test(text) || (text.match(LOOP)?.length ?? 0) > 1 ? 2 : 1;
}

function visit(value: unknown, old: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (value === undefined || value === null || effortOf(schema) === 0) return;
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
      const childSchema = fieldSchema(schema, key);
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
  if (isTransition && old === undefined && !rule.optionalOldSelf) return undefined;
  // A rule of what is now is not held against a write that leaves it as it was.
  if (!isTransition && old !== undefined && equal(value, old)) return undefined;
  const program = compile(rule.rule, rule.optionalOldSelf);
  const context = { self: toCel(value, schema), oldSelf: oldToCel(rule, old, schema) };
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

function oldToCel({ optionalOldSelf }: ValidationRule, old: unknown, schema: Schema): unknown {
  const before = old === undefined ? undefined : toCel(old, schema);
  if (!optionalOldSelf) return before ?? null;
  return before === undefined ? Optional.none() : Optional.of(before);
}

const reasons = new Map<string, FieldError['type']>(
  (['FieldValueRequired', 'FieldValueInvalid', 'FieldValueForbidden', 'FieldValueDuplicate'] as const).map(
    (reason) => [reason, reason],
  ),
);

function messageOf(rule: ValidationRule, context: Record<string, unknown>): string {
  if (rule.messageExpression) {
    const program = compile(rule.messageExpression, rule.optionalOldSelf);
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
  if (typeof value === 'string') return textToCel(value, schema?.format);
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema?.items));
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    result[hasProperty(schema, key) ? escapeName(key) : key] = toCel(child, fieldSchema(schema, key));
  }
  return result;
}

/** Times and durations are values of their own; what cannot be read stays text, and is refused by its format. */
function textToCel(value: string, format: string | undefined): unknown {
  if (format === 'duration') {
    try {
      return durationOf(value);
    } catch {
      return value;
    }
  }
  if (format !== 'date-time' && format !== 'date') return value;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? value : time;
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

/**
 * The language of conditions: expr-lang as Argo Rollouts uses it (ANA §5). Source → tokens → tree → static check →
 * value. Expressions are data: nothing is ever run as JavaScript.
 */
import type { Instant } from '../../api/index.ts';
import { conditionEnvironment, timeEnvironment } from './builtins/index.ts';
import { check } from './checker.ts';
import { ExpressionError } from './error.ts';
import { evaluateNode } from './evaluator.ts';
import { parse } from './parser.ts';
import { TimeValue } from './time.ts';
import { ANY_LIST, ANY_MAP, BOOL, FLOAT, nameOf, STRING, type Type, UNKNOWN } from './types.ts';
import { isList, isMap, typeName, type Value } from './values.ts';

export { ExpressionError } from './error.ts';
export { FLOAT, listOf, STRING, type Type } from './types.ts';
export { formatFloat, type Value } from './values.ts';

/** What a condition is about. */
export interface ConditionInput {
  /** JSON as the provider gave it: numbers are floats. */
  result: Value;
  /** What is known of it beforehand; by default what its outermost level shows. */
  resultType?: Type;
  /** For `now()`. */
  now: Instant;
}

/**
 * Whether a condition holds.
 * @throws ExpressionError when it cannot be read, does not fit the result, or is no condition
 */
export function evaluate(expression: string, { result, resultType, now }: ConditionInput): boolean {
  const root = parse(expression);
  const type = check(root, expression, {
    variables: new Map([['result', result === null ? UNKNOWN : (resultType ?? outerType(result))]]),
    functions: conditionEnvironment,
  });
  if (type.kind !== 'bool' && type.kind !== 'unknown') {
    throw new ExpressionError(`expected bool, but got ${nameOf(type)}`, expression);
  }
  const value = evaluateNode(root, expression, {
    variables: new Map([['result', result]]),
    functions: conditionEnvironment,
    now,
  });
  if (typeof value === 'boolean') return value;
  throw new ExpressionError(`expected bool, but got ${typeName(value)}`, expression);
}

/**
 * The instant that an expression such as `now() - duration("1h")` gives.
 * @throws ExpressionError
 */
export function evaluateTime(expression: string, now: Instant): Instant {
  const root = parse(expression);
  const type = check(root, expression, { variables: new Map(), functions: timeEnvironment });
  if (type.kind !== 'time' && type.kind !== 'unknown') {
    throw new ExpressionError(`expected time.Time, but got ${nameOf(type)}`, expression);
  }
  const value = evaluateNode(root, expression, { variables: new Map(), functions: timeEnvironment, now });
  if (value instanceof TimeValue) return value.epochMs;
  throw new ExpressionError(`expected time.Time, but got ${typeName(value)}`, expression);
}

/** The elements of lists and maps are left open: they are judged when they are reached (ANA §5.3). */
function outerType(value: Value): Type {
  if (typeof value === 'boolean') return BOOL;
  if (typeof value === 'number') return FLOAT;
  if (typeof value === 'string') return STRING;
  if (isList(value)) return ANY_LIST;
  return isMap(value) ? ANY_MAP : UNKNOWN;
}

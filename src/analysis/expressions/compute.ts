import type { BinaryOperator } from './ast.ts';
import type { Budget } from './budget.ts';
import { Failure } from './error.ts';
import { compilePattern } from './pattern.ts';
import { DurationValue, TimeValue } from './time.ts';
import { compare, equals, int64, isList, isMap, isNumber, mapHas, typeName, type Value } from './values.ts';

/** Operators of which both operands are always evaluated. */
export type StrictOperator = Exclude<BinaryOperator, 'and' | 'or' | '??'>;

/** Applies a binary operator. @throws Failure when the operands do not fit */
export function compute(
  operator: StrictOperator,
  spelled: string,
  left: Value,
  right: Value,
  budget: Budget,
): Value {
  switch (operator) {
    case '==':
      return equals(left, right);
    case '!=':
      return !equals(left, right);
    case '<':
    case '>':
    case '<=':
    case '>=': {
      const order = compare(left, right);
      if (order === undefined) return mismatch(spelled, left, right);
      if (Number.isNaN(order)) return false;
      if (operator === '<') return order < 0;
      if (operator === '>') return order > 0;
      return operator === '<=' ? order <= 0 : order >= 0;
    }
    case 'in':
      return contains(right, left, budget);
    case 'matches':
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return compareText(operator, left, right, budget);
    case '..':
      return range(left, right, budget);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '**': {
      const result = calculate(operator, left, right, budget);
      return result === undefined ? mismatch(spelled, left, right) : result;
    }
  }
}

/** Applies a unary operator. @throws Failure */
export function negate(operator: '-' | '+', value: Value): Value {
  if (value instanceof DurationValue) return operator === '-' ? new DurationValue(-value.ms) : value;
  if (!isNumber(value)) throw new Failure(`invalid operation: ${operator} ${typeName(value)}`);
  if (operator === '+') return value;
  return typeof value === 'bigint' ? int64(-value) : -value;
}

function mismatch(operator: string, left: Value, right: Value): never {
  throw new Failure(`invalid operation: ${typeName(left)} ${operator} ${typeName(right)}`);
}

function contains(container: Value, value: Value, budget: Budget): boolean {
  if (container === null) return false;
  if (isList(container)) {
    return container.some((item) => {
      budget.step();
      return equals(item, value);
    });
  }
  if (isMap(container)) return value !== null && mapHas(container, value);
  throw new Failure(`operator "in" not defined on ${typeName(container)}`);
}

function compareText(
  operator: 'matches' | 'contains' | 'startsWith' | 'endsWith',
  left: Value,
  right: Value,
  budget: Budget,
): boolean {
  if (operator === 'matches' && (left === null || right === null)) return false;
  if (typeof left !== 'string' || typeof right !== 'string') return mismatch(operator, left, right);
  switch (operator) {
    case 'contains':
      return left.includes(right);
    case 'startsWith':
      return left.startsWith(right);
    case 'endsWith':
      return left.endsWith(right);
    case 'matches': {
      budget.step(left.length);
      const pattern = compilePattern(right);
      if ('problem' in pattern) throw new Failure(pattern.problem);
      return pattern.test(left);
    }
  }
}

function range(from: Value, to: Value, budget: Budget): Value {
  if (typeof from !== 'bigint' || typeof to !== 'bigint') return mismatch('..', from, to);
  if (to < from) return [];
  const length = Number(to - from) + 1;
  budget.allocate(length);
  return Array.from({ length }, (_, i) => from + BigInt(i));
}

function calculate(
  operator: '+' | '-' | '*' | '/' | '%' | '**',
  left: Value,
  right: Value,
  budget: Budget,
): Value | undefined {
  if (typeof left === 'bigint' && typeof right === 'bigint') return onIntegers(operator, left, right);
  if (isNumber(left) && isNumber(right)) return onFloats(operator, Number(left), Number(right));
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') {
    budget.allocate(left.length + right.length);
    return left + right;
  }
  return onTimes(operator, left, right);
}

function onIntegers(operator: '+' | '-' | '*' | '/' | '%' | '**', left: bigint, right: bigint): Value {
  switch (operator) {
    case '+':
      return int64(left + right);
    case '-':
      return int64(left - right);
    case '*':
      return int64(left * right);
    case '%':
      if (right === 0n) throw new Failure('integer divide by zero');
      return left % right;
    default:
      return onFloats(operator, Number(left), Number(right)) ?? null;
  }
}

function onFloats(
  operator: '+' | '-' | '*' | '/' | '%' | '**',
  left: number,
  right: number,
): number | undefined {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '**':
      return left ** right;
    case '%':
      return undefined;
  }
}

function onTimes(operator: string, left: Value, right: Value): Value | undefined {
  if (operator === '+') {
    if (left instanceof TimeValue && right instanceof DurationValue)
      return new TimeValue(left.epochMs + right.ms, left.zone);
    if (left instanceof DurationValue && right instanceof TimeValue)
      return new TimeValue(right.epochMs + left.ms, right.zone);
    if (left instanceof DurationValue && right instanceof DurationValue)
      return new DurationValue(left.ms + right.ms);
  }
  if (operator === '-') {
    if (left instanceof TimeValue && right instanceof TimeValue)
      return new DurationValue(left.epochMs - right.epochMs);
    if (left instanceof TimeValue && right instanceof DurationValue)
      return new TimeValue(left.epochMs - right.ms, left.zone);
    if (left instanceof DurationValue && right instanceof DurationValue)
      return new DurationValue(left.ms - right.ms);
  }
  if (operator === '*') {
    if (left instanceof DurationValue && isNumber(right)) return new DurationValue(left.ms * Number(right));
    if (isNumber(left) && right instanceof DurationValue) return new DurationValue(Number(left) * right.ms);
  }
  return undefined;
}

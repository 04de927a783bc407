import type { BinaryOperator } from './ast.ts';
import {
  BOOL,
  comparable,
  DURATION,
  either,
  FLOAT,
  INT,
  isNumeric,
  isUnknown,
  type Kind,
  listOf,
  nameOf,
  STRING,
  TIME,
  type Type,
  UNKNOWN,
} from './types.ts';

/** What a unary operator gives, or why it cannot be. */
export function unaryType(operator: '-' | '+' | 'not', operand: Type): Type | string {
  if (isUnknown(operand)) return operator === 'not' ? BOOL : UNKNOWN;
  if (operator === 'not' ? operand.kind === 'bool' : isNumeric(operand) || operand.kind === 'duration')
    return operand;
  return `invalid operation: ${operator} (mismatched type ${nameOf(operand)})`;
}

/** What a binary operator gives for operands of these types; undefined: they can never fit (ANA §5.3). */
export function binaryType(operator: BinaryOperator, left: Type, right: Type): Type | undefined {
  const eitherUnknown = isUnknown(left) || isUnknown(right);
  switch (operator) {
    case '==':
    case '!=':
      return comparable(left, right) ? BOOL : undefined;
    case 'or':
    case 'and':
      return may(left, 'bool') && may(right, 'bool') ? BOOL : undefined;
    case '<':
    case '>':
    case '<=':
    case '>=':
      return ordered(left) && ordered(right) && comparable(left, right) ? BOOL : undefined;
    case 'in':
      if (right.kind === 'array') return comparable(left, right.of) ? BOOL : undefined;
      if (right.kind === 'map' || right.kind === 'record')
        return may(left, 'string') || right.kind === 'map' ? BOOL : undefined;
      return isUnknown(right) ? BOOL : undefined;
    case 'matches':
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return may(left, 'string') && may(right, 'string') ? BOOL : undefined;
    case '..':
      return may(left, 'int') && may(right, 'int') ? listOf(INT) : undefined;
    case '??':
      return either(left, right);
    case '/':
      if (isNumeric(left) && isNumeric(right)) return FLOAT;
      return eitherUnknown && arithmetic(left) && arithmetic(right) ? UNKNOWN : undefined;
    case '**':
      return maybeNumeric(left) && maybeNumeric(right) ? FLOAT : undefined;
    case '%':
      return may(left, 'int') && may(right, 'int') ? INT : undefined;
    case '*':
      return (
        product(left, right) ?? (eitherUnknown && arithmetic(left) && arithmetic(right) ? UNKNOWN : undefined)
      );
    case '+':
      return sum(left, right) ?? (eitherUnknown && addable(left) && addable(right) ? UNKNOWN : undefined);
    case '-':
      return (
        difference(left, right) ?? (eitherUnknown && temporal(left) && temporal(right) ? UNKNOWN : undefined)
      );
  }
}

const may = (type: Type, kind: Kind): boolean => type.kind === kind || isUnknown(type);
const maybeNumeric = (type: Type): boolean => isNumeric(type) || isUnknown(type);
const arithmetic = (type: Type): boolean => maybeNumeric(type) || type.kind === 'duration';
const temporal = (type: Type): boolean => arithmetic(type) || type.kind === 'time';
const addable = (type: Type): boolean => temporal(type) || type.kind === 'string';
const ordered = (type: Type): boolean => addable(type);

const numeric = (left: Type, right: Type): Type | undefined => {
  if (!isNumeric(left) || !isNumeric(right)) return undefined;
  return left.kind === 'int' && right.kind === 'int' ? INT : FLOAT;
};

const both = (left: Type, right: Type, a: Kind, b: Kind): boolean => left.kind === a && right.kind === b;

function product(left: Type, right: Type): Type | undefined {
  if ((left.kind === 'duration' && isNumeric(right)) || (isNumeric(left) && right.kind === 'duration'))
    return DURATION;
  return numeric(left, right);
}

function sum(left: Type, right: Type): Type | undefined {
  if (both(left, right, 'string', 'string')) return STRING;
  if (both(left, right, 'time', 'duration') || both(left, right, 'duration', 'time')) return TIME;
  if (both(left, right, 'duration', 'duration')) return DURATION;
  return numeric(left, right);
}

function difference(left: Type, right: Type): Type | undefined {
  if (both(left, right, 'time', 'time')) return DURATION;
  if (both(left, right, 'time', 'duration')) return TIME;
  if (both(left, right, 'duration', 'duration')) return DURATION;
  return numeric(left, right);
}

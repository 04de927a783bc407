import type { BinaryOperator } from './ast.ts';

interface OperatorRule {
  operator: BinaryOperator | '|';
  /** The higher, the tighter. */
  precedence: number;
  rightAssociative?: true;
}

const rule = (operator: OperatorRule['operator'], precedence: number): OperatorRule => ({
  operator,
  precedence,
});

/** Binary operators by their spelling (ANA §5.1). */
export const binaryOperators: ReadonlyMap<string, OperatorRule> = new Map([
  ['|', rule('|', 0)],
  ['or', rule('or', 10)],
  ['||', rule('or', 10)],
  ['and', rule('and', 15)],
  ['&&', rule('and', 15)],
  ['==', rule('==', 20)],
  ['!=', rule('!=', 20)],
  ['<', rule('<', 20)],
  ['>', rule('>', 20)],
  ['<=', rule('<=', 20)],
  ['>=', rule('>=', 20)],
  ['in', rule('in', 20)],
  ['matches', rule('matches', 20)],
  ['contains', rule('contains', 20)],
  ['startsWith', rule('startsWith', 20)],
  ['endsWith', rule('endsWith', 20)],
  ['..', rule('..', 25)],
  ['+', rule('+', 30)],
  ['-', rule('-', 30)],
  ['*', rule('*', 60)],
  ['/', rule('/', 60)],
  ['%', rule('%', 60)],
  ['**', { operator: '**', precedence: 100, rightAssociative: true }],
  ['^', { operator: '**', precedence: 100, rightAssociative: true }],
  ['??', rule('??', 500)],
]);

/** Unary operators by their spelling. */
export const unaryOperators: ReadonlyMap<string, { operator: '-' | '+' | 'not'; precedence: number }> =
  new Map([
    ['not', { operator: 'not', precedence: 50 }],
    ['!', { operator: 'not', precedence: 50 }],
    ['-', { operator: '-', precedence: 90 }],
    ['+', { operator: '+', precedence: 90 }],
  ]);

/** Operators that can be written in a chain: `1 < x < 3`. */
export const chainable: ReadonlySet<string> = new Set(['<', '>', '<=', '>=']);

/** Operators that `not` can stand before: `a not in b`. */
export const negatable: ReadonlySet<string> = new Set([
  'in',
  'matches',
  'contains',
  'startsWith',
  'endsWith',
]);

/** Functions whose second argument is evaluated for each element. */
export const predicates: ReadonlyMap<string, { body: 'required' | 'optional'; rest: number }> = new Map([
  ['all', { body: 'required', rest: 0 }],
  ['any', { body: 'required', rest: 0 }],
  ['one', { body: 'required', rest: 0 }],
  ['none', { body: 'required', rest: 0 }],
  ['filter', { body: 'required', rest: 0 }],
  ['map', { body: 'required', rest: 0 }],
  ['find', { body: 'required', rest: 0 }],
  ['findIndex', { body: 'required', rest: 0 }],
  ['findLast', { body: 'required', rest: 0 }],
  ['findLastIndex', { body: 'required', rest: 0 }],
  ['count', { body: 'optional', rest: 0 }],
  ['sum', { body: 'optional', rest: 0 }],
  ['groupBy', { body: 'required', rest: 0 }],
  ['sortBy', { body: 'required', rest: 1 }],
  ['reduce', { body: 'required', rest: 1 }],
]);

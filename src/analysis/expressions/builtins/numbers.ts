import { Failure } from '../error.ts';
import { FLOAT, INT, isNumeric, type Type, UNKNOWN } from '../types.ts';
import { compare, int64, isList, isNumber, truncate, typeName, type Value } from '../values.ts';
import type { Builtin } from './builtin.ts';

const NUMBER = ['int', 'float'] as const;
const NUMBERS_OR_LISTS = ['int', 'float', 'array'] as const;

const ofArgument = ([arg]: readonly Type[]): Type => (arg && isNumeric(arg) ? arg : UNKNOWN);

const rounding = (round: (value: number) => number): Builtin => ({
  params: [NUMBER],
  returns: FLOAT,
  call: ([value]) => round(Number(value)),
});

/** Numbers among the arguments, lists in them included at any depth. */
function numbersIn(name: string, values: readonly Value[]): (number | bigint)[] {
  return values.flatMap((value) => {
    if (isList(value)) return numbersIn(name, value);
    if (!isNumber(value)) throw new Failure(`invalid argument for ${name} (type ${typeName(value)})`);
    return [value];
  });
}

function extreme(name: string, better: (order: number) => boolean): Builtin {
  return {
    params: [NUMBERS_OR_LISTS],
    variadic: true,
    returns: UNKNOWN,
    call: (args) =>
      numbersIn(name, args).reduce<Value>(
        (best, value) => (best === null || better(compare(value, best) ?? 0) ? value : best),
        null,
      ),
  };
}

/** Half away from zero, as Go rounds. */
const round = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

export const numberFunctions: Record<string, Builtin> = {
  abs: {
    params: [NUMBER],
    returns: ofArgument,
    call: ([value]) =>
      typeof value === 'bigint' ? int64(value < 0n ? -value : value) : Math.abs(Number(value)),
  },
  ceil: rounding(Math.ceil),
  floor: rounding(Math.floor),
  round: rounding(round),
  max: extreme('max', (order) => order > 0),
  min: extreme('min', (order) => order < 0),
  mean: {
    params: [NUMBERS_OR_LISTS],
    variadic: true,
    returns: FLOAT,
    call: (args) => {
      const numbers = numbersIn('mean', args).map(Number);
      return numbers.length === 0 ? 0 : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    },
  },
  median: {
    params: [NUMBERS_OR_LISTS],
    variadic: true,
    returns: FLOAT,
    call: (args) => {
      const numbers = numbersIn('median', args)
        .map(Number)
        .sort((a, b) => a - b);
      const middle = Math.floor(numbers.length / 2);
      const upper = numbers[middle] ?? 0;
      return numbers.length % 2 === 1 ? upper : ((numbers[middle - 1] ?? 0) + upper) / 2;
    },
  },
  int: {
    params: [['int', 'float', 'string']],
    returns: INT,
    call: ([value]) => {
      if (typeof value === 'number') return truncate(value);
      if (typeof value !== 'string') return value ?? null;
      const parsed = parseInteger(value);
      if (parsed === undefined) throw new Failure(`invalid operation: int(${value})`);
      return parsed;
    },
  },
  float: {
    params: [['int', 'float', 'string']],
    returns: FLOAT,
    call: ([value]) => {
      if (typeof value !== 'string') return Number(value);
      const parsed = parseFloatText(value);
      if (parsed === undefined) throw new Failure(`invalid operation: float(${value})`);
      return parsed;
    },
  },
};

/** A base-10 integer of 64 bits; undefined when the text is none. */
export function parseInteger(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** A float as Go reads it; undefined when the text is none. */
export function parseFloatText(text: string): number | undefined {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special) {
    if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

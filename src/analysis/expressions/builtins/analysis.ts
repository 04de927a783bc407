import { Failure } from '../error.ts';
import { BOOL, FLOAT, INT, UNKNOWN } from '../types.ts';
import { display, isNumber, truncate, typeName, type Value } from '../values.ts';
import type { Builtin } from './builtin.ts';
import { parseFloatText, parseInteger } from './numbers.ts';

/** A function of the analysis engine on one float. */
const floatTest = (name: string, test: (value: number) => boolean): Builtin => ({
  params: [undefined],
  returns: BOOL,
  call: ([value = null]) => {
    if (!isNumber(value))
      throw new Failure(`cannot use ${typeName(value)} as argument (type float64) to call ${name}`);
    return test(Number(value));
  },
});

/** Known to every expression of the analysis engine. */
export const floatTests: Record<string, Builtin> = {
  isNaN: floatTest('isNaN', Number.isNaN),
  isInf: floatTest('isInf', (value) => Math.abs(value) === Number.POSITIVE_INFINITY),
};

/** Known to conditions (ANA §5.2). `isNil` and `default` look at their argument, not at `result`. */
export const conditionFunctions: Record<string, Builtin> = {
  ...floatTests,
  asInt: {
    params: [undefined],
    returns: INT,
    call: ([value = null]) => {
      if (typeof value === 'number') return truncate(value);
      if (typeof value === 'bigint') return value;
      if (typeof value !== 'string') throw unsupported('asInt', value);
      const parsed = parseInteger(value);
      if (parsed === undefined) throw syntaxError('ParseInt', value);
      return parsed;
    },
  },
  asFloat: {
    params: [undefined],
    returns: FLOAT,
    call: ([value = null]) => {
      if (isNumber(value)) return Number(value);
      if (typeof value !== 'string') throw unsupported('asFloat', value);
      const parsed = parseFloatText(value);
      if (parsed === undefined) throw syntaxError('ParseFloat', value);
      return parsed;
    },
  },
  isNil: { params: [undefined], returns: BOOL, call: ([value = null]) => value === null },
  default: {
    params: [undefined, undefined],
    returns: UNKNOWN,
    call: ([value = null, other = null]) => value ?? other,
  },
};

function unsupported(name: string, value: Value): Failure {
  return new Failure(`${name}() not supported on ${typeName(value)} ${display(value)}`);
}

function syntaxError(name: string, text: string): Failure {
  const outOfRange = name === 'ParseInt' && /^[+-]?\d+$/.test(text);
  return new Failure(
    `strconv.${name}: parsing ${JSON.stringify(text)}: ${outOfRange ? 'value out of range' : 'invalid syntax'}`,
  );
}

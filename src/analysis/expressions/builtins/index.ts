import { Failure } from '../error.ts';
import { DurationValue, TimeValue } from '../time.ts';
import { type Kind, nameOf, STRING, type Type } from '../types.ts';
import { isList, isMap, typeName, type Value } from '../values.ts';
import { conditionFunctions, floatTests } from './analysis.ts';
import { bitFunctions } from './bits.ts';
import type { Builtin, CallContext } from './builtin.ts';
import { encodingFunctions } from './encoding.ts';
import { listFunctions } from './lists.ts';
import { numberFunctions } from './numbers.ts';
import { stringFunctions } from './strings.ts';
import { timeFunctions } from './time.ts';

const typeFunction: Builtin = {
  params: [undefined],
  returns: STRING,
  call: ([value = null]) => {
    const kind = kindOf(value);
    const names: Partial<Record<Kind, string>> = {
      unknown: 'nil',
      time: 'time.Time',
      duration: 'time.Duration',
      bytes: 'array',
    };
    return names[kind] ?? kind;
  },
};

/** The functions of the language itself, but for those that take predicates (ANA §5.2). */
export const builtins: ReadonlyMap<string, Builtin> = new Map(
  Object.entries({
    ...numberFunctions,
    ...stringFunctions,
    ...listFunctions,
    ...encodingFunctions,
    ...timeFunctions,
    ...bitFunctions,
    type: typeFunction,
  }),
);

/** What the analysis engine adds for conditions. */
export const conditionEnvironment: ReadonlyMap<string, Builtin> = new Map(Object.entries(conditionFunctions));
/** What it adds for the times of Prometheus range queries. */
export const timeEnvironment: ReadonlyMap<string, Builtin> = new Map(Object.entries(floatTests));

/** What is wrong with a call as far as the types tell. */
export function checkCall(name: string, builtin: Builtin, args: readonly Type[]): string | undefined {
  const arity = checkArity(name, builtin, args.length);
  if (arity) return arity;
  const wrong = args.find((arg, i) => arg.kind !== 'unknown' && !accepts(parameter(builtin, i), arg.kind));
  return wrong && `invalid argument for ${name} (type ${nameOf(wrong)})`;
}

/** Calls a function. @throws Failure */
export function callBuiltin(
  name: string,
  builtin: Builtin,
  args: readonly Value[],
  context: CallContext,
): Value {
  const wrong = args.find((arg, i) => !accepts(parameter(builtin, i), kindOf(arg)));
  if (wrong !== undefined) throw new Failure(`invalid argument for ${name} (type ${typeName(wrong)})`);
  return builtin.call(args, context);
}

function checkArity(
  name: string,
  { params, optional = 0, variadic }: Builtin,
  count: number,
): string | undefined {
  if (count < params.length - optional) return `not enough arguments to call ${name}`;
  return !variadic && count > params.length ? `too many arguments to call ${name}` : undefined;
}

function parameter({ params, variadic }: Builtin, i: number): readonly Kind[] | undefined {
  return params[i] ?? (variadic ? params.at(-1) : undefined);
}

function accepts(kinds: readonly Kind[] | undefined, kind: Kind): boolean {
  return kinds === undefined || kinds.includes(kind);
}

function kindOf(value: Value): Kind {
  if (value === null) return 'unknown';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'string') return 'string';
  if (value instanceof TimeValue) return 'time';
  if (value instanceof DurationValue) return 'duration';
  if (isList(value)) return 'array';
  return isMap(value) ? 'map' : 'bytes';
}

import type { Instant } from '../../../api/index.ts';
import type { Budget } from '../budget.ts';
import type { Kind, Type } from '../types.ts';
import type { Value } from '../values.ts';

/** What a function may use beside its arguments. */
export interface CallContext {
  now: Instant;
  budget: Budget;
}

/** A function of the language. */
export interface Builtin {
  /** Kinds that each parameter accepts; undefined: any. `unknown` in it stands for nil. */
  params: readonly (readonly Kind[] | undefined)[];
  /** How many of them may be left out. Default: 0. */
  optional?: number;
  /** Whether the last may be repeated. */
  variadic?: true;
  returns: Type | ((args: readonly Type[]) => Type);
  /** Arguments fit the parameters. @throws Failure */
  call(args: readonly Value[], context: CallContext): Value;
}

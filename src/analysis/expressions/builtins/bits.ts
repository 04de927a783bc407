import { Failure } from '../error.ts';
import { INT } from '../types.ts';
import { int64 } from '../values.ts';
import type { Builtin } from './builtin.ts';

const onIntegers = (compute: (a: bigint, b: bigint) => bigint): Builtin => ({
  params: [['int'], ['int']],
  returns: INT,
  call: ([a, b]) => int64(compute(a as bigint, b as bigint)),
});

const shift = (name: string, compute: (a: bigint, by: bigint) => bigint): Builtin =>
  onIntegers((a, by) => {
    if (by < 0n) throw new Failure(`invalid operation: ${name}(${a}, ${by}): negative shift count`);
    return compute(a, by > 64n ? 64n : by);
  });

export const bitFunctions: Record<string, Builtin> = {
  bitand: onIntegers((a, b) => a & b),
  bitor: onIntegers((a, b) => a | b),
  bitxor: onIntegers((a, b) => a ^ b),
  bitnand: onIntegers((a, b) => a & ~b),
  bitnot: { params: [['int']], returns: INT, call: ([a]) => ~(a as bigint) },
  bitshl: shift('bitshl', (a, by) => a << by),
  bitshr: shift('bitshr', (a, by) => a >> by),
  bitushr: shift('bitushr', (a, by) => BigInt.asUintN(64, a) >> by),
};

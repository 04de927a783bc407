import type { Environment } from '@marcbachmann/cel-js';
import { equal } from '../../../../api/index.ts';

type Comparable = string | bigint | number | boolean | Date;

/** The functions on lists that Kubernetes has beside those of CEL itself, and the sets library. */
export function registerLists(environment: Environment): void {
  environment
    .registerFunction('list.isSorted(): bool', (list: Comparable[]) =>
      list.every((item, i) => i === 0 || order(list[i - 1]!, item) <= 0),
    )
    .registerFunction('list.sum(): dyn', (list: unknown[]) => sum(list))
    .registerFunction('list.min(): dyn', (list: Comparable[]) => best(list, 'min', -1))
    .registerFunction('list.max(): dyn', (list: Comparable[]) => best(list, 'max', 1))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], wanted: unknown) =>
      BigInt(list.findIndex((item) => same(item, wanted))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], wanted: unknown) =>
      BigInt(list.findLastIndex((item) => same(item, wanted))),
    )
    .registerFunction('list.slice(int, int): list<dyn>', (list: unknown[], from: bigint, to: bigint) => {
      if (from < 0n || to > list.length || from > to) {
        throw new Error(`cannot slice(${from}, ${to}), list has ${list.length} elements`);
      }
      return list.slice(Number(from), Number(to));
    })
    .registerFunction('list.flatten(): list<dyn>', (list: unknown[]) => list.flat())
    .registerFunction('list.flatten(int): list<dyn>', (list: unknown[], depth: bigint) =>
      list.flat(Number(depth)),
    )
    .registerFunction('list.distinct(): list<dyn>', (list: unknown[]) =>
      list.filter((item, i) => list.findIndex((other) => same(other, item)) === i),
    )
    .registerFunction('list.reverse(): list<dyn>', (list: unknown[]) => list.toReversed())
    .registerFunction('list.sort(): list<dyn>', (list: Comparable[]) => list.toSorted(order));
  registerSets(environment);
}

class Sets {}

function registerSets(environment: Environment): void {
  const has = (list: unknown[], item: unknown) => list.some((other) => same(other, item));
  const contains = (list: unknown[], part: unknown[]) => part.every((item) => has(list, item));
  environment
    .registerType('kubernetes.Sets', Sets)
    .registerConstant('sets', 'kubernetes.Sets', new Sets())
    .registerFunction('kubernetes.Sets.contains(list, list): bool', (_: Sets, a: unknown[], b: unknown[]) =>
      contains(a, b),
    )
    .registerFunction(
      'kubernetes.Sets.equivalent(list, list): bool',
      (_: Sets, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a),
    )
    .registerFunction('kubernetes.Sets.intersects(list, list): bool', (_: Sets, a: unknown[], b: unknown[]) =>
      a.some((item) => has(b, item)),
    );
}

/** Numbers are equal across their types, as in CEL. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    // biome-ignore lint/suspicious/noDoubleEquals: compares an integer with a double by value
    return typeof a !== 'string' && typeof b !== 'string' && (a as bigint) == (b as bigint);
  }
  return equal(a, b);
}

const order = (a: Comparable, b: Comparable) => (a < b ? -1 : a > b ? 1 : 0);

function best(list: Comparable[], name: string, sign: 1 | -1): Comparable {
  if (list.length === 0) throw new Error(`${name} called on empty list`);
  return list.reduce((a, b) => (order(b, a) * sign > 0 ? b : a));
}

/** Integers, doubles or durations; nothing is the integer 0. */
function sum(list: unknown[]): unknown {
  const [first, ...rest] = list;
  if (first === undefined) return 0n;
  return rest.reduce((total, item) => {
    if (typeof total === 'bigint' && typeof item === 'bigint') return total + item;
    if (typeof total === 'object' && total && 'addDuration' in total) {
      return (total as { addDuration(other: unknown): unknown }).addDuration(item);
    }
    return Number(total) + Number(item);
  }, first);
}

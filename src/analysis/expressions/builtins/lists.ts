import { Failure } from '../error.ts';
import { ANY_LIST, ANY_MAP, INT, type Kind, listOf, STRING, type Type, UNKNOWN } from '../types.ts';
import {
  compare,
  equals,
  isList,
  isMap,
  isNumber,
  type MapValue,
  mapEntries,
  mapGet,
  typeName,
  type Value,
} from '../values.ts';
import type { Builtin, CallContext } from './builtin.ts';

const LIST: readonly Kind[] = ['array'];
const MAP: readonly Kind[] = ['map', 'record'];

const list = (value: Value | undefined): readonly Value[] => value as readonly Value[];
const elementOf = ([of]: readonly Type[]): Type => (of?.kind === 'array' ? of.of : UNKNOWN);
const sameList = ([of]: readonly Type[]): Type => (of?.kind === 'array' ? of : ANY_LIST);

function flatten(values: readonly Value[], { budget }: CallContext): Value[] {
  const flat: Value[] = [];
  const visit = (items: readonly Value[]): void => {
    budget.allocate(items.length);
    for (const item of items) {
      if (isList(item)) visit(item);
      else flat.push(item);
    }
  };
  visit(values);
  return flat;
}

/** A sorted copy. @throws Failure when two elements cannot be compared */
export function sorted(
  values: readonly Value[],
  order: Value | undefined,
  keyOf = (value: Value) => value,
): Value[] {
  if (order !== undefined && order !== 'asc' && order !== 'desc') {
    throw new Failure(
      `invalid order ${typeof order === 'string' ? order : typeName(order)}, expected asc or desc`,
    );
  }
  const direction = order === 'desc' ? -1 : 1;
  return values
    .map((value) => ({ value, key: keyOf(value) }))
    .sort((a, b) => {
      const result = compare(a.key, b.key);
      if (result === undefined)
        throw new Failure(`cannot compare ${typeName(a.key)} with ${typeName(b.key)}`);
      return direction * (result || 0);
    })
    .map(({ value }) => value);
}

/** A key of `uniq`, so that primitives need no comparison with all before. */
function unique(values: readonly Value[], { budget }: CallContext): Value[] {
  const primitives = new Set<Value>();
  const kept: Value[] = [];
  const structured: Value[] = [];
  for (const value of values) {
    if (value === null || typeof value !== 'object') {
      const key = typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
      if (primitives.has(key)) continue;
      primitives.add(key);
    } else {
      budget.allocate(structured.length);
      if (structured.some((other) => equals(other, value))) continue;
      structured.push(value);
    }
    kept.push(value);
  }
  return kept;
}

function countCodePoints(text: string): bigint {
  let count = 0n;
  for (const _ of text) count++;
  return count;
}

export const listFunctions: Record<string, Builtin> = {
  len: {
    params: [['string', 'array', 'map', 'record', 'bytes']],
    returns: INT,
    call: ([value = null]) => {
      if (typeof value === 'string') return countCodePoints(value);
      if (isMap(value)) return BigInt(mapEntries(value).length);
      return BigInt((value as { length: number }).length);
    },
  },
  first: { params: [LIST], returns: elementOf, call: ([values]) => list(values)[0] ?? null },
  last: { params: [LIST], returns: elementOf, call: ([values]) => list(values).at(-1) ?? null },
  get: {
    params: [undefined, undefined],
    returns: UNKNOWN,
    call: ([from = null, key = null]) => {
      if (isMap(from)) return mapGet(from, key);
      if (isList(from) && isNumber(key)) return from.at(Number(key)) ?? null;
      return null;
    },
  },
  take: {
    params: [LIST, ['int']],
    returns: sameList,
    call: ([values, count]) => {
      if (Number(count) < 0) throw new Failure(`cannot take ${count} elements`);
      return list(values).slice(0, Number(count));
    },
  },
  reverse: { params: [LIST], returns: sameList, call: ([values]) => [...list(values)].reverse() },
  sort: {
    params: [LIST, ['string']],
    optional: 1,
    returns: sameList,
    call: ([values, order], { budget }) => {
      budget.allocate(list(values).length);
      return sorted(list(values), order);
    },
  },
  uniq: { params: [LIST], returns: sameList, call: ([values], context) => unique(list(values), context) },
  concat: {
    params: [LIST],
    variadic: true,
    returns: (args) => (args.length === 1 ? sameList(args) : ANY_LIST),
    call: (args, { budget }) =>
      args.flatMap((values) => {
        budget.allocate(list(values).length);
        return list(values);
      }),
  },
  flatten: { params: [LIST], returns: ANY_LIST, call: ([values], context) => flatten(list(values), context) },
  keys: {
    params: [MAP],
    returns: listOf(STRING),
    call: ([map]) => mapEntries(map as MapValue).map(([key]) => key),
  },
  values: {
    params: [MAP],
    returns: ANY_LIST,
    call: ([map]) => mapEntries(map as MapValue).map(([, value]) => value),
  },
  toPairs: { params: [MAP], returns: listOf(ANY_LIST), call: ([map]) => mapEntries(map as MapValue) },
  fromPairs: {
    params: [LIST],
    returns: ANY_MAP,
    call: ([pairs]) =>
      new Map(
        list(pairs).map((pair) => {
          const [key = null, value = null] = isList(pair) && pair.length === 2 ? pair : [];
          if (!isList(pair) || pair.length !== 2)
            throw new Failure(`invalid pair of type ${typeName(pair)}: expected [key, value]`);
          return [key, value];
        }),
      ),
  },
};

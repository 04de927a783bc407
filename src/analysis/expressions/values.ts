import { Failure } from './error.ts';
import { DurationValue, TimeValue } from './time.ts';

/**
 * What an expression computes with. Integers are bigint and floats number, so that `1` and `1.0` stay apart; a
 * provider's results are JSON, whose numbers are floats. Maps made by the expression are Maps, a provider's are plain
 * objects.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | TimeValue
  | DurationValue
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | { readonly [key: string]: Value };

export type MapValue = ReadonlyMap<Value, Value> | { readonly [key: string]: Value };

export const isNumber = (value: Value): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

export const isMap = (value: Value): value is MapValue =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof TimeValue) &&
  !(value instanceof DurationValue);

/** The value of a key; nil when the map does not have it. Never anything that JavaScript's prototypes bring along. */
export function mapGet(map: MapValue, key: Value): Value {
  if (map instanceof Map) return map.get(key) ?? null;
  if (typeof key !== 'string' || !Object.hasOwn(map, key)) return null;
  return (map as Record<string, Value>)[key] ?? null;
}

export function mapHas(map: MapValue, key: Value): boolean {
  return map instanceof Map ? map.has(key) : typeof key === 'string' && Object.hasOwn(map, key);
}

export function mapEntries(map: MapValue): [Value, Value][] {
  return map instanceof Map ? [...map.entries()] : Object.entries(map);
}

/** The name that error messages use: that of the Go type. */
export function typeName(value: Value): string {
  if (value === null) return '<nil>';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float64';
    case 'string':
      return 'string';
  }
  if (value instanceof TimeValue) return 'time.Time';
  if (value instanceof DurationValue) return 'time.Duration';
  if (value instanceof Uint8Array) return '[]uint8';
  return isList(value) ? '[]interface {}' : 'map[string]interface {}';
}

/** Equality across int and float, and by content for lists and maps. */
export function equals(a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return typeof a === typeof b ? a === b : Number(a) === Number(b);
  if (a instanceof TimeValue && b instanceof TimeValue) return a.epochMs === b.epochMs;
  if (a instanceof DurationValue && b instanceof DurationValue) return a.ms === b.ms;
  if (isList(a) && isList(b))
    return a.length === b.length && a.every((item, i) => equals(item, b[i] ?? null));
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  }
  if (isMap(a) && isMap(b)) {
    const entries = mapEntries(a);
    return (
      entries.length === mapEntries(b).length &&
      entries.every(([key, value]) => mapHas(b, key) && equals(value, mapGet(b, key)))
    );
  }
  return a === b;
}

/** Negative, 0 or positive as a sorts before, with or after b; NaN when one of them is. Undefined: not comparable. */
export function compare(a: Value, b: Value): number | undefined {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  if (isNumber(a) && isNumber(b)) {
    const [x, y] = [Number(a), Number(b)];
    return x < y ? -1 : x > y ? 1 : x === y ? 0 : Number.NaN;
  }
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (a instanceof TimeValue && b instanceof TimeValue) return Math.sign(a.epochMs - b.epochMs);
  if (a instanceof DurationValue && b instanceof DurationValue) return Math.sign(a.ms - b.ms);
  return undefined;
}

/** A 64-bit integer, wrapped around as Go does. */
export const int64 = (value: bigint): bigint => BigInt.asIntN(64, value);

/** The integer next to zero. @throws Failure for NaN, infinity and what 64 bits do not hold */
export function truncate(value: number): bigint {
  const whole = Math.trunc(value);
  if (!(Math.abs(whole) < 2 ** 63)) throw new Failure(`${formatFloat(value)} is out of range for an integer`);
  return BigInt(whole);
}

/** The shortest decimal that reads back as the same float, as Go writes it: `NaN`, `+Inf`, `1e+06`-free. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}

/** The text of a value in messages and `string()`: Go's `%v`. */
export function display(value: Value): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return formatFloat(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof TimeValue || value instanceof DurationValue) return value.toString();
  if (isList(value) || value instanceof Uint8Array)
    return `[${[...(value as Iterable<Value>)].map(display).join(' ')}]`;
  const entries = mapEntries(value).map(([key, item]) => `${display(key)}:${display(item)}`);
  return `map[${entries.sort().join(' ')}]`;
}

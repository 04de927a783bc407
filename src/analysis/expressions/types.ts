/** The static types: what is known about a value before the expression runs (ANA §5.3). */
export type Type =
  | { kind: 'unknown' | 'bool' | 'int' | 'float' | 'string' | 'bytes' | 'time' | 'duration' }
  | { kind: 'array'; of: Type }
  /** Keys of any name; a missing one gives nil. */
  | { kind: 'map'; of: Type }
  /** Named fields; others do not exist. */
  | { kind: 'record'; fields: Readonly<Record<string, Type>> };

export type Kind = Type['kind'];

export const UNKNOWN: Type = { kind: 'unknown' };
export const BOOL: Type = { kind: 'bool' };
export const INT: Type = { kind: 'int' };
export const FLOAT: Type = { kind: 'float' };
export const STRING: Type = { kind: 'string' };
export const BYTES: Type = { kind: 'bytes' };
export const TIME: Type = { kind: 'time' };
export const DURATION: Type = { kind: 'duration' };
export const listOf = (of: Type): Type => ({ kind: 'array', of });
export const ANY_LIST: Type = listOf(UNKNOWN);
export const ANY_MAP: Type = { kind: 'map', of: UNKNOWN };

/** The name that error messages use. */
export function nameOf(type: Type): string {
  switch (type.kind) {
    case 'float':
      return 'float64';
    case 'bytes':
      return '[]uint8';
    case 'time':
      return 'time.Time';
    case 'duration':
      return 'time.Duration';
    case 'array':
      return `[]${nameOf(type.of)}`;
    case 'map':
      return `map[string]${nameOf(type.of)}`;
    case 'record':
      return 'struct';
    case 'unknown':
      return 'interface {}';
    default:
      return type.kind;
  }
}

export const isUnknown = (type: Type): boolean => type.kind === 'unknown';
export const isNumeric = (type: Type): boolean => type.kind === 'int' || type.kind === 'float';

/** The type of a value that is one or the other. */
export function either(a: Type, b: Type): Type {
  if (a.kind === b.kind && a.kind !== 'array' && a.kind !== 'map' && a.kind !== 'record') return a;
  if (a.kind === 'array' && b.kind === 'array') return listOf(either(a.of, b.of));
  if (a.kind === 'map' && b.kind === 'map') return { kind: 'map', of: either(a.of, b.of) };
  return UNKNOWN;
}

/** Whether `==` between the two can ever make sense. */
export function comparable(a: Type, b: Type): boolean {
  if (isUnknown(a) || isUnknown(b) || a.kind === b.kind) return true;
  return isNumeric(a) && isNumeric(b);
}

import { isObject } from '../schema/json.ts';
import { isQuantity } from '../schema/quantity.ts';
import type { Schema } from '../schema/schema.ts';

/**
 * The first value of an object that does not fit the type of its field, in the words of the decoder of kube-apiserver;
 * undefined when all fit. For built-in kinds, whose types are Go's. Fields that are not known and nulls fit everywhere.
 * @example json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32
 */
export function findMisfit(object: object, schema: Schema): Misfit | undefined {
  return misfitOf(object, schema, { struct: '', fields: [], path: '' });
}

export interface Misfit {
  text: string;
  /** Where it is, with the places in lists, e.g. `spec.containers[0].name`. */
  path: string;
  /** For text that is not base64: the first character that is wrong. */
  base64At?: number;
}

/** Where a value stands: in which struct, and the way to it, which in Go's words has no places of lists and maps. */
interface Place {
  struct: string;
  fields: readonly string[];
  path: string;
}

function misfitOf(value: unknown, schema: Schema, place: Place): Misfit | undefined {
  if (value === null || value === undefined || schema['x-kubernetes-preserve-unknown-fields'])
    return undefined;
  if (schema['x-kubernetes-int-or-string']) return scalarOfEither(value, schema, place);
  if (schema.type !== jsonType(value, schema)) return wrongType(value, schema, place);
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return first(value.entries(), ([i, item]) =>
      misfitOf(item, items, { ...place, path: `${place.path}[${i}]` }),
    );
  }
  if (isObject(value)) return misfitWithin(value, schema, place);
  if (typeof value === 'string') return wrongText(value, schema, place);
  return typeof value === 'number' ? wrongNumber(value, schema, place) : undefined;
}

function misfitWithin(value: Record<string, unknown>, schema: Schema, place: Place): Misfit | undefined {
  const struct = shortName(schema['x-kanari-type']);
  return first(Object.entries(value), ([name, child]) => {
    const path = place.path ? `${place.path}.${name}` : name;
    const { properties, additionalProperties } = schema;
    if (properties && Object.hasOwn(properties, name)) {
      return misfitOf(child, properties[name]!, { struct, fields: [...place.fields, name], path });
    }
    return typeof additionalProperties === 'object'
      ? misfitOf(child, additionalProperties, { ...place, path })
      : undefined;
  });
}

function first<T>(items: Iterable<T>, find: (item: T) => Misfit | undefined): Misfit | undefined {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}

function jsonType(value: unknown, { type }: Schema): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? (type === 'number' ? 'number' : 'integer') : typeof value;
}

function wrongType(value: unknown, schema: Schema, place: Place): Misfit {
  const actual = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return cannot(actual, goType(schema), place);
}

const cannot = (what: string, type: string, { struct, fields, path }: Place): Misfit => ({
  path,
  text:
    fields.length === 0
      ? `json: cannot unmarshal ${what} into Go value of type ${type}`
      : `json: cannot unmarshal ${what} into Go struct field ${struct}.${fields.join('.')} of type ${type}`,
});

const goScalars: Record<string, string> = {
  string: 'string',
  boolean: 'bool',
  number: 'float64',
  integer: 'int64',
};

function goType(schema: Schema): string {
  const { type = '', format = '', items, additionalProperties } = schema;
  if (schema['x-kanari-type']) return goName(schema['x-kanari-type']);
  if (type === 'array') return `[]${goType(items ?? {})}`;
  if (typeof additionalProperties === 'object') return `map[string]${goType(additionalProperties)}`;
  if (format === 'quantity') return 'resource.Quantity';
  if (schema['x-kubernetes-int-or-string']) return 'intstr.IntOrString';
  if (format === 'byte') return '[]uint8';
  if (format.startsWith('date-time')) return format === 'date-time' ? 'v1.Time' : 'v1.MicroTime';
  return format === 'int32' || format === 'int64' ? format : (goScalars[type] ?? 'interface {}');
}

/** `v1.Container`. */
const goName = (name: string) => name.split('.').slice(-2).join('.');
const shortName = (name = '') => name.slice(name.lastIndexOf('.') + 1);

function scalarOfEither(value: unknown, { format }: Schema, place: Place): Misfit | undefined {
  const { path } = place;
  if (format === 'quantity') {
    if ((typeof value === 'string' || typeof value === 'number') && isQuantity(value)) return undefined;
    const pattern = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$';
    return { path, text: `quantities must match the regular expression '${pattern}'` };
  }
  if (typeof value === 'string' || Number.isInteger(value)) return undefined;
  const what =
    typeof value === 'number' ? `number ${value}` : typeof value === 'boolean' ? 'bool' : jsonType(value, {});
  return { path, text: `json: cannot unmarshal ${what} into Go value of type int32` };
}

function wrongNumber(value: number, { type, format }: Schema, place: Place): Misfit | undefined {
  if (type !== 'integer') return undefined;
  const bits = format === 'int32' ? 31 : 63;
  const fits = Number.isInteger(value) && value >= -(2 ** bits) && value < 2 ** bits;
  return fits ? undefined : cannot(`number ${value}`, format ?? 'int64', place);
}

function wrongText(value: string, { format }: Schema, { path }: Place): Misfit | undefined {
  if (format === 'byte') {
    const at = base64Problem(value);
    return at === undefined
      ? undefined
      : { path, text: `illegal base64 data at input byte ${at}`, base64At: at };
  }
  if (!format?.startsWith('date-time')) return undefined;
  const layout = format === 'date-time' ? TIME_LAYOUT : MICRO_LAYOUT;
  const problem = timeProblem(value, layout);
  return problem ? { path, text: `parsing time ${JSON.stringify(value)}${problem}` } : undefined;
}

const TIME_LAYOUT = '2006-01-02T15:04:05Z07:00';
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';

/** The parts of a time in the order in which Go reads them, what it calls each, and its bounds. */
const timeParts: { pattern: RegExp; name: string; unit?: string; from?: number; to?: number }[] = [
  { pattern: /^\d{4}/, name: '2006' },
  { pattern: /^-/, name: '-' },
  { pattern: /^\d\d/, name: '01', unit: 'month', from: 1, to: 12 },
  { pattern: /^-/, name: '-' },
  { pattern: /^\d\d/, name: '02', unit: 'day', from: 1, to: 31 },
  { pattern: /^T/, name: 'T' },
  { pattern: /^\d\d/, name: '15', unit: 'hour', from: 0, to: 23 },
  { pattern: /^:/, name: ':' },
  { pattern: /^\d\d/, name: '04', unit: 'minute', from: 0, to: 59 },
  { pattern: /^:/, name: ':' },
  { pattern: /^\d\d(\.\d+)?/, name: '05', unit: 'second', from: 0, to: 59.999_999_999 },
  { pattern: /^(Z|[+-]\d\d:\d\d)/, name: 'Z07:00' },
];

function timeProblem(value: string, layout: string): string | undefined {
  let rest = value;
  for (const { pattern, name, unit, from = 0, to = 0 } of timeParts) {
    const part = pattern.exec(rest)?.[0];
    if (part === undefined) {
      return ` as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(name)}`;
    }
    if (unit && (Number(part) < from || Number(part) > to)) return `: ${unit} out of range`;
    rest = rest.slice(part.length);
  }
  if (rest) return `: extra text: ${JSON.stringify(rest)}`;
  const [year = 0, month = 0, day = 0] = value.slice(0, 10).split('-').map(Number);
  return day > new Date(Date.UTC(year, month, 0)).getUTCDate() ? ': day out of range' : undefined;
}

/** The byte at which Go stops reading text that is not base64 with padding; line breaks are passed over. */
function base64Problem(text: string): number | undefined {
  const skip = (from: number) => {
    let at = from;
    while (text[at] === '\r' || text[at] === '\n') at += 1;
    return at;
  };
  let digits = 0;
  for (let at = skip(0); at < text.length; at = skip(at + 1)) {
    if (/[A-Za-z0-9+/]/.test(text[at]!)) {
      digits += 1;
      continue;
    }
    if (text[at] !== '=' || digits % 4 < 2) return at;
    let next = skip(at + 1);
    if (digits % 4 === 2) {
      if (next >= text.length) return text.length;
      if (text[next] !== '=') return next - 1;
      next = skip(next + 1);
    }
    return next < text.length ? next : undefined;
  }
  return digits % 4 === 0 ? undefined : startOfRest(text, digits % 4);
}

/** Where the last few characters begin. */
function startOfRest(text: string, count: number): number {
  let at = text.length;
  for (let left = count; left > 0; ) {
    at -= 1;
    if (text[at] !== '\r' && text[at] !== '\n') left -= 1;
  }
  return at;
}

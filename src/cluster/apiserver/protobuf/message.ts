import { ProtobufError } from './error.ts';
import { type Field, type Message, messageOf } from './messages.ts';
import { Reader, WIRE } from './reader.ts';

type Json = Record<string, unknown>;

/**
 * Decodes a message into the object that its JSON would be. Fields that the table does not have are passed over, as
 * newer clients may send them. The table has no message that contains itself, so depth is bounded.
 * @param into what an earlier part of the same message has set
 * @throws ProtobufError
 */
export function decodeMessage(bytes: Buffer, message: Message, into: Json = {}): Json {
  const reader = new Reader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    const field = message.get(number);
    if (!field) reader.skip(wire);
    else if (field.shape === 'list') addElements(reader, wire, field, into);
    else if (field.shape === 'map') addEntry(reader, wire, field, into);
    else setValue(reader, wire, field, into);
  }
  return into;
}

function setValue(reader: Reader, wire: number, field: Field, into: Json): void {
  const { name, kind, omitsZero } = field;
  if (name === '.') {
    decodeMessage(readBytes(reader, wire, field), messageOf(kind), into);
    return;
  }
  const value = readValue(reader, wire, field, into[name]);
  if (omitsZero && (value === 0 || value === false || value === '')) delete into[name];
  else into[name] = value;
}

function addElements(reader: Reader, wire: number, field: Field, into: Json): void {
  const { name, kind } = field;
  into[name] ??= [];
  const list = into[name] as unknown[];
  if (kind !== 'int' || wire !== WIRE.bytes) {
    list.push(readValue(reader, wire, field));
    return;
  }
  const packed = new Reader(reader.bytes());
  while (!packed.done) list.push(packed.int());
}

function addEntry(reader: Reader, wire: number, field: Field, into: Json): void {
  const entry = new Reader(readBytes(reader, wire, field));
  let key = '';
  let value: unknown = field.kind === 'Items' ? [] : '';
  while (!entry.done) {
    const tag = entry.tag();
    if (tag.number === 1) key = readBytes(entry, tag.wire, field).toString('utf8');
    else if (tag.number === 2) value = readValue(entry, tag.wire, field);
    else entry.skip(tag.wire);
  }
  into[field.name] ??= {};
  // Defined, not assigned: a key may be __proto__.
  Object.defineProperty(into[field.name], key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function readValue(reader: Reader, wire: number, field: Field, before?: unknown): unknown {
  const { kind } = field;
  if (kind === 'int' || kind === 'bool') {
    expect(wire, WIRE.varint, field);
    return kind === 'int' ? reader.int() : reader.bool();
  }
  const bytes = readBytes(reader, wire, field);
  const own = OWN_FORMS[kind];
  return own ? own(bytes, field) : decodeMessage(bytes, messageOf(kind), before as Json | undefined);
}

function readBytes(reader: Reader, wire: number, field: Field): Buffer {
  expect(wire, WIRE.bytes, field);
  return reader.bytes();
}

function expect(wire: number, expected: number, { name }: Field): void {
  if (wire !== expected) throw new ProtobufError(`proto: wrong wireType = ${wire} for field ${name}`);
}

const FIRST_SECOND = Date.parse('0000-01-01T00:00:00Z') / 1000;
const LAST_SECOND = Date.parse('9999-12-31T23:59:59Z') / 1000;

const field = (name: string, kind: string): Field => ({ name, kind, shape: 'single', omitsZero: false });
const TIME: Message = new Map([
  [1, field('seconds', 'int')],
  [2, field('nanos', 'int')],
]);
const INT_OR_STRING: Message = new Map([
  [1, field('type', 'int')],
  [2, field('int', 'int')],
  [3, field('text', 'string')],
]);
const QUANTITY: Message = new Map([[1, field('string', 'string')]]);
const RAW: Message = new Map([[1, field('raw', 'string')]]);
const ITEMS: Message = new Map([[1, { ...field('items', 'string'), shape: 'list' }]]);

/** What is not an object of its fields in JSON. */
const OWN_FORMS: Record<string, (bytes: Buffer, field: Field) => unknown> = {
  string: (bytes) => bytes.toString('utf8'),
  bytes: (bytes) => bytes.toString('base64'),
  Time: (bytes, { name }) => timeOf(bytes, name, 0),
  MicroTime: (bytes, { name }) => timeOf(bytes, name, 6),
  Quantity: (bytes) => decodeMessage(bytes, QUANTITY).string ?? '0',
  IntOrString(bytes) {
    const { type = 0, int = 0, text = '' } = decodeMessage(bytes, INT_OR_STRING);
    return type === 0 ? int : text;
  },
  Json(bytes, { name }) {
    const { raw = '' } = decodeMessage(bytes, RAW) as { raw?: string };
    if (raw === '') return null;
    try {
      return JSON.parse(raw);
    } catch (error) {
      throw new ProtobufError(`${name}: json parse error: ${(error as Error).message}`);
    }
  },
  Items: (bytes) => decodeMessage(bytes, ITEMS).items ?? [],
};

/** No time at all is a message without fields. @param digits of the fraction of a second */
function timeOf(bytes: Buffer, name: string, digits: 0 | 6): string | null {
  if (bytes.length === 0) return null;
  const { seconds = 0, nanos = 0 } = decodeMessage(bytes, TIME) as { seconds?: number; nanos?: number };
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos > 999_999_999) {
    throw new ProtobufError(`${name}: the time is not within the years 0 to 9999`);
  }
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  const fraction = String(nanos).padStart(9, '0').slice(0, digits);
  return digits === 0 ? `${whole}Z` : `${whole}.${fraction}Z`;
}

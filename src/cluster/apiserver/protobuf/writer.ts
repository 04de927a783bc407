const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** A field with its length before it: text, bytes or a message. */
export function bytesField(number: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([tag(number, BYTES), varint(bytes.length), bytes]);
}

/** A field that is a whole number. */
export const intField = (number: number, value: number): Buffer =>
  Buffer.concat([tag(number, VARINT), varint(value)]);

/** A field that is a number with a fraction. */
export function doubleField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(number, FIXED64), bytes]);
}

const tag = (number: number, wire: number) => varint(number * 8 + wire);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

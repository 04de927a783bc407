import { ProtobufError } from './error.ts';

/** How a field is written; the numbers are protobuf's. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Reads protobuf's wire format. Every read is within the given bytes. @throws ProtobufError */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The number of the next field, and how it is written. */
  tag(): { number: number; wire: number } {
    const tag = this.#varint();
    const number = Number(tag >> 3n);
    if (number < 1 || number > 0x1fff_ffff) throw new ProtobufError(`proto: illegal tag ${number}`);
    return { number, wire: Number(tag & 7n) };
  }

  /** A signed number; more than 53 bits lose precision, as in JSON. */
  int(): number {
    return Number(BigInt.asIntN(64, this.#varint()));
  }

  bool(): boolean {
    return this.#varint() !== 0n;
  }

  /** Bytes with their length before them; a view, not a copy. */
  bytes(): Buffer {
    return this.#take(Number(this.#varint()));
  }

  /** Passes over the value of a field that is not known. */
  skip(wire: number): void {
    if (wire === WIRE.varint) this.#varint();
    else if (wire === WIRE.fixed64) this.#take(8);
    else if (wire === WIRE.bytes) this.bytes();
    else if (wire === WIRE.fixed32) this.#take(4);
    else throw new ProtobufError(`proto: illegal wireType ${wire}`);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new ProtobufError('unexpected EOF');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #varint(): bigint {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at += 1;
      return BigInt(first);
    }
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = this.#take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('proto: integer overflow');
  }
}

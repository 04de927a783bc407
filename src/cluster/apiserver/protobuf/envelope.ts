import { ProtobufError } from './error.ts';
import { Reader, WIRE } from './reader.ts';

/** `k8s` and a zero, before every body. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0]);

/** `runtime.Unknown`: which object a body holds, and the object itself. */
export interface Envelope {
  /** Empty when the client does not say. */
  apiVersion: string;
  /** Empty when the client does not say. */
  kind: string;
  raw: Buffer;
}

/** Takes the envelope off a body. @throws ProtobufError */
export function openEnvelope(bytes: Buffer): Envelope {
  if (bytes.length === 0) throw new ProtobufError('empty data');
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new ProtobufError(
      `provided data does not appear to be a protobuf message, expected prefix [${[...MAGIC].join(' ')}]`,
    );
  }
  if (bytes.length === MAGIC.length) throw new ProtobufError('empty body');
  const fields = readFields(bytes.subarray(MAGIC.length));
  const encoding = fields.get(3)?.toString() ?? '';
  if (encoding) throw new ProtobufError(`the content encoding ${JSON.stringify(encoding)} is not supported`);
  const type = readFields(fields.get(1) ?? Buffer.alloc(0));
  return {
    apiVersion: type.get(1)?.toString() ?? '',
    kind: type.get(2)?.toString() ?? '',
    raw: fields.get(2) ?? Buffer.alloc(0),
  };
}

/** The fields of a message that are texts, bytes and messages, by number. */
function readFields(bytes: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  const reader = new Reader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (wire === WIRE.bytes) fields.set(number, reader.bytes());
    else reader.skip(wire);
  }
  return fields;
}

/** The frames of SPDY/3.1, as bytes; header blocks are still compressed here. */

const VERSION = 3;
const HEAD_BYTES = 8;
/** Longest payload that is taken; a peer that sends more is broken. */
const MOST_BYTES = 1024 * 1024;

export const FLAG_FIN = 0x01;

export const FrameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const ResetStatus = {
  protocolError: 1,
  invalidStream: 2,
  refused: 3,
  cancel: 5,
  alreadyClosed: 9,
} as const;

/** What the peer sent breaks the protocol: the connection cannot go on. */
export class SpdyError extends Error {
  override name = 'SpdyError';
}

export interface DataFrame {
  streamId: number;
  fin: boolean;
  data: Buffer;
}

export interface ControlFrame {
  type: number;
  flags: number;
  payload: Buffer;
}

export type Frame = DataFrame | ControlFrame;

export const isData = (frame: Frame): frame is DataFrame => 'streamId' in frame;

/** Cuts a stream of bytes into frames. @throws SpdyError */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const chunks = new Chunks();
  for await (const chunk of source) {
    chunks.add(chunk);
    for (let head = chunks.peek(HEAD_BYTES); head; head = chunks.peek(HEAD_BYTES)) {
      const length = head.readUIntBE(5, 3);
      if (length > MOST_BYTES) throw new SpdyError(`a frame of ${length} bytes is too long`);
      const whole = chunks.take(HEAD_BYTES + length);
      if (!whole) break;
      yield parseFrame(whole);
    }
  }
}

function parseFrame(bytes: Buffer): Frame {
  const word = bytes.readUInt32BE(0);
  const flags = bytes[4]!;
  const payload = bytes.subarray(HEAD_BYTES);
  if (word >>> 31 === 0) return { streamId: word, fin: (flags & FLAG_FIN) !== 0, data: payload };
  const version = (word >>> 16) & 0x7fff;
  if (version !== VERSION) throw new SpdyError(`version ${version} is not supported`);
  return { type: word & 0xffff, flags, payload };
}

/** What has come in and is not a whole frame yet. */
class Chunks {
  #chunks: Buffer[] = [];
  #size = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** The first bytes, which stay; undefined while there are fewer. */
  peek(length: number): Buffer | undefined {
    if (this.#size < length) return undefined;
    if (this.#chunks[0]!.length < length) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!.subarray(0, length);
  }

  take(length: number): Buffer | undefined {
    if (this.#size < length) return undefined;
    if (this.#chunks[0]!.length < length) this.#chunks = [Buffer.concat(this.#chunks)];
    const first = this.#chunks[0]!;
    const rest = first.subarray(length);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
    this.#size -= length;
    return first.subarray(0, length);
  }
}

/** The head of a data frame; its payload follows. */
export function dataHead(streamId: number, length: number, fin: boolean): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt32BE(length, 4);
  head[4] = fin ? FLAG_FIN : 0;
  return head;
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(((0x8000 | VERSION) << 16) >>> 0, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(payload.length, 4);
  head[4] = flags;
  return Buffer.concat([head, payload]);
}

/** Payload of 32-bit numbers, as most control frames have it. */
export function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, 4 * index);
  });
  return bytes;
}

/** A number of a control frame's payload, without the bit that is reserved. @throws SpdyError when it is not there */
export function numberAt({ payload }: ControlFrame, index: number): number {
  if (payload.length < 4 * (index + 1)) throw new SpdyError('a control frame is too short');
  return payload.readUInt32BE(4 * index) & 0x7fffffff;
}

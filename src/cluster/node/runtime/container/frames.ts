import { Transform, type TransformCallback } from 'node:stream';

/** A piece of what a container without a terminal wrote. */
export interface Frame {
  stream: 'stdout' | 'stderr';
  data: Buffer;
}

const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Takes the engine's stream of a container without a terminal apart: each piece has a header of 8 bytes, the stream in
 * the first and the length in the last four. Emits `Frame`s.
 */
export class FrameReader extends Transform {
  #rest: Buffer = Buffer.alloc(0);

  constructor() {
    super({ readableObjectMode: true });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) break;
      const frame: Frame = {
        stream: rest[0] === STDERR ? 'stderr' : 'stdout',
        data: rest.subarray(HEADER_BYTES, end),
      };
      this.push(frame);
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    done();
  }
}

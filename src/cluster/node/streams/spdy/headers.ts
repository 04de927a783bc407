import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { HEADER_DICTIONARY } from './dictionary.ts';
import { SpdyError } from './frames.ts';

/** Longest header block, uncompressed. */
const MOST_BYTES = 64 * 1024;

/** Names in lower case. Of several values of one name, all, separated by a NUL. */
export type Headers = Readonly<Record<string, string>>;

/**
 * Reads and writes the header blocks of one connection: all blocks of a direction are one zlib stream, so they must be
 * given in the order in which they are on the wire, one after the other.
 */
export class HeaderCodec {
  readonly #inflate: Inflate;
  readonly #deflate: Deflate;
  #inflated: Buffer[] = [];
  #size = 0;

  constructor() {
    const options = { dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH };
    this.#inflate = createInflate(options);
    this.#deflate = createDeflate(options);
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#size += chunk.length;
      // The rest of what may be a bomb is dropped.
      if (this.#size <= MOST_BYTES) this.#inflated.push(chunk);
      else this.#inflate.destroy(new SpdyError(`headers take more than ${MOST_BYTES} bytes`));
    });
  }

  /** @throws SpdyError */
  async decode(block: Buffer): Promise<Headers> {
    this.#inflated = [];
    this.#size = 0;
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => reject(new SpdyError(`headers cannot be read: ${error.message}`));
      this.#inflate.once('error', fail);
      this.#inflate.write(block, () => {
        this.#inflate.off('error', fail);
        // What the last write gave is passed on after its callback.
        setImmediate(resolve);
      });
    });
    return parseHeaders(Buffer.concat(this.#inflated));
  }

  async encode(headers: Headers): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const collect = (chunk: Buffer) => chunks.push(chunk);
    this.#deflate.on('data', collect);
    await new Promise<void>((resolve, reject) => {
      this.#deflate.once('error', reject);
      this.#deflate.write(formatHeaders(headers), () => {
        this.#deflate.off('error', reject);
        setImmediate(resolve);
      });
    });
    this.#deflate.off('data', collect);
    return Buffer.concat(chunks);
  }

  close(): void {
    // What is being read or written is given up.
    for (const stream of [this.#inflate, this.#deflate]) stream.on('error', () => {}).destroy();
  }
}

function parseHeaders(block: Buffer): Headers {
  const headers: Record<string, string> = {};
  let at = 0;
  const number = () => {
    if (at + 4 > block.length) throw new SpdyError('headers end early');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    if (at + length > block.length) throw new SpdyError('headers end early');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  for (let count = number(); count > 0; count--) {
    const name = text().toLowerCase();
    headers[name] = text();
  }
  return headers;
}

function formatHeaders(headers: Headers): Buffer {
  const texts = Object.entries(headers).flat();
  const parts = texts.map((text) => {
    const bytes = Buffer.from(text, 'latin1');
    const part = Buffer.alloc(4 + bytes.length);
    part.writeUInt32BE(bytes.length);
    bytes.copy(part, 4);
    return part;
  });
  const count = Buffer.alloc(4);
  count.writeUInt32BE(texts.length / 2);
  return Buffer.concat([count, ...parts]);
}

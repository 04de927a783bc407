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
  /** After it the stream of blocks cannot be read on. */
  #failure: SpdyError | undefined;
  #settle: (() => void) | undefined;

  constructor() {
    const options = { dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH };
    this.#inflate = createInflate(options);
    this.#deflate = createDeflate(options);
    this.#inflate.on('error', (error) => this.#fail(`headers cannot be read: ${error.message}`));
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#size += chunk.length;
      this.#inflated.push(chunk);
      if (this.#size > MOST_BYTES) this.#fail(`headers take more than ${MOST_BYTES} bytes`);
    });
  }

  /** @throws SpdyError */
  async decode(block: Buffer): Promise<Headers> {
    this.#inflated = [];
    this.#size = 0;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      // What a write gives is passed on after its callback.
      this.#inflate.write(block, () => setImmediate(resolve));
    });
    if (this.#failure) throw this.#failure;
    return parseHeaders(Buffer.concat(this.#inflated));
  }

  #fail(message: string): void {
    this.#failure ??= new SpdyError(message);
    this.#inflate.destroy();
    this.#inflated = [];
    this.#settle?.();
  }

  async encode(headers: Headers): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const collect = (chunk: Buffer) => chunks.push(chunk);
    this.#deflate.on('data', collect);
    await new Promise<void>((resolve) => {
      this.#deflate.write(formatHeaders(headers), () => setImmediate(resolve));
    });
    this.#deflate.off('data', collect);
    return Buffer.concat(chunks);
  }

  close(): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
    this.#settle?.();
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

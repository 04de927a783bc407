import { Duplex } from 'node:stream';
import { ResetStatus } from './frames.ts';
import type { Headers } from './headers.ts';

/** How much of what a peer sent waits in a stream before the peer's other streams have to wait too. */
const WAITING_BYTES = 256 * 1024;

/** How a stream reaches its peer. */
export interface StreamLink {
  /** Calls back when there is room for more. */
  send(streamId: number, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  reset(streamId: number, status: number): void;
  closed(streamId: number): void;
}

/** One stream of a SPDY connection. Ending it is half a close; destroying it resets it. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #link: StreamLink;
  #peerEnded = false;
  #ended = false;
  #reset = false;
  #room: (() => void) | undefined;

  constructor(id: number, headers: Headers, link: StreamLink) {
    super({ readableHighWaterMark: WAITING_BYTES, writableHighWaterMark: 64 * 1024 });
    this.id = id;
    this.headers = headers;
    this.#link = link;
    // A reset is told to whoever uses the stream by its closing.
    this.on('error', () => {});
  }

  /** What the peer sent; resolves when there is room for more. */
  async receive(data: Buffer, fin: boolean): Promise<void> {
    if (this.#peerEnded || this.destroyed) return;
    const hasRoom = data.length === 0 || this.push(data);
    if (fin) {
      this.#peerEnded = true;
      this.push(null);
    } else if (!hasRoom) {
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
    }
  }

  /** The peer has broken the stream off, or the connection is lost. */
  broken(): void {
    this.#reset = true;
    this.destroy();
  }

  override _read(): void {
    this.#room?.();
    this.#room = undefined;
  }

  override _write(data: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#link.send(this.id, data, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#ended = true;
    this.#link.send(this.id, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#room?.();
    this.#room = undefined;
    if (!this.#reset && !(this.#ended && this.#peerEnded)) this.#link.reset(this.id, ResetStatus.cancel);
    this.#link.closed(this.id);
    done(error);
  }
}

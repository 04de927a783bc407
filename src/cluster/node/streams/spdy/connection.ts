import type { Duplex } from 'node:stream';
import {
  type ControlFrame,
  controlFrame,
  dataHead,
  FLAG_FIN,
  type Frame,
  FrameType,
  isData,
  numberAt,
  numbers,
  ResetStatus,
  readFrames,
  SpdyError,
} from './frames.ts';
import { HeaderCodec } from './headers.ts';
import { SpdyStream, type StreamLink } from './stream.ts';

/** Longest payload of the frames that are sent. */
const FRAME_BYTES = 32 * 1024;
/** Streams of one connection that may be open at a time; each may hold back what waits in it. */
const MOST_STREAMS = 1000;

/**
 * The server's side of a SPDY/3.1 connection, on which only the client opens streams.
 *
 * Windows are not kept: the clients of Kubernetes neither announce any nor respect any. A stream that nobody reads holds
 * up its connection instead, once it is full.
 */
export class SpdyConnection {
  /** Settles when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #transport: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #headers = new HeaderCodec();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #link: StreamLink;
  #lastId = 0;

  /** `onStream` is called once the client has been told that its stream is accepted. */
  constructor(transport: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport;
    this.#onStream = onStream;
    this.#link = {
      send: (id, data, fin, done) => this.#send(id, data, fin, done),
      reset: (id, status) => this.#control(FrameType.rstStream, numbers(id, status)),
      closed: (id) => this.#streams.delete(id),
    };
    this.closed = this.#run();
  }

  /** Sends what is under way and closes. Idempotent. */
  end(): void {
    if (this.#transport.writableEnded) return;
    this.#control(FrameType.goAway, numbers(this.#lastId, 0));
    this.#transport.end();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  async #run(): Promise<void> {
    try {
      for await (const frame of readFrames(this.#transport as AsyncIterable<Buffer>))
        await this.#handle(frame);
    } catch {
      // Broken off, or broken: either way there is nobody to tell.
    } finally {
      for (const stream of [...this.#streams.values()]) stream.broken();
      this.#headers.close();
      this.#transport.destroy();
    }
  }

  async #handle(frame: Frame): Promise<void> {
    if (isData(frame)) {
      const stream = this.#streams.get(frame.streamId);
      if (stream) await stream.receive(frame.data, frame.fin);
      else if (frame.streamId > this.#lastId) this.#link.reset(frame.streamId, ResetStatus.invalidStream);
      return;
    }
    switch (frame.type) {
      case FrameType.synStream:
        return this.#open(frame);
      case FrameType.headers:
        // Nothing in them matters, but they are part of the compressed stream.
        await this.#headers.decode(frame.payload.subarray(4));
        if (frame.flags & FLAG_FIN)
          await this.#streams.get(numberAt(frame, 0))?.receive(Buffer.alloc(0), true);
        return;
      case FrameType.rstStream:
        this.#streams.get(numberAt(frame, 0))?.broken();
        return;
      case FrameType.ping:
        // Those with even numbers would be answers to our own.
        if (numberAt(frame, 0) % 2 === 1) this.#control(FrameType.ping, frame.payload);
        return;
      case FrameType.synReply:
        throw new SpdyError('a reply to a stream that was never opened');
      default:
        // SETTINGS and WINDOW_UPDATE say nothing that is used here, and GOAWAY is followed by the end.
        return;
    }
  }

  async #open(frame: ControlFrame): Promise<void> {
    const id = numberAt(frame, 0);
    // Stream, associated stream, priority and slot: ten bytes.
    const headers = await this.#headers.decode(frame.payload.subarray(10));
    if (id % 2 === 0 || id <= this.#lastId) {
      this.#link.reset(id, ResetStatus.protocolError);
      return;
    }
    this.#lastId = id;
    if (this.#streams.size >= MOST_STREAMS) {
      this.#link.reset(id, ResetStatus.refused);
      return;
    }
    const stream = new SpdyStream(id, headers, this.#link);
    this.#streams.set(id, stream);
    this.#control(FrameType.synReply, Buffer.concat([numbers(id), await this.#headers.encode({})]));
    if (frame.flags & FLAG_FIN) await stream.receive(Buffer.alloc(0), true);
    this.#onStream(stream);
  }

  #send(id: number, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    if (!this.#transport.writable) {
      done(new Error('the connection has ended'));
      return;
    }
    this.#transport.cork();
    let start = 0;
    do {
      const part = data.subarray(start, start + FRAME_BYTES);
      start += part.length;
      const isLast = start >= data.length;
      this.#transport.write(
        dataHead(id, part.length, fin && isLast),
        isLast && part.length === 0 ? done : undefined,
      );
      if (part.length > 0) this.#transport.write(part, isLast ? done : undefined);
    } while (start < data.length);
    this.#transport.uncork();
  }

  #control(type: number, payload: Buffer): void {
    if (this.#transport.writable) this.#transport.write(controlFrame(type, 0, payload));
  }
}

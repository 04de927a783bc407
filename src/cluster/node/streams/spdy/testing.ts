import type { Duplex } from 'node:stream';
import {
  type ControlFrame,
  controlFrame,
  type DataFrame,
  dataHead,
  type Frame,
  FrameType,
  isData,
  numbers,
  readFrames,
} from './frames.ts';
import { HeaderCodec, type Headers } from './headers.ts';

/** A client of SPDY for tests: opens streams, sends frames, and remembers those it gets. */
export class SpdyClient {
  readonly frames: Frame[] = [];
  readonly ended: Promise<void>;
  readonly #transport: Duplex;
  readonly #headers = new HeaderCodec();
  #nextId = 1;

  constructor(transport: Duplex) {
    this.#transport = transport;
    this.ended = this.#read();
  }

  async open(headers: Headers, flags = 0): Promise<number> {
    const id = this.#nextId;
    this.#nextId += 2;
    const head = Buffer.concat([numbers(id, 0), Buffer.alloc(2)]);
    const block = await this.#headers.encode(headers);
    this.#transport.write(controlFrame(FrameType.synStream, flags, Buffer.concat([head, block])));
    return id;
  }

  send(id: number, data: string | Buffer, fin = false): void {
    const bytes = Buffer.from(data);
    this.#transport.write(Buffer.concat([dataHead(id, bytes.length, fin), bytes]));
  }

  control(type: number, ...values: number[]): void {
    this.#transport.write(controlFrame(type, 0, numbers(...values)));
  }

  /** All that came on a stream so far, and whether it has ended. */
  received(id: number): { text: string; fin: boolean } {
    const frames = this.frames.filter((frame): frame is DataFrame => isData(frame) && frame.streamId === id);
    return {
      text: Buffer.concat(frames.map(({ data }) => data)).toString(),
      fin: frames.some(({ fin }) => fin),
    };
  }

  controls(type: number): ControlFrame[] {
    return this.frames.filter((frame): frame is ControlFrame => !isData(frame) && frame.type === type);
  }

  async #read(): Promise<void> {
    for await (const frame of readFrames(this.#transport as AsyncIterable<Buffer>)) this.frames.push(frame);
  }
}

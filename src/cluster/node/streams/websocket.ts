import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Readable, Writable } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** A request that asks to speak another protocol from here on. */
export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  /** What came with the request already. */
  head: Buffer;
}

/** Longest message that is taken. */
const MOST_BYTES = 16 * 1024 * 1024;
/** How much of what a client sent waits in a channel before the client's other channels have to wait too. */
const WAITING_BYTES = 256 * 1024;

/** The protocols that a client offers, best first; none is the first version of the channels. */
export function offeredProtocols({ headers }: IncomingMessage): string[] {
  const offered = headers['sec-websocket-protocol'];
  return offered === undefined ? [''] : offered.split(',').map((name) => name.trim());
}

/**
 * Answers the handshake. `protocol` is one of those that were offered. `use` is called with the socket before the first
 * message comes, which clients may have sent already.
 */
export function acceptWebSocket<T>(
  { request, socket, head }: Upgrade,
  protocol: string,
  use: (accepted: WebSocket) => T,
): Promise<T> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_BYTES,
  });
  // Kubernetes' names are no tokens (`SPDY/3.1+…`), which `ws` would refuse.
  delete request.headers['sec-websocket-protocol'];
  if (protocol) server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('the client has gone')));
    server.on('wsClientError', reject);
    server.handleUpgrade(request, socket, head, (accepted) => resolve(use(accepted)));
  });
}

/**
 * A WebSocket that carries numbered channels: the first byte of a message is its channel, in the protocols with `base64`
 * a digit before text.
 */
export class Channels {
  /** Settles when the socket has closed, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #isBase64: boolean;
  readonly #readers = new Map<number, ChannelReader>();
  readonly #full = new Set<number>();
  /** Called for the channel that a client closes (protocol version 5). */
  onCloseSignal: (channel: number) => void = () => {};

  constructor(socket: WebSocket, { isBase64 }: { isBase64: boolean }) {
    this.#socket = socket;
    this.#isBase64 = isBase64;
    socket.on('message', (data: Buffer) => this.#receive(data));
    // A broken protocol closes the socket.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const reader of this.#readers.values()) reader.destroy();
        resolve();
      });
    });
  }

  /** What the client sends on a channel. */
  reader(channel: number): Readable {
    const reader = new ChannelReader((isFull) => {
      if (isFull) this.#full.add(channel);
      else this.#full.delete(channel);
      if (this.#full.size > 0) this.#socket.pause();
      else this.#socket.resume();
    });
    this.#readers.set(channel, reader);
    return reader;
  }

  /** Sends what is written on a channel; ending it is not told to the client. */
  writer(channel: number): Writable {
    return new Writable({
      write: (data: Buffer, _encoding, done) => this.#socket.send(this.#encode(channel, data), done),
    }).on('error', () => {});
  }

  close(): void {
    this.#socket.close(1000);
  }

  #encode(channel: number, data: Buffer): Buffer | string {
    if (this.#isBase64) return `${channel}${data.toString('base64')}`;
    const message = Buffer.allocUnsafe(data.length + 1);
    message[0] = channel;
    data.copy(message, 1);
    return message;
  }

  #receive(message: Buffer): void {
    const first = message[0];
    if (first === undefined) return;
    const channel = this.#isBase64 ? first - 0x30 : first;
    const data = message.subarray(1);
    if (channel === CLOSE_CHANNEL) {
      if (data[0] === undefined) return;
      this.#readers.get(data[0])?.finish();
      this.onCloseSignal(data[0]);
    } else if (data.length > 0) {
      this.#readers.get(channel)?.add(this.#isBase64 ? Buffer.from(data.toString('latin1'), 'base64') : data);
    }
  }
}

/** Says in protocol version 5 that the channel named next is closed. */
const CLOSE_CHANNEL = 255;

class ChannelReader extends Readable {
  readonly #setFull: (isFull: boolean) => void;
  #isFull = false;
  #isFinished = false;

  constructor(setFull: (isFull: boolean) => void) {
    super({ highWaterMark: WAITING_BYTES });
    this.#setFull = setFull;
  }

  add(data: Buffer): void {
    if (this.destroyed || this.#isFinished || this.push(data)) return;
    this.#isFull = true;
    this.#setFull(true);
  }

  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.push(null);
  }

  override _read(): void {
    this.#makeRoom();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#makeRoom();
    done(error);
  }

  #makeRoom(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#setFull(false);
  }
}

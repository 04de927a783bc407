import { createWebSocketStream } from 'ws';
import { type ForwardTarget, forwardPort, parsePort } from './forward.ts';
import type { SpdyConnection, SpdyStream } from './spdy/index.ts';
import { acceptSpdy, connectSpdy } from './spdy-upgrade.ts';
import { acceptWebSocket, type Upgrade } from './websocket.ts';

/** The protocol of port-forward over SPDY, as Kubernetes names it. */
export const SPDY_FORWARD_PROTOCOL = 'portforward.k8s.io';
/** The same, with the frames of SPDY within a WebSocket. */
export const TUNNEL_FORWARD_PROTOCOL = `SPDY/3.1+${SPDY_FORWARD_PROTOCOL}`;

/** How long the second stream of a connection may be after the first. */
const PAIR_MS = 30_000;

/** Forwards ports for a client that speaks SPDY. */
export function spdyForward(upgrade: Upgrade, target: ForwardTarget): SpdyConnection {
  const pairs = new Pairs(target);
  return acceptSpdy(upgrade, SPDY_FORWARD_PROTOCOL, (stream) => pairs.add(stream));
}

/** Forwards ports for a client that speaks SPDY within a WebSocket. */
export function tunnelForward(upgrade: Upgrade, target: ForwardTarget): Promise<SpdyConnection> {
  const pairs = new Pairs(target);
  return acceptWebSocket(upgrade, TUNNEL_FORWARD_PROTOCOL, (socket) =>
    connectSpdy(createWebSocketStream(socket), Buffer.alloc(0), (stream) => pairs.add(stream)),
  );
}

interface Half {
  stream: SpdyStream;
  timer: NodeJS.Timeout;
}

/** Each forwarded connection has two streams with the same request id, one of type `data` and one of type `error`. */
class Pairs {
  readonly #target: ForwardTarget;
  readonly #waiting = new Map<string, Half>();

  constructor(target: ForwardTarget) {
    this.#target = target;
  }

  add(stream: SpdyStream): void {
    const { streamtype, requestid, port } = stream.headers;
    if ((streamtype !== 'data' && streamtype !== 'error') || parsePort(port) === undefined) {
      stream.destroy();
      return;
    }
    // Clients of old send no request ids: a data stream follows the error stream that was opened before it.
    const id = requestid ?? String(streamtype === 'data' ? stream.id - 2 : stream.id);
    const first = this.#waiting.get(id);
    if (!first) {
      const timer = setTimeout(() => this.#drop(id, stream), PAIR_MS).unref();
      this.#waiting.set(id, { stream, timer });
      stream.once('close', () => this.#drop(id, stream));
      return;
    }
    clearTimeout(first.timer);
    this.#waiting.delete(id);
    if (first.stream.headers.streamtype === streamtype) {
      for (const half of [first.stream, stream]) half.destroy();
      return;
    }
    const [data, errors] = streamtype === 'data' ? [stream, first.stream] : [first.stream, stream];
    errors.resume();
    forwardPort(this.#target, parsePort(data.headers.port)!, data, errors);
  }

  #drop(id: string, stream: SpdyStream): void {
    const half = this.#waiting.get(id);
    if (half?.stream !== stream) return;
    clearTimeout(half.timer);
    this.#waiting.delete(id);
    stream.destroy();
  }
}

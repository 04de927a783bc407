import type { ServerOptions } from 'node:http';
import type { SecureServerOptions, ServerHttp2Session } from 'node:http2';

/** How long clients may take, as kube-apiserver bounds them. */
export interface ConnectionBounds {
  /** For the TLS handshake, and again for the headers of a request. Default: 32 seconds. */
  headersMs?: number;
  /** How long a connection without requests stays open. Default: 90 seconds. */
  idleMs?: number;
}

const DEFAULT_BOUNDS = { headersMs: 32_000, idleMs: 90_000 };

/** For headers with a URL, such as one with a long selector; kube-apiserver's too. */
const MAX_HEADER_BYTES = 1024 * 1024;

/** Options for a server of HTTP/2 and HTTP/1.1. */
export function boundedOptions(bounds: ConnectionBounds): SecureServerOptions {
  const { headersMs, idleMs } = { ...DEFAULT_BOUNDS, ...bounds };
  // Their type leaves out what http.createServer takes as well.
  const http1Options: ServerOptions = {
    headersTimeout: headersMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.ceil(headersMs / 8),
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  return {
    allowHTTP1: true,
    handshakeTimeout: headersMs,
    settings: {
      maxConcurrentStreams: 1000,
      initialWindowSize: 1024 * 1024,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
    http1Options,
  };
}

/** Says goodbye to an HTTP/2 client that has asked nothing for a while. */
export function closeIdle(session: ServerHttp2Session, bounds: ConnectionBounds): void {
  const { idleMs } = { ...DEFAULT_BOUNDS, ...bounds };
  let streams = 0;
  let idle: NodeJS.Timeout;
  const wait = () => {
    // One that does not even say goodbye is broken off.
    idle = setTimeout(() => {
      session.close();
      idle = setTimeout(() => session.destroy(), idleMs).unref();
    }, idleMs).unref();
  };
  wait();
  session.on('stream', (stream) => {
    streams += 1;
    clearTimeout(idle);
    stream.once('close', () => {
      streams -= 1;
      if (streams === 0 && !session.closed) wait();
    });
  });
  session.once('close', () => clearTimeout(idle));
}

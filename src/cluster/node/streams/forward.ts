import { connect } from 'node:net';
import type { Duplex, Writable } from 'node:stream';

/** How long a program may take to accept a connection. */
const CONNECT_MS = 10_000;

/** A pod whose ports are forwarded. */
export interface ForwardTarget {
  /** For messages: `default/web-1, uid …`. */
  name: string;
  /** Where the program that has this port in the pod really listens. */
  address(port: number): { host: string; port: number };
}

/**
 * Joins one connection of a client with a port of a pod, in both directions and with half closes, until both have ended.
 * What goes wrong is written to `errors`, and the connection is broken off.
 */
export function forwardPort(target: ForwardTarget, port: number, data: Duplex, errors: Writable): void {
  const address = target.address(port);
  const upstream = connect({ ...address, allowHalfOpen: true, noDelay: true });
  let isConnected = false;
  upstream.setTimeout(CONNECT_MS, () => upstream.destroy(timedOut()));
  upstream.once('connect', () => {
    isConnected = true;
    upstream.setTimeout(0);
    upstream.pipe(data);
    data.pipe(upstream);
    errors.end();
  });
  upstream.once('error', (error: NodeJS.ErrnoException) => {
    if (!isConnected) {
      const where = `${address.host}:${address.port}`;
      errors.end(
        `error forwarding port ${port} to pod ${target.name}: failed to connect to ${where} inside the pod: ` +
          `dial tcp ${where}: connect: ${reasonOf(error)}`,
      );
    }
    data.destroy();
  });
  upstream.once('close', () => {
    // What was read before the end is still on its way.
    if (!data.writableEnded) data.destroy();
  });
  data.once('close', () => upstream.destroy());
}

const timedOut = () => Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EADDRNOTAVAIL: 'cannot assign requested address',
};

const reasonOf = ({ code = '', message }: NodeJS.ErrnoException) => REASONS[code] ?? message;

/** A port as clients write it; undefined when it is none. */
export function parsePort(text: string | undefined): number | undefined {
  const port = Number(text);
  return /^\d+$/.test(text ?? '') && port >= 1 && port <= 65_535 ? port : undefined;
}

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './endpoints.ts';

/** How long one endpoint may take to accept. */
const CONNECT_MS = 1000;
/** How long a connection waits for an endpoint that accepts before it is refused. */
const PATIENCE_MS = 1000;
const PAUSE_MS = 25;

/**
 * Joins a client's connection with an endpoint. An endpoint that does not accept is passed over for the next; as not a
 * byte has been sent, the client does not notice. When none accepts for a while, the client's connection is reset.
 */
export async function forward(client: Socket, candidates: () => readonly Endpoint[]): Promise<void> {
  client.on('error', () => client.destroy());
  const end = performance.now() + PATIENCE_MS;
  while (!client.destroyed) {
    for (const endpoint of candidates()) {
      const upstream = await open(endpoint);
      if (client.destroyed) {
        upstream?.destroy();
        return;
      }
      if (upstream) {
        join(client, upstream);
        return;
      }
    }
    if (performance.now() > end) {
      client.resetAndDestroy();
      return;
    }
    await sleep(PAUSE_MS);
  }
}

function open(endpoint: Endpoint): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...endpoint, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => fail(), CONNECT_MS);
    const fail = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(undefined);
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

/** Each side's end and its errors are passed on to the other. */
function join(client: Socket, upstream: Socket): void {
  upstream.on('error', () => client.resetAndDestroy());
  client.on('error', () => upstream.resetAndDestroy());
  upstream.on('close', () => client.destroySoon());
  client.on('close', () => upstream.destroy());
  client.pipe(upstream);
  upstream.pipe(client);
}

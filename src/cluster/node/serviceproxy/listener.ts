import { createServer, type Server, type Socket } from 'node:net';
import { bindablePort } from '../ports.ts';
import type { Endpoint } from './endpoints.ts';
import { forward } from './forward.ts';

/** Where a listener listens, and why elsewhere than asked. */
export interface Bound {
  host: string;
  port: number;
  /** Why the address that was asked for could not be had. */
  instead?: string | undefined;
}

/** Listens on an address of a Service and forwards each connection. */
export class Listener {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  /** `candidates`: where the connection may go, best first. */
  constructor(candidates: (client: Socket) => readonly Endpoint[]) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
      this.#connections.add(client);
      client.on('close', () => this.#connections.delete(client));
      void forward(client, () => candidates(client));
    });
  }

  /**
   * Listens on this very address, or where that cannot be had and `elsewhere` is allowed, on a port that can: 8000 more
   * where only root may listen, else any that is free.
   * @throws Error when nothing can be had
   */
  async listen(host: string, port: number, { elsewhere }: { elsewhere: boolean }): Promise<Bound> {
    const shifted = bindablePort(port);
    const wanted = [
      { host, port },
      { host, port: shifted === port ? 0 : shifted },
      { host, port: 0 },
      { host: '127.0.0.1', port: 0 },
    ];
    let instead: string | undefined;
    for (const address of elsewhere ? wanted : wanted.slice(0, 1)) {
      try {
        const real = await this.#listen(address.host, address.port);
        return { host: address.host, port: real, instead };
      } catch (error) {
        instead ??= reasonOf(error as NodeJS.ErrnoException);
      }
    }
    throw new Error(`cannot listen on ${host}:${port}: ${instead}`);
  }

  /** Takes no more connections; resolves when those that there are have ended. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Ends the connections too. */
  destroy(): void {
    void this.close();
    for (const connection of this.#connections) connection.destroy();
  }

  #listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES') return 'only root may listen on it';
  if (code === 'EADDRINUSE') return 'the port is in use';
  if (code === 'EADDRNOTAVAIL') return 'this machine does not have the address';
  return message;
}

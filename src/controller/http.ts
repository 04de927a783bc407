import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Address {
  /** Default: 127.0.0.1. */
  host?: string | undefined;
  /** 0: any that is free. */
  port: number;
}

/** An answer to a GET of a path. */
export interface Answer {
  status: number;
  contentType: string;
  body: string;
}

export type Routes = Readonly<Record<string, () => Answer | Promise<Answer>>>;

/** The address cannot be listened on. */
export class ListenError extends Error {
  override name = 'ListenError';
}

export const plainText = (status: number, body: string): Answer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});

export const json = (status: number, value: unknown): Answer => ({
  status,
  contentType: 'application/json',
  body: `${JSON.stringify(value)}\n`,
});

export interface HttpServer {
  port: number;
  stop(): Promise<void>;
}

/**
 * Serves a few paths to probes and scrapers.
 * @throws ListenError when the port is taken or may not be used
 */
export async function serve(what: string, address: Address, routes: Routes): Promise<HttpServer> {
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0] ?? '/';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!route) return send(response, plainText(404, '404 page not found\n'));
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return send(response, plainText(405, 'method not allowed\n'));
    }
    try {
      send(response, await route());
    } catch (error) {
      send(response, plainText(500, `${error instanceof Error ? error.message : error}\n`));
    }
  });
  await listen(server, what, address);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff' });
  response.end(body);
}

async function listen(server: Server, what: string, { host = '127.0.0.1', port }: Address): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
      reject(new ListenError(`cannot serve ${what} on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

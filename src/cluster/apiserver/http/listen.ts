import { type IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { KeyPair } from '../access/certificates.ts';
import { boundedOptions, type ConnectionBounds, closeIdle } from './bounds.ts';
import type { Request, Response, UpgradableConnection } from './exchange.ts';

/** The port that was asked for is taken. */
export class PortInUseError extends Error {
  override name = 'PortInUseError';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, cause?: unknown) {
    super(
      `port ${port} of ${host} is in use by another program: stop it, or choose another port with --port ` +
        '(0 takes any free one)',
      { cause },
    );
    this.host = host;
    this.port = port;
  }
}

/** An open HTTPS port. */
export interface Listener {
  port: number;
  /** Refuses new connections and breaks off those that are open. */
  close(): Promise<void>;
}

type Handler = (request: Request, response: Response, upgrade?: UpgradableConnection) => void;

interface ListenOptions {
  host: string;
  port: number;
  /** What the server shows. */
  certificate: KeyPair;
  /** Whose certificates clients may show to say who they are. */
  authority: Pick<KeyPair, 'certPem'>;
  bounds?: ConnectionBounds;
}

/** Serves HTTP/2 and HTTP/1.1 over TLS. @throws PortInUseError */
export async function listen(
  { host, port, certificate, authority, bounds = {} }: ListenOptions,
  handle: Handler,
): Promise<Listener> {
  const server = createSecureServer({
    ...boundedOptions(bounds),
    cert: certificate.certPem,
    key: certificate.keyPem,
    ca: authority.certPem,
    // Asked for, not insisted on; what is shown and refused is told as 401.
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.on('request', (request, response) => handle(request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Whoever asks for another protocol may still be answered in HTTP, and is then done.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => socket.end());
    handle(request, response, { socket, head });
  });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    closeIdle(session, bounds);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  const sockets = new Set<Socket>();
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  await open(server, host, port);
  let closed: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
      });
      return closed;
    },
  };
}

function open(server: Http2SecureServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(host, port, error) : error),
    );
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

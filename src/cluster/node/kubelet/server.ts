import { timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { Clock } from '../../../api/index.ts';
import { answerMetrics, answerStats } from '../metrics/handlers.ts';
import type { UsageSampler } from '../metrics/sampler.ts';
import type { PodManager } from '../pods/manager.ts';
import { type Upgrade, UpgradeError } from '../streams/index.ts';
import { HttpError } from './error.ts';
import { LogQueryError, parseLogQuery } from './logquery.ts';
import { previousRun, whyWaiting } from './logsource.ts';
import { StreamHandlers } from './streams.ts';

export interface KubeletServerOptions {
  pods: PodManager;
  usage: UsageSampler;
  /** Asked for in `Authorization: Bearer …` of every request but /healthz. */
  token: string;
  /** Loopback only: the answers are not encrypted. */
  host: string;
  port?: number | undefined;
  nodeName: string;
  clock: Clock;
  log: Logger;
}

type Handler = (request: ParsedRequest, response: ServerResponse) => Promise<void>;

interface ParsedRequest {
  parts: string[];
  params: URLSearchParams;
  /** Aborts when the asking side has gone. */
  signal: AbortSignal;
}

/** What the API server asks of a node: logs, what pods use, exec, attach and port-forward. */
export class KubeletServer {
  readonly #options: KubeletServerOptions;
  readonly #server: Server;
  readonly #handlers: Record<string, Handler>;
  readonly #streams: StreamHandlers;
  /** Connections that speak another protocol than HTTP by now. */
  readonly #upgraded = new Set<Duplex>();

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    this.#handlers = {
      containerLogs: (request, response) => this.#containerLogs(request, response),
      stats: async ({ parts }, response) => answerStats(options.usage, parts, response),
      metrics: async ({ parts }, response) => answerMetrics(options.usage, parts, response),
    };
    this.#streams = new StreamHandlers(options);
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade({ request, socket, head }));
  }

  /** Resolves to the port. */
  async start(): Promise<number> {
    const { host, port = 0 } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const { first, parts, params } = parseRequest(request);
      if (first === 'healthz') {
        response.end('ok');
        return;
      }
      if (!this.#isAuthorized(request)) throw new HttpError(401, 'Unauthorized');
      const handler = this.#handlers[first];
      if (!handler) throw new HttpError(404, '404 page not found');
      if (request.method !== 'GET') throw new HttpError(405, 'method not allowed');
      await handler({ parts, params, signal: gone.signal }, response);
    } catch (error) {
      this.#fail(error, response, gone.signal.aborted);
    }
  }

  async #upgrade(upgrade: Upgrade): Promise<void> {
    const { request, socket } = upgrade;
    this.#upgraded.add(socket);
    socket.once('close', () => this.#upgraded.delete(socket));
    socket.on('error', () => socket.destroy());
    try {
      if (!this.#isAuthorized(request)) throw new HttpError(401, 'Unauthorized');
      const { first, parts, params } = parseRequest(request);
      const handler = this.#streams.handlers[first];
      if (!handler) throw new HttpError(404, '404 page not found');
      await handler({ parts, params }, upgrade);
    } catch (error) {
      this.#refuse(error, socket);
    }
  }

  /** Answers a request to upgrade in plain HTTP, unless it has been granted already. */
  #refuse(error: unknown, socket: Duplex): void {
    const known = error instanceof HttpError || error instanceof UpgradeError;
    if (!known && !(error instanceof URIError)) {
      socket.destroy();
      return;
    }
    const status = known ? error.status : 400;
    const { message } = error;
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain\r\nConnection: close\r\n` +
        `Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
    );
  }

  #fail(error: unknown, response: ServerResponse, gone: boolean): void {
    if (gone) return;
    const known = error instanceof HttpError || error instanceof LogQueryError || error instanceof URIError;
    if (!known) this.#options.log.warn({ err: error }, 'cannot answer a request to the node');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = error instanceof HttpError ? error.status : known ? 400 : 500;
    response.writeHead(status, { 'content-type': 'text/plain' });
    response.end((error as Error).message);
  }

  #isAuthorized(request: IncomingMessage): boolean {
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${this.#options.token}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  async #containerLogs({ parts, params, signal }: ParsedRequest, response: ServerResponse): Promise<void> {
    const [namespace = '', podName = '', containerName = ''] = parts;
    const { previous, ...query } = parseLogQuery(params, this.#options.clock);
    const worker = this.#options.pods.worker(namespace, podName);
    if (!worker) throw new HttpError(404, `pod "${podName}" not found`);
    const slot = worker.slot(containerName);
    const what = `container "${containerName}" in pod "${podName}"`;
    if (!slot) throw new HttpError(400, `${what} is not available`);
    const run = previous ? previousRun(slot, worker.pod) : slot.run;
    if (!run) {
      if (previous) throw new HttpError(400, `previous terminated ${what} not found`);
      throw new HttpError(400, `${what} is waiting to start: ${whyWaiting(slot, worker.pod)}`);
    }
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    await pipeline(Readable.from(run.logs(query, signal)), response);
  }
}

function parseRequest(request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://node');
  const [first = '', ...parts] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  return { first, parts, params: url.searchParams };
}

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { stringify as stringifyYaml } from 'yaml';
import type { User } from '../access/users.ts';
import type { StatusError } from '../status.ts';
import { readBody } from './body.ts';
import type { Accepted } from './negotiate.ts';

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

/** The connection of a request that asks to speak another protocol from here on. */
export interface UpgradableConnection {
  socket: Duplex;
  /** What came with the request already. */
  head: Buffer;
}

/** As Go writes it: what an older reader could take for something else than text is quoted, nothing is folded. */
const YAML_STYLE = { sortMapEntries: true, version: '1.1', indentSeq: false, lineWidth: 0 } as const;

/** One request and its answer. */
export class Exchange {
  readonly method: string;
  readonly url: URL;
  readonly request: Request;
  readonly response: Response;
  user: User;
  /** Set when the client asks for another protocol; such a request is answered like any other, or taken over. */
  readonly upgrade: UpgradableConnection | undefined;
  readonly #warnings = new Set<string>();

  constructor(request: Request, response: Response, user: User, upgrade?: UpgradableConnection) {
    this.request = request;
    this.response = response;
    this.user = user;
    this.upgrade = upgrade;
    this.method = request.method ?? 'GET';
    // Only the path matters; the authority is the client's business.
    this.url = new URL(`https://kanari${request.url?.startsWith('/') ? '' : '/'}${request.url ?? ''}`);
  }

  get query(): URLSearchParams {
    return this.url.searchParams;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(',') : value;
  }

  body(): Promise<Buffer> {
    return readBody(this.request, this.header('content-length'));
  }

  /** Takes the connection of a request to upgrade out of HTTP's hands: nothing is answered through it any more. */
  takeSocket(): void {
    (this.response as ServerResponse).detachSocket(this.upgrade!.socket as Socket);
  }

  /** Whether the client is no longer there. */
  get gone(): boolean {
    return 'stream' in this.response ? this.response.stream.destroyed : this.response.destroyed;
  }

  /** Adds a Warning header to the answer. */
  warn(text: string): void {
    this.#warnings.add(text);
  }

  /** Sends a whole answer. */
  send(status: number, contentType: string | undefined, body: string | Buffer, headers = {}): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    this.writeHead(status, {
      ...(contentType && { 'content-type': contentType }),
      ...(status !== 204 && { 'content-length': bytes.length }),
      ...headers,
    });
    if (this.method === 'HEAD') this.response.end();
    else this.response.end(bytes);
  }

  /** Whether somebody reads it: asked for in the query, else told by the program. */
  get #isPretty(): boolean {
    const asked = this.query.get('pretty');
    if (asked) return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(asked);
    return /^(curl|Wget|Mozilla\/5\.0)/.test(this.header('user-agent') ?? '');
  }

  /** Sends a JSON value in the format that the client accepts. */
  sendValue(status: number, value: unknown, format: Accepted['format'] = 'json', headers = {}): void {
    if (format === 'yaml') {
      this.send(status, 'application/yaml', stringifyYaml(value, YAML_STYLE), headers);
    } else {
      const text = JSON.stringify(value, undefined, this.#isPretty ? 2 : 0);
      this.send(status, 'application/json', `${text}\n`, headers);
    }
  }

  /** Answers what was thrown; a stream that has begun is broken off. */
  sendError(error: StatusError): void {
    if (this.response.headersSent) {
      this.response.destroy();
      return;
    }
    const retryAfter = error.details?.retryAfterSeconds;
    this.sendValue(
      error.code,
      error.toStatus(),
      'json',
      retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    );
  }

  /** Begins an answer; for streams. */
  writeHead(status: number, headers: OutgoingHttpHeaders): void {
    const warnings = [...this.#warnings].map((text) => `299 - ${JSON.stringify(text)}`);
    // The two responses differ in their types alone.
    const response = this.response as ServerResponse;
    response.setHeader('cache-control', 'no-cache, private');
    if (warnings.length > 0) response.setHeader('warning', warnings);
    response.writeHead(status, headers);
  }

  /** Sends the headers before there is a body; a client of a stream waits for them. */
  flushHeaders(): void {
    if ('flushHeaders' in this.response) this.response.flushHeaders();
  }
}

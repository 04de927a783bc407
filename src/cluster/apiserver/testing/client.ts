import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as openRequest } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../index.ts';

/** An answer, its body decoded when it is JSON. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  // Tests look into bodies of all kinds.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any;
}

export interface SendOptions {
  body?: unknown;
  type?: string;
  accept?: string;
  /** Default: the admin token; empty: none. */
  token?: string;
  headers?: Record<string, string>;
}

/** An API server on a free port with a state directory of its own, and a client for it. */
export class TestServer {
  readonly stateDir: string;
  readonly #options: Partial<ApiServerOptions>;
  server!: ApiServer;
  readonly #watches: TestWatch[] = [];

  private constructor(options: Partial<ApiServerOptions>) {
    this.#options = options;
    this.stateDir = mkdtempSync(path.join(tmpdir(), 'kanari-apiserver-'));
  }

  static async start(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
    const test = new TestServer(options);
    await test.start();
    return test;
  }

  async start(): Promise<void> {
    this.server = await startApiServer({
      stateDir: this.stateDir,
      port: 0,
      clock: Date.now,
      log: pino({ level: 'silent' }),
      ...this.#options,
    });
  }

  async restart(): Promise<void> {
    await this.server.close();
    await this.start();
  }

  /** Stops the server and removes its state. */
  async stop(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    await this.server.close();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  async send(target: string, options: SendOptions = {}): Promise<Answer> {
    const [method = 'GET', url = ''] = target.split(' ');
    const outgoing = this.#open(method, url, options);
    const incoming = await responseTo(outgoing);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const json = incoming.headers['content-type']?.startsWith('application/json');
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      body: json ? JSON.parse(text) : text,
    };
  }

  /** The answer as it comes; who calls reads it. */
  open(target: string, options: SendOptions = {}): Promise<IncomingMessage> {
    const [method = 'GET', url = ''] = target.split(' ');
    return responseTo(this.#open(method, url, options));
  }

  /** Opens a watch; resolves when its headers are there. */
  async watch(url: string, options: SendOptions = {}): Promise<TestWatch> {
    const incoming = await responseTo(this.#open('GET', url, options));
    const watch = new TestWatch(incoming);
    this.#watches.push(watch);
    return watch;
  }

  #open(method: string, url: string, options: SendOptions): ClientRequest {
    const { token = this.server.adminToken, accept = 'application/json' } = options;
    const body =
      options.body === undefined || typeof options.body === 'string'
        ? options.body
        : JSON.stringify(options.body);
    const outgoing = openRequest(new URL(url, this.server.url), {
      method,
      ca: this.server.caPem,
      agent: false,
      headers: {
        accept,
        'user-agent': 'test/1',
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && {
          'content-type': options.type ?? 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
        ...options.headers,
      },
    });
    outgoing.end(body);
    return outgoing;
  }
}

async function responseTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return incoming;
}

export interface TestEvent {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of all kinds
  object: any;
}

/** The events of a watch. */
export class TestWatch {
  readonly incoming: IncomingMessage;
  readonly events: TestEvent[] = [];
  ended = false;
  #rest = '';
  #wake: () => void = () => {};

  constructor(incoming: IncomingMessage) {
    this.incoming = incoming;
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => {
      const lines = (this.#rest + chunk).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.events.push(JSON.parse(line));
      this.#wake();
    });
    incoming.on('error', () => {});
    incoming.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  /** Waits until so many events have come, or the watch has ended. */
  async until(count: number): Promise<TestEvent[]> {
    while (this.events.length < count && !this.ended) await this.#change();
    return this.events;
  }

  async end(): Promise<void> {
    while (!this.ended) await this.#change();
  }

  close(): void {
    this.incoming.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** `ADDED a`, `DELETED b`, … */
export const summary = (events: readonly TestEvent[]) =>
  events.map(({ type, object }) => `${type} ${object.metadata?.name ?? object.reason ?? ''}`);

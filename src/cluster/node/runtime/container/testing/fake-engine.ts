import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

/** A container as the fake engine keeps it. */
export interface FakeContainer {
  id: string;
  /** Body of its creation. */
  spec: { Image: string; Labels: Record<string, string>; HostConfig: Record<string, unknown> } & Record<
    string,
    unknown
  >;
  running: boolean;
  exitCode: number;
  oomKilled: boolean;
}

/** Answers the part of the Docker Engine API that the runtime uses; containers run nothing. */
export class FakeEngine {
  readonly images = new Map<string, object>();
  readonly containers = new Map<string, FakeContainer>();
  /** `METHOD path` of what was asked, without the version. */
  readonly asked: string[] = [];
  /** What the next start answers instead of success. */
  startError: string | undefined;
  /** How many requests to stop a container it still fails to carry out. */
  failingStops = 0;
  /** What a pull says in its stream. */
  pullError: string | undefined;
  #made = 0;
  readonly #waiting = new Map<string, ServerResponse[]>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  listen(socketPath: string): Promise<void> {
    return new Promise((resolve) => this.#server.listen(socketPath, resolve));
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** The only container that has been made. */
  get only(): FakeContainer {
    const [container, ...others] = this.containers.values();
    if (!container || others.length > 0) throw new Error(`${this.containers.size} containers`);
    return container;
  }

  end(container: FakeContainer, exitCode: number, oomKilled = false): void {
    Object.assign(container, { running: false, exitCode, oomKilled });
    for (const waiting of this.#waiting.get(container.id) ?? []) send(waiting, 200, { StatusCode: exitCode });
    this.#waiting.delete(container.id);
  }

  /** Breaks off every request that waits, as an engine does that is restarted. */
  breakOff(): void {
    for (const response of [...this.#waiting.values()].flat()) response.destroy();
    this.#waiting.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#replyTo(request, response);
    if (reply) send(response, ...reply);
  }

  /** Undefined: it is answered later. */
  async #replyTo(request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://docker');
    const path = decodeURI(pathname.replace(/^\/v1\.\d+/, ''));
    this.asked.push(`${request.method} ${path}`);
    const [, kind, id = '', action = ''] = path.split('/');
    if (kind === '_ping') return [200, 'OK'];
    if (path === '/images/create') return this.#pull(searchParams.get('fromImage') ?? '');
    if (kind === 'images') return this.#inspectImage(path.slice('/images/'.length, -'/json'.length));
    if (id === 'create') return this.#create((await json(request)) as FakeContainer['spec']);
    if (id === 'json') return this.#list(searchParams.get('filters') ?? '{}');
    const container = this.containers.get(id);
    if (!container) return [404, { message: `No such container: ${id}` }];
    return this.#replyOf(container, `${request.method} ${action}`, response);
  }

  #replyOf(container: FakeContainer, what: string, response: ServerResponse): Reply | undefined {
    switch (what) {
      case 'POST start':
        if (this.startError) return [400, { message: this.startError }];
        container.running = true;
        return [204];
      case 'POST stop':
      case 'POST kill':
        if (this.failingStops-- > 0) return [500, { message: 'the engine is busy' }];
        this.end(container, what === 'POST kill' ? 137 : 143);
        return [204];
      case 'POST wait':
        if (!container.running) return [200, { StatusCode: container.exitCode }];
        this.#waiting.set(container.id, [...(this.#waiting.get(container.id) ?? []), response]);
        return undefined;
      case 'DELETE ':
        this.containers.delete(container.id);
        return [204];
      case 'GET json':
        return [200, { State: stateOf(container) }];
      default:
        return [404, { message: `page not found: ${what}` }];
    }
  }

  #create(spec: FakeContainer['spec']): Reply {
    const container = { id: `c${this.#made++}`, spec, running: false, exitCode: 0, oomKilled: false };
    this.containers.set(container.id, container);
    return [201, { Id: container.id }];
  }

  #list(filters: string): Reply {
    const wanted = (JSON.parse(filters) as { label: string[] }).label;
    const found = [...this.containers.values()].filter(({ spec }) => {
      const labels = Object.entries(spec.Labels).map(([name, value]) => `${name}=${value}`);
      return wanted.every((label) => labels.includes(label));
    });
    const listed = found.map(({ id, spec, running }) => ({
      Id: id,
      State: running ? 'running' : 'exited',
      Labels: spec.Labels,
    }));
    return [200, listed];
  }

  #pull(image: string): Reply {
    if (!this.pullError) this.images.set(image, {});
    const last = this.pullError ? { error: this.pullError } : { status: 'done' };
    return [200, `${JSON.stringify({ status: 'pulling' })}\n${JSON.stringify(last)}\n`];
  }

  #inspectImage(name: string): Reply {
    const config = this.images.get(name) ?? this.images.get(`${name}:latest`);
    return config ? [200, { Config: config }] : [404, { message: `No such image: ${name}` }];
  }
}

/** Status and body. */
type Reply = [number, (string | object)?];

const stateOf = ({ running, exitCode, oomKilled }: FakeContainer) => ({
  Running: running,
  ExitCode: exitCode,
  OOMKilled: oomKilled,
  StartedAt: '2026-03-02T09:00:00.123456789Z',
  FinishedAt: running ? '0001-01-01T00:00:00Z' : '2026-03-02T09:00:05Z',
});

function send(response: ServerResponse, status: number, body?: string | object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'object' ? JSON.stringify(body) : body);
}

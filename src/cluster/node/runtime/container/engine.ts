import { type IncomingMessage, request as openRequest, type RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The engine refused a request. */
export class EngineError extends Error {
  override name = 'EngineError';
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface EngineRequest {
  body?: unknown;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  signal?: AbortSignal | undefined;
}

/** An entry of `GET /containers/json`, as far as it is read. */
export interface ListedContainer {
  Id: string;
  State: string;
  Labels: Record<string, string>;
}

/** Version of the Docker Engine API that is spoken: Docker 20.10 and Podman 4 have it. */
const API = '/v1.41';

/** Speaks the Docker Engine API over the socket of Docker, Podman or whatever else does. */
export class EngineClient {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** Sends a request; the decoded body. @throws EngineError */
  async send<T = unknown>(method: string, path: string, options: EngineRequest = {}): Promise<T> {
    const response = await this.stream(method, path, options);
    const body = await text(response);
    return (body === '' ? undefined : JSON.parse(body)) as T;
  }

  /** Sends a request whose answer is read piece by piece. @throws EngineError */
  async stream(method: string, path: string, options: EngineRequest = {}): Promise<IncomingMessage> {
    const { response } = await this.#open(method, path, options, {});
    return response;
  }

  /** Turns the connection of a request into a stream both ways, as `attach` and `exec` do. @throws EngineError */
  async hijack(path: string, options: EngineRequest = {}): Promise<Duplex> {
    const { socket, response } = await this.#open('POST', path, options, {
      connection: 'Upgrade',
      upgrade: 'tcp',
    });
    if (!socket) {
      response.destroy();
      throw new EngineError(
        response.statusCode ?? 0,
        'the engine does not turn the connection into a stream',
      );
    }
    return socket;
  }

  /** The containers, running or not, that have all these labels (`name=value`). @throws EngineError */
  list(labels: readonly string[]): Promise<ListedContainer[]> {
    return this.send('GET', '/containers/json', {
      query: { all: true, filters: JSON.stringify({ label: labels }) },
    });
  }

  /** Ends a container and forgets it. @throws EngineError */
  async remove(id: string): Promise<void> {
    await this.send('DELETE', `/containers/${id}`, { query: { force: true, v: true } });
  }

  #open(
    method: string,
    path: string,
    { body, query, signal }: EngineRequest,
    headers: Record<string, string>,
  ): Promise<{ response: IncomingMessage; socket?: Duplex }> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions = {
      socketPath: this.socketPath,
      method,
      path: `${API}${path}${queryString(query)}`,
      headers: {
        host: 'docker',
        ...headers,
        ...(content !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(content),
        }),
      },
      agent: false,
      ...(signal && { signal }),
    };
    return new Promise((resolve, reject) => {
      const request = openRequest(options, (response) => {
        const { statusCode = 0 } = response;
        if (statusCode < 400) resolve({ response });
        else refusal(statusCode, response).then(reject, reject);
      });
      request.on('upgrade', (response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve({ response, socket });
      });
      request.on('error', reject);
      request.end(content);
    });
  }
}

async function refusal(status: number, response: IncomingMessage): Promise<EngineError> {
  const body = await text(response);
  try {
    return new EngineError(status, (JSON.parse(body) as { message: string }).message);
  } catch {
    return new EngineError(status, body.trim() || `the engine answered ${status}`);
  }
}

function queryString(query: EngineRequest['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size > 0 ? `?${given}` : '';
}

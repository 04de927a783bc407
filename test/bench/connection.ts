import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';

/** An HTTP/2 connection that costs little itself. */
export class Connection {
  readonly #session: ClientHttp2Session;
  readonly #headers: Record<string, string>;

  constructor(url: string, { ca, headers = {} }: { ca?: string; headers?: Record<string, string> } = {}) {
    this.#session = connect(url, { ...(ca && { ca }), settings: { initialWindowSize: 8 << 20 } });
    this.#session.on('error', () => {});
    this.#headers = headers;
  }

  open(
    method: string,
    path: string,
    body?: string | Buffer,
    headers: Record<string, string> = {},
  ): ClientHttp2Stream {
    const stream = this.#session.request(
      { ':method': method, ':path': path, ...this.#headers, ...headers },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    return stream;
  }

  /** The size of the answer in bytes. @throws unless its status is 2xx */
  async send(
    method: string,
    path: string,
    body?: string | Buffer,
    contentType = 'application/json',
  ): Promise<number> {
    const { bytes } = await this.#exchange(method, path, body, { 'content-type': contentType });
    return bytes;
  }

  async json<T>(
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ): Promise<T> {
    const { text } = await this.#exchange(method, path, body, headers, true);
    return JSON.parse(text);
  }

  close(): void {
    this.#session.destroy();
  }

  #exchange(
    method: string,
    path: string,
    body: string | Buffer | undefined,
    headers: Record<string, string>,
    keep = false,
  ): Promise<{ bytes: number; text: string }> {
    return new Promise((resolve, reject) => {
      const stream = this.open(method, path, body, headers);
      let status = 0;
      let bytes = 0;
      const chunks: Buffer[] = [];
      stream.on('response', (answer) => {
        status = answer[':status'] ?? 0;
      });
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (keep || status >= 300) chunks.push(chunk);
      });
      stream.on('error', reject);
      stream.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (status >= 200 && status < 300) resolve({ bytes, text });
        else reject(new Error(`${method} ${path}: ${status} ${text}`));
      });
    });
  }
}

/** Calls per second when so many clients, each on a connection of its own, make so many calls in all. */
export async function perSecond(
  connections: readonly Connection[],
  total: number,
  call: (connection: Connection, i: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (next < total) await call(connection, next++);
    }),
  );
  return (total / (performance.now() - begun)) * 1000;
}

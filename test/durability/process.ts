import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { Compaction } from '../../src/cluster/apiserver/index.ts';

const PROGRAM = fileURLToPath(new URL('server.ts', import.meta.url));

export interface ServerOptions {
  stateDir: string;
  compaction?: Partial<Compaction>;
  /** Run by this shell command, as its `"$@"`; for limits. */
  shell?: string;
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of all kinds
  body: any;
}

/** An API server in a process of its own, and a client for it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #agent: Agent;
  readonly #url: string;
  readonly #headers: Record<string, string>;

  private constructor(child: ChildProcess, where: { url: string; caPem: string; adminToken: string }) {
    this.#child = child;
    this.#url = where.url;
    this.#agent = new Agent({
      connect: { ca: where.caPem },
      connections: 128,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#headers = { authorization: `Bearer ${where.adminToken}` };
  }

  /** Starts it; fails with the server's own words when it refuses to. */
  static async start({ shell, ...options }: ServerOptions): Promise<ServerProcess> {
    const command = [process.execPath, '--no-warnings', PROGRAM, JSON.stringify(options)];
    const [file = '', ...args] = shell ? ['bash', '-c', shell, 'bash', ...command] : command;
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await Promise.race([
      once(createInterface(child.stdout), 'line'),
      once(child, 'close').then(() => ['{"error":"it ended without a word"}']),
    ]);
    const where = JSON.parse(line);
    if (where.error) throw new Error(where.error);
    return new ServerProcess(child, where);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async kill9(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'close');
    }
    await this.#agent.destroy();
  }

  /** @throws when the connection breaks before the answer is whole */
  async send(target: string, body?: unknown, type = 'application/json'): Promise<Answer> {
    const [method = 'GET', path = ''] = target.split(' ');
    const answer = await request(`${this.#url}${path}`, {
      dispatcher: this.#agent,
      method: method as 'GET',
      headers: { ...this.#headers, ...(body !== undefined && { 'content-type': type }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text && JSON.parse(text) };
  }

  /** The lines of a watch until the connection ends, in whatever way. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    try {
      const { body } = await request(`${this.#url}${path}`, {
        dispatcher: this.#agent,
        headers: this.#headers,
        signal,
      });
      let rest = '';
      body.setEncoding('utf8');
      for await (const chunk of body) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
    } catch {
      // Killed, or no longer wanted.
    }
  }
}

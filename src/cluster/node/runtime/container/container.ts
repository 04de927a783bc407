import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, type Instant, parseTime } from '../../../../api/index.ts';
import type { LogQuery } from '../../logs/read.ts';
import {
  type ContainerKey,
  type ExecRequest,
  type ExecResult,
  ExecTimeoutError,
  type Exit,
  type ResourceUsage,
  type RuntimeContainer,
  StartError,
  type StreamSession,
  type TerminalSize,
} from '../runtime.ts';
import { type EngineClient, EngineError } from './engine.ts';
import { type Frame, FrameReader } from './frames.ts';
import type { Identity } from './labels.ts';
import { EngineSession } from './session.ts';

const RETRY_MS = 500;
const EXEC_OUTPUT_BYTES = 10 * 1024;
const GONE = 404;

/** `GET /containers/<id>/json`, as far as it is read. */
export interface Inspected {
  State: {
    Running: boolean;
    ExitCode: number;
    OOMKilled?: boolean;
    StartedAt: string;
    FinishedAt: string;
  };
}

export interface EngineContainerOptions {
  engine: EngineClient;
  /** The engine's own. */
  id: string;
  identity: Identity;
  /** File that says that an agent's own end ended the run. */
  mark: string;
  /** Whether that file was there when the agent began. */
  interrupted: boolean;
  startedAt: Instant;
  clock: Clock;
  log: Logger;
}

/** A container of the engine. */
export class EngineContainer implements RuntimeContainer {
  readonly id: string;
  readonly key: ContainerKey;
  readonly image: string;
  readonly startedAt: Instant;
  readonly ended: Promise<Exit>;
  readonly #options: EngineContainerOptions;
  readonly #path: string;
  readonly #settle: (exit: Exit) => void;
  /** Ends what waits for the engine, once nobody wants to know any more. */
  readonly #released = new AbortController();
  #interrupted: boolean;
  #exit: Exit | undefined;

  constructor(options: EngineContainerOptions) {
    const { id, identity, startedAt, interrupted } = options;
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.id = `docker://${id}`;
    this.key = identity.key;
    this.image = identity.image;
    this.startedAt = startedAt;
    this.ended = promise;
    this.#settle = resolve;
    this.#options = options;
    this.#path = `/containers/${id}`;
    this.#interrupted = interrupted;
  }

  /** What the engine calls it. */
  get engineId(): string {
    return this.#options.id;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Follows the run until it ends. */
  observe(): void {
    void this.#untilEnded();
  }

  /** What an earlier agent started may have ended meanwhile. */
  async observeEnded(): Promise<void> {
    await this.#finish();
  }

  async stop({ graceMs, interrupted = false }: { graceMs: number; interrupted?: boolean }): Promise<Exit> {
    if (this.#exit) return this.#exit;
    if (interrupted) {
      this.#interrupted = true;
      await writeFile(this.#options.mark, '').catch(() => undefined);
    }
    while (!this.#exit && !this.#released.signal.aborted) {
      try {
        await this.#tolerant(
          graceMs > 0
            ? this.#send('POST', '/stop', { t: Math.ceil(graceMs / 1000) })
            : this.#send('POST', '/kill', { signal: 'SIGKILL' }),
        );
        break;
      } catch (error) {
        // An agent that ends does not wait for its engine: the next one will find the container.
        if (interrupted) throw error;
        await this.#waitForEngine(error);
      }
    }
    return this.ended;
  }

  async *logs(query: LogQuery, signal?: AbortSignal): AsyncIterable<Buffer> {
    const { engine, identity } = this.#options;
    const response = await engine.stream('GET', `${this.#path}/logs`, {
      query: {
        stdout: true,
        stderr: true,
        follow: (query.follow ?? false) && !this.#exit,
        timestamps: query.timestamps ?? false,
        tail: query.tailLines ?? 'all',
        since: query.since === undefined ? undefined : (query.since / 1000).toFixed(3),
      },
      signal,
    });
    let left = query.limitBytes ?? Number.POSITIVE_INFINITY;
    try {
      for await (const data of outputOf(response, identity.tty)) {
        yield data.subarray(0, left);
        left -= data.length;
        if (left <= 0) return;
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      response.destroy();
    }
  }

  async exec(command: readonly string[], { timeoutMs }: { timeoutMs: number }): Promise<ExecResult> {
    const { engine } = this.#options;
    const id = await this.#createExec({ command, stdin: false, tty: false });
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await engine.stream('POST', `/exec/${id}/start`, {
        body: { Detach: false, Tty: false },
        signal,
      });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const data of outputOf(response, false)) {
        if (size < EXEC_OUTPUT_BYTES) chunks.push(data);
        size += data.length;
      }
      const output = Buffer.concat(chunks).subarray(0, EXEC_OUTPUT_BYTES).toString('utf8');
      return { exitCode: await this.#execExitCode(id), output };
    } catch (error) {
      if (signal.aborted) throw new ExecTimeoutError(`command timed out after ${timeoutMs} ms`);
      throw error;
    }
  }

  async openExec(request: ExecRequest): Promise<StreamSession> {
    if (this.#exit) throw new StartError('cannot exec in a stopped container');
    const { engine } = this.#options;
    const id = await this.#createExec(request).catch(failStart);
    const body = { Detach: false, Tty: request.tty };
    const connection = await engine.hijack(`/exec/${id}/start`, { body }).catch(failStart);
    return new EngineSession({
      connection,
      stdin: request.stdin,
      tty: request.tty,
      exitCode: () => this.#execExitCode(id),
      resize: (size) => this.#resize(`/exec/${id}/resize`, size),
      // The engine has no way to end a command; it ends when its input and output are gone, or with the container.
      kill: () => {},
    });
  }

  async openAttach({ stdin }: { stdin: boolean }): Promise<StreamSession> {
    if (this.#exit) throw new StartError('cannot attach to a stopped container');
    const { engine, identity } = this.#options;
    const query = { stream: true, stdout: true, stderr: true, stdin };
    const connection = await engine.hijack(`${this.#path}/attach`, { query }).catch(failStart);
    return new EngineSession({
      connection,
      stdin,
      tty: identity.tty,
      exitCode: async () => this.#exit?.exitCode ?? 0,
      resize: (size) => this.#resize(`${this.#path}/resize`, size),
      kill: () => {},
    });
  }

  /** What it has used until now; undefined when the engine does not tell. */
  async usage(): Promise<ResourceUsage | undefined> {
    interface Stats {
      cpu_stats?: { cpu_usage?: { total_usage?: number } };
      memory_stats?: { usage?: number; stats?: { inactive_file?: number } };
    }
    const query = { stream: false, 'one-shot': true };
    const stats = await this.#send<Stats>('GET', '/stats', query).catch(() => undefined);
    const { usage, stats: detail } = stats?.memory_stats ?? {};
    const cpuNanoseconds = stats?.cpu_stats?.cpu_usage?.total_usage;
    if (cpuNanoseconds === undefined || usage === undefined) return undefined;
    return { cpuNanoseconds, memoryBytes: usage - (detail?.inactive_file ?? 0) };
  }

  async remove(): Promise<void> {
    await this.#tolerant(this.#options.engine.remove(this.#options.id));
    if (!this.#exit) this.#end({ exitCode: 137, finishedAt: this.#options.clock() });
    this.#released.abort();
  }

  release(): void {
    this.#released.abort();
  }

  async #untilEnded(): Promise<void> {
    const { engine } = this.#options;
    const { signal } = this.#released;
    while (!this.#exit && !signal.aborted) {
      try {
        // The engine's own names differ for "is already stopped"; this one is common to all.
        await engine.send('POST', `${this.#path}/wait`, { query: { condition: 'not-running' }, signal });
        await this.#finish();
      } catch (err) {
        if (signal.aborted) return;
        if (err instanceof EngineError && err.status === GONE) {
          this.#end({ exitCode: 137, finishedAt: this.#options.clock() });
          return;
        }
        await this.#waitForEngine(err);
      }
    }
  }

  async #waitForEngine(err: unknown): Promise<void> {
    const { log } = this.#options;
    log.warn({ err, container: this.id }, 'the container engine does not do what it is asked; trying again');
    await sleep(RETRY_MS, undefined, { signal: this.#released.signal }).catch(() => undefined);
  }

  async #finish(): Promise<void> {
    const { State: state } = await this.#send<Inspected>('GET', '/json');
    if (state.Running) return;
    this.#end({
      exitCode: state.ExitCode,
      finishedAt: parseTime(state.FinishedAt) ?? this.#options.clock(),
      outOfMemory: state.OOMKilled ?? false,
    });
  }

  #end(exit: Pick<Exit, 'exitCode' | 'finishedAt' | 'outOfMemory'>): void {
    if (this.#exit) return;
    this.#exit = { ...exit, startedAt: this.startedAt, interrupted: this.#interrupted };
    this.#settle(this.#exit);
  }

  async #createExec({ command, stdin, tty }: ExecRequest): Promise<string> {
    const { engine } = this.#options;
    const { Id } = await engine.send<{ Id: string }>('POST', `${this.#path}/exec`, {
      body: { AttachStdin: stdin, AttachStdout: true, AttachStderr: !tty, Tty: tty, Cmd: command },
    });
    return Id;
  }

  async #execExitCode(id: string): Promise<number> {
    const { ExitCode } = await this.#options.engine.send<{ ExitCode: number | null }>(
      'GET',
      `/exec/${id}/json`,
    );
    return ExitCode ?? 137;
  }

  #resize(path: string, { columns, rows }: TerminalSize): void {
    const { engine, log } = this.#options;
    engine.send('POST', path, { query: { w: columns, h: rows } }).catch((err: unknown) => {
      log.debug({ err, container: this.id }, 'cannot resize a terminal');
    });
  }

  #send<T = unknown>(
    method: string,
    path: string,
    query: Readonly<Record<string, string | number | boolean>> = {},
  ): Promise<T> {
    return this.#options.engine.send<T>(method, `${this.#path}${path}`, { query });
  }

  /** What has ended already, or is gone, need not be ended. */
  async #tolerant(sent: Promise<unknown>): Promise<void> {
    await sent.catch((error) => {
      if (!(error instanceof EngineError && [304, GONE, 409].includes(error.status))) throw error;
    });
  }
}

function failStart(error: Error): never {
  throw new StartError(error.message);
}

async function* outputOf(response: IncomingMessage, tty: boolean): AsyncIterable<Buffer> {
  if (tty) {
    yield* response as AsyncIterable<Buffer>;
    return;
  }
  for await (const { data } of response.pipe(new FrameReader()) as AsyncIterable<Frame>) yield data;
}

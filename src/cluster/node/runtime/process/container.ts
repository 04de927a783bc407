import { type ChildProcess, execFile } from 'node:child_process';
import { type FSWatcher, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../../../../api/index.ts';
import { LogCollector, type LogLimits } from '../../logs/collector.ts';
import { type LogQuery, readLog } from '../../logs/read.ts';
import {
  type ExecRequest,
  type ExecResult,
  ExecTimeoutError,
  type Exit,
  type RuntimeContainer,
  StartError,
  type StreamSession,
} from '../runtime.ts';
import { AttachSession } from './attach.ts';
import { execProcess } from './exec.ts';
import { endInput, openInput } from './input.ts';
import { isAlive, type StraySweeper, signal } from './processes.ts';
import type { RunFolder, RunRecord } from './record.ts';
import { hasTerminals } from './terminal.ts';

/** How often to look whether the shim itself was killed; its normal end is seen at once, by its file. */
const LIVENESS_MS = 1000;
/** How long the shim may take to clean up after SIGKILL before its group is killed. */
const KILL_GRACE_MS = 1000;
const EXEC_OUTPUT_BYTES = 10 * 1024;

export interface ContainerOptions {
  clock: Clock;
  log: Logger;
  strays: StraySweeper;
  logLimits?: LogLimits | undefined;
}

/** A run of the process runtime: a shim with its program, known by the files in its folder alone. */
export class ProcessContainer implements RuntimeContainer {
  readonly id: string;
  readonly ended: Promise<Exit>;
  readonly #record: RunRecord;
  readonly #folder: RunFolder;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #strays: StraySweeper;
  readonly #collector: LogCollector;
  readonly #settle: (exit: Exit) => void;
  #exit: Exit | undefined;
  #shimPid: number | undefined;
  #watcher: FSWatcher | undefined;
  #liveness: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #checkAgain = false;

  constructor(folder: RunFolder, record: RunRecord, options: ContainerOptions) {
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.id = `process://${record.id}`;
    this.ended = promise;
    this.#settle = resolve;
    this.#record = record;
    this.#folder = folder;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#strays = options.strays;
    this.#collector = new LogCollector(folder.path, options.logLimits);
  }

  get key() {
    return this.#record.key;
  }

  get image() {
    return this.#record.image;
  }

  get startedAt() {
    return this.#record.startedAt;
  }

  get exit() {
    return this.#exit;
  }

  get memoryLimitBytes(): number | undefined {
    return this.#record.memoryLimitBytes;
  }

  /** Process id of the shim, from which all processes of the container descend; undefined before and after the run. */
  get shimPid(): number | undefined {
    return this.#exit ? undefined : this.#shimPid;
  }

  /** Watches the run until it ends. `shim` is our child, or the process id of an earlier agent's. */
  async observe(shim: ChildProcess | number): Promise<void> {
    if (typeof shim === 'number') {
      this.#shimPid = shim;
    } else {
      this.#shimPid = shim.pid;
      shim.once('exit', () => this.#poke());
    }
    this.#watcher = watch(this.#folder.path, (_event, name) => {
      if (name === 'exit') this.#poke();
      else if (name === 'stdout' || name === 'stderr') this.#collectLogs();
    });
    this.#watcher.on('error', () => this.#watcher?.close());
    this.#liveness = setInterval(() => this.#poke(), LIVENESS_MS).unref();
    this.#collectLogs();
    await this.#check();
  }

  /** Takes over a run that has ended while no agent looked. `lost`: nobody knows how. */
  async observeEnded(): Promise<void> {
    await this.#finish();
  }

  async stop({ graceMs, interrupted = false }: { graceMs: number; interrupted?: boolean }): Promise<Exit> {
    if (this.#exit) return this.#exit;
    if (interrupted) await this.#folder.mark('interrupted');
    const program = await this.#program();
    if (program !== undefined && graceMs > 0) signal(program, 'SIGTERM');
    if (!(await this.#endsWithin(graceMs)) && program !== undefined) signal(program, 'SIGKILL');
    if (!(await this.#endsWithin(KILL_GRACE_MS)) && this.#shimPid) signal(-this.#shimPid, 'SIGKILL');
    this.#poke();
    return await this.ended;
  }

  async killForMemory(): Promise<void> {
    if (this.#exit) return;
    await this.#folder.mark('out-of-memory');
    await this.stop({ graceMs: 0 });
  }

  logs(query: LogQuery, abort?: AbortSignal): AsyncIterable<Buffer> {
    return readLog(this.#collector, query, abort);
  }

  exec(command: readonly string[], { timeoutMs }: { timeoutMs: number }): Promise<ExecResult> {
    const [file = '', ...args] = command;
    const { env, workingDir: cwd } = this.#record;
    return new Promise((resolve, reject) => {
      execFile(
        file,
        args,
        { env, cwd, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1024 * 1024 },
        (error, stdout, stderr) => {
          const output = `${stdout}${stderr}`.slice(0, EXEC_OUTPUT_BYTES);
          if (!error) resolve({ exitCode: 0, output });
          else if (typeof error.code === 'number') resolve({ exitCode: error.code, output });
          else if (error.killed) reject(new ExecTimeoutError(`command timed out after ${timeoutMs} ms`));
          else reject(error);
        },
      );
    });
  }

  async openExec(request: ExecRequest): Promise<StreamSession> {
    if (this.#exit) throw new StartError('cannot exec in a stopped container');
    const { env, workingDir } = this.#record;
    const session = await execProcess(request, { env, workingDir, strays: this.#strays });
    void this.ended.then(() => session.close());
    return session;
  }

  async openAttach({ stdin }: { stdin: boolean }): Promise<StreamSession> {
    const { stdin: hasInput, stdinOnce, tty } = this.#record;
    // Before the program is there, nothing reads its input. One that has just ended says nothing more: its client shall
    // look into the log.
    const program = await this.#program();
    if (program === undefined || !isAlive(program)) {
      throw new StartError('cannot attach to a stopped container');
    }
    const input = stdin && hasInput ? openInput(this.#folder.path) : undefined;
    if (stdinOnce) input?.once('close', () => void this.#endInput());
    return new AttachSession({
      collector: this.#collector,
      ended: this.ended.then(({ exitCode }) => exitCode),
      stdin: input,
      tty: tty ?? false,
      terminal: tty ? await this.#terminal() : undefined,
    });
  }

  async remove(): Promise<void> {
    if (!this.#exit) await this.stop({ graceMs: 0 });
    await this.#strays.sweep(this.#record.id);
    await this.#folder.remove();
  }

  release(): void {
    this.#watcher?.close();
    clearInterval(this.#liveness);
    this.#collectLogs();
  }

  /** A full disk must not stop the agent: the lines stay where the program wrote them until there is room. */
  #collectLogs(last = false): void {
    try {
      if (last) this.#collector.finish();
      else this.#collector.drain();
    } catch (error) {
      this.#log.warn(
        { err: error, folder: this.#folder.path },
        'cannot copy what a container wrote to its log',
      );
    }
  }

  /** The program's process id; waits for a shim that has only just started. */
  async #program(): Promise<number | undefined> {
    while (!this.#exit) {
      const pid = await this.#folder.programPid();
      if (pid !== undefined) return pid;
      if (this.#shimPid === undefined || !isAlive(this.#shimPid)) return undefined;
      await sleep(5);
    }
    return undefined;
  }

  async #endInput(): Promise<void> {
    // The holder's process id may be another's by then.
    if (!this.#exit) await endInput(this.#folder.path, await this.#folder.inputHolder());
  }

  /** The program's terminal; waits for one that has only just started. */
  async #terminal(): Promise<string | undefined> {
    const isAwaited = await hasTerminals();
    while (!this.#exit) {
      const device = await this.#folder.terminal();
      if (device !== undefined || !isAwaited) return device;
      await sleep(5);
    }
    return undefined;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    if (this.#exit) return true;
    const timer = new AbortController();
    const timeout = sleep(ms, false, { signal: timer.signal }).catch(() => false);
    const ended = await Promise.race([this.ended.then(() => true), timeout]);
    timer.abort();
    return ended;
  }

  #poke(): void {
    this.#check().catch((error) => {
      this.#log.warn({ err: error, folder: this.#folder.path }, 'cannot look after a container');
    });
  }

  #check(): Promise<void> {
    this.#checkAgain = true;
    this.#checking ??= this.#checkUntilQuiet().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #checkUntilQuiet(): Promise<void> {
    while (this.#checkAgain && !this.#exit) {
      this.#checkAgain = false;
      // Liveness first: a shim that writes its file and then dies is not taken for one that died without.
      const alive = this.#shimPid !== undefined && isAlive(this.#shimPid);
      if ((await this.#folder.exit()) || !alive) await this.#finish();
    }
  }

  async #finish(): Promise<void> {
    const recorded = await this.#folder.exit();
    const interrupted = await this.#folder.isMarked('interrupted');
    const outOfMemory = await this.#folder.isMarked('out-of-memory');
    if (this.#exit) return;
    this.#watcher?.close();
    clearInterval(this.#liveness);
    this.#collectLogs(true);
    this.#exit = {
      exitCode: recorded?.exitCode ?? 137,
      startedAt: this.startedAt,
      finishedAt: recorded?.finishedAt ?? this.#clock(),
      interrupted,
      outOfMemory,
    };
    this.#settle(this.#exit);
    void this.#strays.sweep(this.#record.id);
  }
}

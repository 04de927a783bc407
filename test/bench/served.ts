import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from './connection.ts';

const PROGRAM = fileURLToPath(new URL('server.ts', import.meta.url));

interface Vitals {
  /** Event-loop delay since the last reset, in milliseconds. */
  delay: { p99: number; max: number };
  memory: NodeJS.MemoryUsage;
  /** Processor time since its start, in milliseconds. */
  cpuMs: number;
}

/** An API server in a process of its own. */
export class Served {
  readonly stateDir: string;
  /** From the start of its own work to readiness, without what Node.js needs before; in milliseconds. */
  readonly startMs: number;
  readonly #child: ChildProcess;
  readonly #where: { url: string; caPem: string; adminToken: string };

  private constructor(
    child: ChildProcess,
    stateDir: string,
    { startMs, ...where }: { startMs: number; url: string; caPem: string; adminToken: string },
  ) {
    this.#child = child;
    this.stateDir = stateDir;
    this.startMs = startMs;
    this.#where = where;
  }

  static async start(stateDir?: string): Promise<Served> {
    const dir = stateDir ?? (await mkdtemp(join(tmpdir(), 'kanari-bench-')));
    const child = fork(PROGRAM, [dir], {
      execArgv: ['--no-warnings'],
      // As the `kanari` command does it.
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'kanari-bench-compiled') },
    });
    const [where] = await once(child, 'message');
    return new Served(child, dir, where);
  }

  connect(): Connection {
    const { url, caPem, adminToken } = this.#where;
    return new Connection(url, { ca: caPem, headers: { authorization: `Bearer ${adminToken}` } });
  }

  async vitals(question: 'ask' | 'reset' | 'collect' = 'ask'): Promise<Vitals> {
    this.#child.send(question);
    const [vitals] = await once(this.#child, 'message');
    return vitals;
  }

  /** Processor time since its start, in milliseconds. */
  async cpuMs(): Promise<number> {
    return (await this.vitals()).cpuMs;
  }

  /** Stops it; its state stays. */
  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }

  async cleanUp(): Promise<void> {
    await this.stop();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

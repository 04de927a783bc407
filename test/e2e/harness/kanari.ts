import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';

/** Runs Kanari and its clients as a user does: programs with arguments, output and exit codes. */

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
export const BIN = join(REPOSITORY, 'bin', 'kanari.mjs');

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export function run(
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
  input?: string,
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      { cwd: REPOSITORY, env: { ...process.env, ...env }, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) || 1 : 0, stdout, stderr }),
    );
    if (input !== undefined) child.stdin?.end(input);
  });
}

export interface UpOptions {
  stateDir?: string;
  args?: readonly string[];
  /** Start with `npm start` instead of the program itself. */
  npm?: boolean;
}

/** A running `kanari up` on free ports. */
export class Kanari {
  readonly stateDir: string;
  readonly #child: ChildProcess;
  /** Started with npm: then it is a group of processes, as in a terminal. */
  readonly #group: boolean;
  #output = '';
  #exited: Promise<number | null>;

  private constructor(stateDir: string, child: ChildProcess, group: boolean) {
    this.stateDir = stateDir;
    this.#child = child;
    this.#group = group;
    const collect = (chunk: Buffer) => {
      this.#output += chunk.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    this.#exited = new Promise((resolve) => child.on('exit', resolve));
  }

  /** Starts and waits until it says that it is up; fails with its output when it ends before. */
  static async up({ stateDir, args = [], npm = false }: UpOptions = {}): Promise<Kanari> {
    const dir = stateDir ?? (await mkdtemp(join(tmpdir(), 'kanari-e2e-')));
    const flags = ['--state-dir', dir, '--port', '0', '--gateway-port', '0', '--metrics-port', '0'];
    // What this machine has must not change what images do.
    flags.push('--controller-metrics-port', '0', '--container-engine', 'none', ...args);
    const [file, ...command] = npm ? ['npm', 'start', '--'] : [process.execPath, BIN, 'up'];
    const child = spawn(file as string, [...command, ...flags], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: npm,
    });
    const kanari = new Kanari(dir, child, npm);
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (/^Kanari \S+ is up/m.test(kanari.#output)) resolve();
      };
      child.stdout?.on('data', check);
      child.on('exit', (code) => reject(new Error(`kanari up ended with ${code}:\n${kanari.#output}`)));
    });
    return kanari;
  }

  /** Starts where a failure is expected; its output and exit code. */
  static upAndFail(args: readonly string[]): Promise<Ran> {
    return run(process.execPath, [BIN, 'up', ...args]);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  get kubeconfig(): string {
    return join(this.stateDir, 'kubeconfig');
  }

  /** The URL that the terminal shows beside a label. */
  url(label: string): string {
    const url = new RegExp(`${label}\\s+(https?://\\S+)`).exec(this.#output)?.[1];
    if (!url) throw new Error(`no URL of the ${label} in:\n${this.#output}`);
    return url;
  }

  get gateway(): string {
    return this.url('Gateway');
  }

  /** Ctrl-C, or another signal that ends it in order. */
  async stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' = 'SIGINT'): Promise<number | null> {
    this.#signal(signal);
    return this.#exited;
  }

  async kill9(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#exited;
  }

  #signal(signal: NodeJS.Signals): void {
    process.kill(this.#group ? -this.pid : this.pid, signal);
  }

  async cleanUp(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop();
    else if (this.#child.exitCode) console.error(`kanari has ended by itself:\n${this.#output}`);
    await rm(this.stateDir, { recursive: true, force: true });
  }

  kubectl(...args: string[]): Promise<Ran> {
    return run('kubectl', ['--kubeconfig', this.kubeconfig, ...args]);
  }

  /** `kubectl apply -f -` */
  apply(manifest: string): Promise<Ran> {
    return run('kubectl', ['--kubeconfig', this.kubeconfig, 'apply', '-f', '-'], {}, manifest);
  }

  kanari(...args: string[]): Promise<Ran> {
    return run(process.execPath, [BIN, ...args], { KUBECONFIG: this.kubeconfig });
  }

  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.kubectl('get', ...args, '-o', 'json');
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }
}

export interface Answer {
  status: number;
  color?: string;
  pod?: string;
}

/** One request on a connection of its own; status 0 when it failed. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  try {
    const answer = await request(url, { headers: { connection: 'close', ...headers }, reset: true });
    const body = await answer.body.text();
    const color = (JSON.parse(body) as { color?: string }).color;
    const pod = answer.headers['x-pod-name'];
    return { status: answer.statusCode, ...(color && { color }), ...(pod && { pod: String(pod) }) };
  } catch {
    return { status: 0 };
  }
}

/** Asks again and again, one request at a time, until stopped. */
export class Visitor {
  readonly answers: (Answer & { at: number })[] = [];
  #running = true;
  readonly #done: Promise<void>;

  constructor(url: string, headers: Record<string, string> = {}, everyMs = 20) {
    this.#done = (async () => {
      while (this.#running) {
        this.answers.push({ ...(await get(url, headers)), at: Date.now() });
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    })();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  get failed(): Answer[] {
    return this.answers.filter(({ status }) => status !== 200);
  }

  /** Share of a colour in percent among the answers since a time. */
  share(color: string, since: number, until = Number.POSITIVE_INFINITY): number {
    const asked = this.answers.filter(({ at }) => at >= since && at <= until);
    return (100 * asked.filter((answer) => answer.color === color).length) / Math.max(asked.length, 1);
  }
}

/** Command lines of the processes on this machine that mention a text; Linux. */
export async function processesMentioning(text: string): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const [command, environment] = await Promise.all([
          readFile(`/proc/${pid}/cmdline`, 'utf8'),
          readFile(`/proc/${pid}/environ`, 'utf8'),
        ]);
        return {
          pid,
          command: command.replaceAll('\0', ' ').trim(),
          mentions: `${command}${environment}`.includes(text),
        };
      } catch {
        return undefined;
      }
    }),
  );
  return found
    .filter((entry) => entry?.mentions)
    .map((entry) => ({ pid: entry!.pid, command: entry!.command }));
}

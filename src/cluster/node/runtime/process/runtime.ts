import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../../../api/index.ts';
import type { LogLimits } from '../../logs/collector.ts';
import { readProcesses } from '../../metrics/processes.ts';
import { sumByRoot } from '../../metrics/tree.ts';
import {
  type Image,
  type Launch,
  type ResourceUsage,
  type Runtime,
  type RuntimeContainer,
  StartError,
} from '../runtime.ts';
import { type ContainerOptions, ProcessContainer } from './container.ts';
import { makeInput } from './input.ts';
import { MemoryGuard } from './memory-guard.ts';
import { CONTAINER_ID_VARIABLE, isShimOf, StraySweeper } from './processes.ts';
import { findProgram } from './program.ts';
import { findRuns, RunFolder } from './record.ts';
import { SHIM } from './shim.ts';
import { hasTerminals, inTerminal, NO_TERMINAL, quoted } from './terminal.ts';

export interface ProcessRuntimeOptions {
  /** `pods/` in the agent's state; runs are kept in `pods/<uid>/containers/<name>/<attempt>-<id>/`. */
  podsFolder: string;
  /** What an image name stands for. @throws ImagePullError */
  findImage(image: string): Image;
  clock: Clock;
  log: Logger;
  logLimits?: LogLimits;
}

/** Runs a container as processes of this machine, under the agent's user and in its file system. */
export class ProcessRuntime implements Runtime {
  readonly name = 'process';
  readonly #options: ProcessRuntimeOptions;
  readonly #containerOptions: ContainerOptions;
  readonly #running = new Set<ProcessContainer>();
  readonly #memory: MemoryGuard;

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
    this.#memory = new MemoryGuard(options.log);
    this.#containerOptions = { ...options, strays: new StraySweeper() };
  }

  async pull(image: string): Promise<Image> {
    return this.#options.findImage(image);
  }

  async start(launch: Launch): Promise<RuntimeContainer> {
    const { key, image, memoryLimitBytes, stdin, stdinOnce, tty = false } = launch;
    const id = randomUUID();
    const podFolder = join(this.#options.podsFolder, key.podUid);
    const folder = new RunFolder(join(podFolder, 'containers', key.container, `${key.attempt}-${id}`));
    const workingDir = launch.workingDir ?? podFolder;
    const env = { ...launch.env, [CONTAINER_ID_VARIABLE]: id };
    await requireFolder(workingDir);
    const program = await findProgram(launch.argv[0], launch.env.PATH, workingDir);
    await folder.create({
      id,
      key,
      image,
      startedAt: this.#options.clock(),
      env,
      workingDir,
      memoryLimitBytes,
      ...(stdin && { stdin, stdinOnce }),
      ...(tty && { tty }),
    });
    // A terminal's input is open even when nobody types.
    if (stdin || tty) await makeInput(folder.path);
    const argv = [program, ...launch.argv.slice(1)];
    const command = tty ? await this.#inTerminal(argv, folder, launch.env.SHELL) : argv;
    const record = (await folder.record())!;
    const container = new ProcessContainer(folder, record, this.#containerOptions);
    const shim = spawn('/bin/sh', ['-c', SHIM, 'kanari-shim', folder.path, ...command], {
      cwd: workingDir,
      env: tty ? { TERM: 'xterm', ...env } : env,
      detached: true,
      stdio: 'ignore',
    });
    await new Promise<void>((started, failed) => {
      shim.once('spawn', started);
      shim.once('error', (error) => failed(new StartError(`cannot start /bin/sh: ${error.message}`)));
    });
    shim.unref();
    await container.observe(shim);
    this.#follow(container);
    return container;
  }

  /** A container that should have a terminal runs without one where there are none. */
  async #inTerminal(argv: string[], folder: RunFolder, shell: string | undefined): Promise<string[]> {
    if (await hasTerminals()) return inTerminal(argv, `>${quoted(folder.terminalFile)}`, shell);
    this.#options.log.warn({ folder: folder.path }, NO_TERMINAL.trim());
    return argv;
  }

  async recover(): Promise<RuntimeContainer[]> {
    const runs = await findRuns(this.#options.podsFolder);
    const containers = await Promise.all(runs.map((folder) => this.#recoverRun(folder)));
    return containers.filter((container) => container !== undefined);
  }

  async #recoverRun(folder: RunFolder): Promise<RuntimeContainer | undefined> {
    const record = await folder.record();
    const shim = await folder.claimedBy();
    if (!record || shim === undefined) {
      await folder.remove();
      return undefined;
    }
    const container = new ProcessContainer(folder, record, this.#containerOptions);
    if (!(await folder.exit()) && (await isShimOf(shim, folder.path))) await container.observe(shim);
    else await container.observeEnded();
    this.#follow(container);
    return container;
  }

  async usage(): Promise<ReadonlyMap<string, ResourceUsage>> {
    if (this.#running.size === 0) return new Map();
    const processes = await readProcesses();
    const idOf = new Map([...this.#running].flatMap(({ shimPid, id }) => (shimPid ? [[shimPid, id]] : [])));
    const sums = sumByRoot(processes, new Set(idOf.keys()));
    return new Map([...sums].map(([pid, usage]) => [idOf.get(pid) ?? '', usage]));
  }

  #follow(container: ProcessContainer): void {
    if (container.exit) return;
    this.#running.add(container);
    const unguard = this.#memory.guard(container);
    void container.ended.then(() => {
      this.#running.delete(container);
      unguard();
    });
  }
}

async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) throw new StartError(`working directory ${JSON.stringify(path)} does not exist`);
}

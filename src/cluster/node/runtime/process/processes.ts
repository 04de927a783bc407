import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Environment variable that marks every process of a container, also those that left its process group. */
export const CONTAINER_ID_VARIABLE = 'KANARI_CONTAINER_ID';

/**
 * Whether this process is the shim of the run in this folder. The folder's name is unique, so that a process id that
 * was given to another process since is never taken for it.
 */
export async function isShimOf(pid: number, folder: string): Promise<boolean> {
  const commandLine = await commandLineOf(pid);
  return commandLine?.includes(folder) ?? false;
}

async function commandLineOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  }
  const ps = promisify(execFile)('ps', ['-ww', '-p', String(pid), '-o', 'args=']);
  return ps.then(({ stdout }) => stdout).catch(() => undefined);
}

/** Whether a process exists (a zombie does). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Sends a signal to a process, or with a negative id to a group; false when there is none any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Kills all processes that carry the mark of one of these containers: a program's children that made themselves
 * sessions of their own. Linux only; elsewhere the process group has to do.
 */
export async function killMarked(containerIds: ReadonlySet<string>): Promise<void> {
  if (process.platform !== 'linux' || containerIds.size === 0) return;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const environment = await readFile(`/proc/${entry}/environ`, 'latin1').catch(() => '');
    const at = environment.indexOf(`${CONTAINER_ID_VARIABLE}=`);
    if (at < 0) continue;
    const start = at + CONTAINER_ID_VARIABLE.length + 1;
    const id = environment.slice(start, environment.indexOf('\0', start));
    if (containerIds.has(id)) signal(Number(entry), 'SIGKILL');
  }
}

/** Kills what containers left behind; many that end at once are looked for in one pass over all processes. */
export class StraySweeper {
  #waiting = new Set<string>();
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  /** Resolves when nothing of the container runs any more. */
  sweep(containerId: string): Promise<void> {
    this.#waiting.add(containerId);
    this.#next ??= this.#running.then(() => {
      const ids = this.#waiting;
      this.#waiting = new Set();
      this.#next = undefined;
      this.#running = killMarked(ids);
      return this.#running;
    });
    return this.#next;
  }
}

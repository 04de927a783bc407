import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Environment variable that marks every process of a container, also those that left its process group. */
export const CONTAINER_ID_VARIABLE = 'KANARI_CONTAINER_ID';

/** Marks every process of a command that is run in a container for a client. */
export const EXEC_ID_VARIABLE = 'KANARI_EXEC_ID';

const MARKS = [CONTAINER_ID_VARIABLE, EXEC_ID_VARIABLE];

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
 * Kills all processes that carry the mark of one of these containers or commands: a program's children that made themselves
 * sessions of their own. Linux only; elsewhere the process group has to do.
 */
export async function killMarked(ids: ReadonlySet<string>): Promise<void> {
  if (process.platform !== 'linux' || ids.size === 0) return;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const environment = await readFile(`/proc/${entry}/environ`, 'latin1').catch(() => '');
    if (MARKS.some((mark) => ids.has(variableIn(environment, mark)))) signal(Number(entry), 'SIGKILL');
  }
}

/** Of a variable in a process's environment as the kernel shows it; empty when there is none. */
function variableIn(environment: string, name: string): string {
  const at = environment.indexOf(`${name}=`);
  if (at < 0) return '';
  const start = at + name.length + 1;
  return environment.slice(start, environment.indexOf('\0', start));
}

/** Kills what containers left behind; many that end at once are looked for in one pass over all processes. */
export class StraySweeper {
  #waiting = new Set<string>();
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  /** Resolves when nothing of the container or command runs any more. */
  sweep(id: string): Promise<void> {
    this.#waiting.add(id);
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

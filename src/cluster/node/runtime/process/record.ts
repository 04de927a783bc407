import { mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../../../../api/index.ts';
import type { ContainerKey } from '../runtime.ts';
import { CANCELLED } from './shim.ts';

/** What is written about a run before it starts. */
export interface RunRecord {
  id: string;
  key: ContainerKey;
  image: string;
  startedAt: Instant;
  /** Whether those that attach may write to it, and whether its input ends with the first of them. */
  stdin?: boolean | undefined;
  stdinOnce?: boolean | undefined;
  tty?: boolean | undefined;
  /** For commands run beside it. */
  env: Record<string, string>;
  workingDir: string;
  memoryLimitBytes?: number | undefined;
}

type EndMark = 'interrupted' | 'out-of-memory';

/**
 * The folder of one run. Its files, in the order in which they appear:
 * `record.json` and perhaps `stdin` (agent, before the start), `claim` → shim's process id, `stdout`, `stderr`,
 * perhaps `holder`, `pid`, perhaps `terminal` (its device), `log` and `offsets`
 * (agent), `interrupted` and `out-of-memory` (agent, before it stops), `exit` (shim).
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async create(record: RunRecord): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    await writeFile(join(this.path, 'record.json'), JSON.stringify(record), { mode: 0o600 });
  }

  /** Undefined when the agent died before it had written it whole: then nothing was started either. */
  async record(): Promise<RunRecord | undefined> {
    try {
      return JSON.parse(await readFile(join(this.path, 'record.json'), 'utf8')) as RunRecord;
    } catch {
      return undefined;
    }
  }

  /** The shim's process id. Undefined: nobody claimed the run, and now nobody will. */
  async claimedBy(): Promise<number | undefined> {
    try {
      await symlink(CANCELLED, join(this.path, 'claim'));
      return undefined;
    } catch {
      const target = await readlink(join(this.path, 'claim')).catch(() => CANCELLED);
      return target === CANCELLED ? undefined : Number(target);
    }
  }

  /** The program's process id, once the shim has started it. */
  async programPid(): Promise<number | undefined> {
    return (await this.#number('pid'))?.value;
  }

  /** The process that keeps the program's input open, where it has one. */
  async inputHolder(): Promise<number | undefined> {
    return (await this.#number('holder'))?.value;
  }

  /** Device of the program's terminal, once it is known. */
  async terminal(): Promise<string | undefined> {
    const text = await readFile(this.terminalFile, 'utf8').catch(() => '');
    return text.trim() || undefined;
  }

  get terminalFile(): string {
    return join(this.path, 'terminal');
  }

  async exit(): Promise<{ exitCode: number; finishedAt: Instant } | undefined> {
    const exit = await this.#number('exit');
    return exit && { exitCode: exit.value, finishedAt: exit.writtenAt };
  }

  /**
   * Notes why the agent ends the run: `interrupted`, by the agent's own end and not by its program or its pod, or
   * `out-of-memory`.
   */
  async mark(why: EndMark): Promise<void> {
    await writeFile(join(this.path, why), '').catch(() => undefined);
  }

  async isMarked(why: EndMark): Promise<boolean> {
    return stat(join(this.path, why)).then(
      () => true,
      () => false,
    );
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  /** A number in a file of its own, complete once its line has ended. */
  async #number(name: string): Promise<{ value: number; writtenAt: Instant } | undefined> {
    const path = join(this.path, name);
    const text = await readFile(path, 'utf8').catch(() => '');
    if (!text.endsWith('\n')) return undefined;
    const written = await stat(path).catch(() => undefined);
    return written && { value: Number(text), writtenAt: Math.round(written.mtimeMs) };
  }
}

/** All run folders below `pods/<uid>/containers/<name>/`. */
export async function findRuns(podsFolder: string): Promise<RunFolder[]> {
  const found: RunFolder[] = [];
  for (const uid of await namesIn(podsFolder)) {
    const containers = join(podsFolder, uid, 'containers');
    for (const container of await namesIn(containers)) {
      for (const run of await namesIn(join(containers, container))) {
        found.push(new RunFolder(join(containers, container, run)));
      }
    }
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

import type { Logger } from 'pino';
import { readProcesses } from '../../metrics/processes.ts';
import { sumByRoot } from '../../metrics/tree.ts';

/** How often the memory of limited containers is looked at. */
const LOOK_MS = 1000;

/** What the guard needs of a container. */
export interface Limited {
  /** Root of its processes; undefined when it does not run. */
  readonly shimPid: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  /** Ends it, and remembers why. */
  killForMemory(): Promise<void>;
}

/**
 * Ends containers whose processes have more memory than the container's limit. A process has no cgroup of its own, so
 * this looks once a second instead of refusing the allocation; it looks only while a container with a limit runs.
 */
export class MemoryGuard {
  readonly #containers = new Set<Limited>();
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Guards a container that has a limit; returns how to end that. */
  guard(container: Limited): () => void {
    if (container.memoryLimitBytes === undefined) return () => {};
    this.#containers.add(container);
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
    return () => {
      this.#containers.delete(container);
      if (this.#containers.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const byPid = new Map(
        [...this.#containers].flatMap((each) => (each.shimPid ? [[each.shimPid, each]] : [])),
      );
      const usage = sumByRoot(await readProcesses(), new Set(byPid.keys()));
      for (const [pid, container] of byPid) {
        const used = usage.get(pid)?.memoryBytes ?? 0;
        if (used > (container.memoryLimitBytes ?? Number.POSITIVE_INFINITY)) await container.killForMemory();
      }
    } catch (err) {
      this.#log.warn({ err }, 'cannot tell how much memory containers use; their limits wait');
    } finally {
      this.#looking = false;
    }
  }
}

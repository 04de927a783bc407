import type { ResourceUsage } from '../runtime/runtime.ts';
import type { ProcessUsage } from './processes.ts';

/**
 * What each root has used together with everything that descends from it, by the root's process id. A process belongs
 * to a root through its session, or through its parents when it has made a session of its own. The memory of the root
 * itself does not count: it is the shim, which the user knows nothing of.
 */
export function sumByRoot(
  processes: readonly ProcessUsage[],
  roots: ReadonlySet<number>,
): Map<number, ResourceUsage> {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const rootOf = new Map<number, number | undefined>();

  function find(pid: number): number | undefined {
    if (roots.has(pid)) return pid;
    if (rootOf.has(pid)) return rootOf.get(pid);
    // A table that was read while it changed could hold a circle.
    rootOf.set(pid, undefined);
    const process = byPid.get(pid);
    if (!process) return undefined;
    const { session, parent } = process;
    const root = session !== undefined && roots.has(session) ? session : find(parent);
    rootOf.set(pid, root);
    return root;
  }

  const sums = new Map<number, ResourceUsage>();
  for (const { pid, cpuNanoseconds, memoryBytes } of processes) {
    const root = find(pid);
    if (root === undefined) continue;
    const sum = sums.get(root) ?? { cpuNanoseconds: 0, memoryBytes: 0 };
    sum.cpuNanoseconds += cpuNanoseconds;
    if (pid !== root) sum.memoryBytes += memoryBytes;
    sums.set(root, sum);
  }
  return sums;
}

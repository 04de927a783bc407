import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Processor time of a process since its start, in milliseconds; Linux. */
export function cpuMsOf(pid: number | undefined): number {
  // The name may hold spaces; what follows it does not. User and system time are in ticks of 10 ms.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Resident memory of a process in bytes; Linux. */
export function residentOf(pid: number | undefined): number {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Asks a program again and again until there is an answer without an error. @throws when it has ended */
export async function untilReady(child: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const ready = await ask().then(
      () => true,
      () => false,
    );
    if (ready) return;
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} has ended by itself`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

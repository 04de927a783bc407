import { readFile } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import type { ResourceUsage } from '../runtime/runtime.ts';

/** What the whole machine uses, not only its pods. */
export async function nodeUsage(): Promise<ResourceUsage> {
  const busyMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { cpuNanoseconds: busyMs * 1e6, memoryBytes: totalmem() - (await availableMemory()) };
}

/** With what the page cache would give back; where the system does not tell, without. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'latin1').catch(() => '');
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

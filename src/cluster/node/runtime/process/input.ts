import { execFile } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { signal } from './processes.ts';

const inputOf = (folder: string) => join(folder, 'stdin');

/** Gives a run an input: a named pipe, so that each agent that comes can write to it. */
export async function makeInput(folder: string): Promise<void> {
  await promisify(execFile)('mkfifo', ['-m', '600', inputOf(folder)]);
}

/** Opens a run's input to write to it; undefined when it has none, or it has ended. */
export function openInput(folder: string): Writable | undefined {
  try {
    const fd = openSync(inputOf(folder), constants.O_WRONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: false, writable: true });
  } catch {
    return undefined;
  }
}

/** Ends a run's input for good. `holder` is the process that keeps it open between those who write to it. */
export async function endInput(folder: string, holder: number | undefined): Promise<void> {
  await rm(inputOf(folder), { force: true });
  if (holder !== undefined) signal(holder, 'SIGKILL');
}

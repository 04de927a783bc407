import { execFile } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A pipe that the agent reads. */
export interface OutputPipe {
  socket: Socket;
  /** The program's end: a file descriptor to start it with, and to close then. */
  fd: number;
}

/**
 * Pipes for a program's output. Node.js itself gives its children sockets, which they cannot open again as
 * `/dev/stdout`, as many a script does; what a container runtime gives can be.
 */
export async function openOutputPipes(count: number): Promise<OutputPipe[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kanari-pipes-'));
  const paths = Array.from({ length: count }, (_, index) => join(folder, String(index)));
  try {
    await promisify(execFile)('mkfifo', paths);
    return paths.map(openOutputPipe);
  } finally {
    // Open pipes need no names.
    await rm(folder, { recursive: true, force: true });
  }
}

function openOutputPipe(path: string): OutputPipe {
  const own = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // Does not wait, as there is somebody who reads.
  const fd = openSync(path, constants.O_WRONLY);
  return { socket: new Socket({ fd: own, readable: true, writable: false }), fd };
}

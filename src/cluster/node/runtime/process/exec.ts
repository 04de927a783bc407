import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex, Readable, Writable } from 'node:stream';
import { type ExecRequest, StartError, type StreamSession, type TerminalSize } from '../runtime.ts';
import { execShims } from './exec-shim.ts';
import { openOutputPipes } from './pipes.ts';
import { EXEC_ID_VARIABLE, type StraySweeper } from './processes.ts';
import { findProgram } from './program.ts';
import { hasTerminals, inTerminal, NO_TERMINAL, resizeTerminal } from './terminal.ts';

/** Exit code of what was killed. */
const KILLED = 137;

export interface ExecContext {
  env: Readonly<Record<string, string>>;
  workingDir: string;
  strays: StraySweeper;
}

/**
 * Runs a command beside a container: in its environment and working directory, in a process group and with a mark of
 * its own. @throws StartError
 */
export async function execProcess(
  { command, stdin, tty }: ExecRequest,
  { env, workingDir, strays }: ExecContext,
): Promise<StreamSession> {
  const program = await findProgram(command[0], env.PATH, workingDir);
  const argv = [program, ...command.slice(1)];
  const terminal = tty && (await hasTerminals());
  const outputs = await openOutputPipes(tty ? 1 : 2);
  const [output, errors] = outputs;
  const id = randomUUID();
  const shim = terminal ? 'inTerminal' : stdin ? 'withInput' : 'withoutInput';
  const words = terminal ? inTerminal(argv, '>&3; exec 3>&-', env.SHELL) : argv;
  const child = spawn('/bin/sh', ['-c', execShims[shim], 'kanari-exec', ...words], {
    cwd: workingDir,
    env: { ...(tty && { TERM: 'xterm' }), ...env, [EXEC_ID_VARIABLE]: id },
    detached: true,
    // A terminal's input is open even when nobody types.
    stdio: [shim === 'withoutInput' ? 'ignore' : 'pipe', output!.fd, (errors ?? output!).fd, 'pipe'],
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    for (const { socket } of outputs) socket.destroy();
    throw new StartError(`cannot start /bin/sh: ${(error as Error).message}`);
  } finally {
    for (const { fd } of outputs) closeSync(fd);
  }
  if (tty && !terminal) output!.socket.unshift(NO_TERMINAL);
  const session = new ExecSession(child, {
    input: child.stdin ?? undefined,
    stdin,
    stdout: output!.socket,
    stderr: errors?.socket,
  });
  void session.ended.then(() => strays.sweep(id));
  return session;
}

interface ExecStreams {
  input: Writable | undefined;
  /** Whether the client may write to the input. */
  stdin: boolean;
  stdout: Socket;
  stderr: Socket | undefined;
}

class ExecSession implements StreamSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly ended: Promise<number>;
  readonly #input: Writable | undefined;
  readonly #lifeLine: Duplex;
  /** The terminal's device; undefined until it is known, and where there is none. */
  #terminal: string | undefined;
  #size: TerminalSize | undefined;

  constructor(child: ChildProcess, { input, stdin, stdout, stderr }: ExecStreams) {
    this.#input = input;
    this.stdin = stdin ? input : undefined;
    this.stdout = stdout;
    this.stderr = stderr;
    this.#lifeLine = child.stdio[3] as Duplex;
    // Commands may end without reading all that they are sent.
    for (const stream of [input, stdout, stderr, this.#lifeLine]) stream?.on('error', () => stream.destroy());
    let exitCode = KILLED;
    createInterface({ input: this.#lifeLine }).on('line', (line) => {
      if (line.startsWith('/')) this.#foundTerminal(line);
      else exitCode = Number(line);
    });
    this.ended = new Promise((resolve) => {
      // By then all that the shim wrote to the life line has been read.
      child.once('close', () => {
        input?.destroy();
        resolve(exitCode);
      });
    });
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    if (this.#terminal) resizeTerminal(this.#terminal, size);
  }

  close(): void {
    // The outputs end by themselves, with what was written before.
    this.#lifeLine.destroy();
    this.#input?.destroy();
  }

  #foundTerminal(device: string): void {
    this.#terminal = device;
    if (this.#size) resizeTerminal(device, this.#size);
  }
}

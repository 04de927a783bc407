import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { LogCollector } from '../../logs/collector.ts';
import type { StreamSession, TerminalSize } from '../runtime.ts';
import { resizeTerminal } from './terminal.ts';

/** A program writes to files, so that nobody slows it down: a client that falls this far behind is let go of. */
const MOST_BEHIND_BYTES = 4 * 1024 * 1024;

export interface AttachContext {
  collector: LogCollector;
  /** The container's end, with its exit code. */
  ended: Promise<number>;
  stdin: Writable | undefined;
  /** Whether the program should have a terminal: then all output is one. */
  tty: boolean;
  /** Device of the terminal that it has. */
  terminal: string | undefined;
}

/** Joins a container's program: what it writes from now on, and its input. */
export class AttachSession implements StreamSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly ended: Promise<number>;
  readonly #terminal: string | undefined;
  readonly #unsubscribe: () => void;
  readonly #resolve: (exitCode: number) => void;

  constructor({ collector, ended, stdin, tty, terminal }: AttachContext) {
    const stdout = new PassThrough();
    const stderr = tty ? undefined : new PassThrough();
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    this.#terminal = terminal;
    stdin?.on('error', () => stdin.destroy());
    this.#unsubscribe = collector.onOutput((stream, bytes) => {
      const target = stream === 'stderr' && stderr ? stderr : stdout;
      if (target.writableLength + target.readableLength > MOST_BEHIND_BYTES) this.close();
      else if (target.writable) target.write(bytes);
    });
    const { promise, resolve } = Promise.withResolvers<number>();
    this.ended = promise;
    this.#resolve = resolve;
    void ended.then((exitCode) => {
      this.#unsubscribe();
      stdin?.destroy();
      stdout.end();
      stderr?.end();
      resolve(exitCode);
    });
  }

  resize(size: TerminalSize): void {
    if (this.#terminal) resizeTerminal(this.#terminal, size);
  }

  close(): void {
    this.#unsubscribe();
    this.stdin?.destroy();
    this.stdout.destroy();
    this.stderr?.destroy();
    this.#resolve(0);
  }
}

import { type Duplex, PassThrough, type Readable, type Writable } from 'node:stream';
import type { StreamSession, TerminalSize } from '../runtime.ts';
import { type Frame, FrameReader } from './frames.ts';

export interface EngineSessionOptions {
  /** The hijacked connection. */
  connection: Duplex;
  stdin: boolean;
  tty: boolean;
  /** Asked once the connection has ended, or the session was closed. */
  exitCode: () => Promise<number>;
  resize: (size: TerminalSize) => void;
  /** Ends the command; what was attached to goes on. */
  kill: () => void;
}

/** A connection to a command or a program in a container, as the streams that clients see. */
export class EngineSession implements StreamSession {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  readonly ended: Promise<number>;
  readonly #options: EngineSessionOptions;

  constructor(options: EngineSessionOptions) {
    const { connection, stdin, tty, exitCode } = options;
    this.#options = options;
    this.stdin = stdin ? connection : undefined;
    if (!stdin) connection.end();
    connection.on('error', () => connection.destroy());
    if (tty) {
      this.stdout = connection.pipe(new PassThrough());
      this.stderr = undefined;
    } else {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      void separate(connection.pipe(new FrameReader()), stdout, stderr);
      this.stdout = stdout;
      this.stderr = stderr;
    }
    this.ended = new Promise((resolve) => {
      connection.once('close', () => exitCode().then(resolve, () => resolve(137)));
    });
  }

  resize(size: TerminalSize): void {
    this.#options.resize(size);
  }

  close(): void {
    this.#options.kill();
    this.#options.connection.destroy();
  }
}

/** Writes each frame to its stream; a reader that is slow holds up both, as it does with a real terminal. */
async function separate(frames: Readable, stdout: PassThrough, stderr: PassThrough): Promise<void> {
  try {
    for await (const { stream, data } of frames as AsyncIterable<Frame>) {
      const target = stream === 'stderr' ? stderr : stdout;
      if (!target.write(data))
        await new Promise((resolve) => target.once('drain', resolve).once('close', resolve));
    }
  } catch {
    // The connection broke off; its end is told by `ended`.
  } finally {
    stdout.end();
    stderr.end();
  }
}

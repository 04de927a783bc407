import { Readable, type Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { StartError, type StreamSession, type TerminalSize } from '../runtime/runtime.ts';
import { exited, failed, type Outcome } from './outcome.ts';

/** What a client wants of exec or attach; at least one of the three streams. */
export interface CommandStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** A client of exec or attach, whatever protocol it speaks. */
export interface CommandClient {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  /** Settles when the client has gone. */
  readonly gone: Promise<void>;
  onResize(listener: (size: TerminalSize) => void): void;
  /** Tells how it ended, and closes. */
  finish(outcome: Outcome): void;
}

/**
 * Joins a client with the session that `open` gives, until the command has ended and all its output is with the client,
 * or the client has gone. `isExec`: the client is told the exit code.
 */
export async function serveCommand(
  client: CommandClient,
  open: () => Promise<StreamSession>,
  { isExec }: { isExec: boolean },
): Promise<void> {
  let session: StreamSession;
  try {
    session = await open();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    client.finish(await refuse(client, error, isExec));
    return;
  }
  void client.gone.then(() => session.close());
  client.onResize((size) => session.resize(size));
  // A command need not read its input to the end.
  if (client.stdin && session.stdin) pipeline(client.stdin, session.stdin).catch(() => {});
  else client.stdin?.resume();
  const [exitCode] = await Promise.all([
    session.ended,
    passOn(session.stdout, client.stdout),
    passOn(session.stderr, client.stderr),
  ]);
  client.finish(exited(isExec ? exitCode : 0));
}

/** What nobody wants is thrown away, so that the command does not wait. */
async function passOn(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (!from) return;
  if (!to) from.resume();
  // A client that has gone ends the session; there is nothing else to do about it.
  await (to ? pipeline(from, to) : finished(from)).catch(() => {});
}

/** In the words of runc, as clients of real nodes know them. */
async function refuse(
  client: CommandClient,
  { message, exitCode }: StartError,
  isExec: boolean,
): Promise<Outcome> {
  if (!isExec || !message.startsWith('exec: ')) return failed(message);
  const text = `OCI runtime exec failed: exec failed: unable to start container process: ${message}: unknown\r\n`;
  await passOn(Readable.from([Buffer.from(text)]), client.stderr ?? client.stdout);
  return exited(exitCode);
}

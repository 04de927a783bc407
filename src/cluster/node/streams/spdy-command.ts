import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../runtime/runtime.ts';
import type { CommandClient, CommandStreams } from './command.ts';
import { type Outcome, outcomeText } from './outcome.ts';
import { readSizes } from './resize.ts';
import type { SpdyConnection, SpdyStream } from './spdy/index.ts';
import { acceptSpdy } from './spdy-upgrade.ts';
import type { Upgrade } from './websocket.ts';

/** Protocols of exec and attach over SPDY, as Kubernetes names them. */
export const SPDY_COMMAND_PROTOCOLS = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
  '',
] as const;

/** How long a client may take to open its streams. */
const STREAMS_MS = 30_000;

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** A client of exec or attach that speaks SPDY. @throws Error when it does not open its streams */
export async function spdyCommand(
  upgrade: Upgrade,
  protocol: string,
  { stdin, stdout, stderr, tty }: CommandStreams,
): Promise<CommandClient> {
  const canResize = /^v[34]\./.test(protocol);
  const wanted = new Set<StreamType>(['error']);
  if (stdin) wanted.add('stdin');
  if (stdout) wanted.add('stdout');
  if (stderr && !tty) wanted.add('stderr');
  if (tty && canResize) wanted.add('resize');
  const opened = new Map<StreamType, SpdyStream>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const connection = acceptSpdy(upgrade, protocol, (stream) => {
    const type = stream.headers.streamtype as StreamType;
    if (!wanted.has(type) || opened.has(type)) {
      stream.destroy();
      return;
    }
    opened.set(type, stream);
    if (opened.size === wanted.size) resolve();
  });
  void connection.closed.then(() => reject(new Error('the client has gone')));
  const timer = setTimeout(
    () => reject(new Error('timed out waiting for client to create streams')),
    STREAMS_MS,
  );
  try {
    await promise;
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return new SpdyCommandClient(connection, opened, protocol === 'v4.channel.k8s.io');
}

class SpdyCommandClient implements CommandClient {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly gone: Promise<void>;
  readonly #connection: SpdyConnection;
  readonly #streams: ReadonlyMap<StreamType, SpdyStream>;
  readonly #isStatus: boolean;

  constructor(connection: SpdyConnection, streams: ReadonlyMap<StreamType, SpdyStream>, isStatus: boolean) {
    this.#connection = connection;
    this.#streams = streams;
    this.#isStatus = isStatus;
    this.stdin = streams.get('stdin');
    this.stdout = streams.get('stdout');
    this.stderr = streams.get('stderr');
    this.gone = connection.closed;
    // Clients end their halves of these without a byte.
    for (const type of ['error', 'stdout', 'stderr'] as const) streams.get(type)?.resume();
  }

  onResize(listener: (size: TerminalSize) => void): void {
    const sizes = this.#streams.get('resize');
    if (sizes) readSizes(sizes, listener);
  }

  finish(outcome: Outcome): void {
    const errors = this.#streams.get('error');
    const text = outcomeText(outcome, this.#isStatus);
    if (text) errors?.write(text);
    let open = this.#streams.size;
    for (const stream of this.#streams.values()) {
      stream.end(() => {
        open -= 1;
        if (open === 0) this.#connection.end();
      });
    }
  }
}

import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../runtime/runtime.ts';
import type { CommandClient, CommandStreams } from './command.ts';
import { type Outcome, outcomeText } from './outcome.ts';
import { readSizes } from './resize.ts';
import { acceptWebSocket, Channels, type Upgrade } from './websocket.ts';

/** Protocols of exec and attach over WebSocket, as Kubernetes names them. */
export const WEBSOCKET_COMMAND_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
] as const;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;

/** A client of exec or attach that speaks WebSocket. */
export function websocketCommand(
  upgrade: Upgrade,
  protocol: string,
  streams: CommandStreams,
): Promise<CommandClient> {
  return acceptWebSocket(upgrade, protocol, (socket) => {
    const channels = new Channels(socket, { isBase64: protocol.includes('base64') });
    const client = new WebSocketCommandClient(channels, streams, /^v[45]\./.test(protocol));
    client.greet();
    return client;
  });
}

class WebSocketCommandClient implements CommandClient {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly gone: Promise<void>;
  readonly #channels: Channels;
  readonly #errors: Writable;
  readonly #sizes: Readable;
  readonly #isStatus: boolean;

  constructor(channels: Channels, { stdin, stdout, stderr, tty }: CommandStreams, isStatus: boolean) {
    this.#channels = channels;
    this.#isStatus = isStatus;
    this.stdin = stdin ? channels.reader(STDIN) : undefined;
    this.stdout = stdout ? channels.writer(STDOUT) : undefined;
    this.stderr = stderr && !tty ? channels.writer(STDERR) : undefined;
    this.#errors = channels.writer(ERROR);
    this.#sizes = channels.reader(RESIZE);
    this.gone = channels.closed;
  }

  /** An empty message: some clients wait for one before they begin. */
  greet(): void {
    (this.stdout ?? this.stderr ?? this.#errors).write(Buffer.alloc(0));
  }

  onResize(listener: (size: TerminalSize) => void): void {
    readSizes(this.#sizes, listener);
  }

  finish(outcome: Outcome): void {
    const text = outcomeText(outcome, this.#isStatus);
    if (text) this.#errors.write(text);
    this.#errors.end(() => this.#channels.close());
  }
}

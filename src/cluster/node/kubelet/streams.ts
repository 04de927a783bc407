import type { Logger } from 'pino';
import type { PodManager } from '../pods/manager.ts';
import type { PodWorker } from '../pods/worker.ts';
import { bindablePort } from '../ports.ts';
import { type RuntimeContainer, StartError } from '../runtime/runtime.ts';
import {
  acceptCommand,
  acceptForward,
  type CommandStreams,
  type ForwardTarget,
  isUpgradedFirst,
  parsePort,
  serveCommand,
  type Upgrade,
} from '../streams/index.ts';
import { HttpError } from './error.ts';

/** What follows the first word of the path, and the query. */
export interface StreamRequest {
  parts: readonly string[];
  params: URLSearchParams;
}

type StreamHandler = (request: StreamRequest, upgrade: Upgrade) => Promise<void>;

/** Exec, attach and port-forward: what the API server passes on of clients that ask for another protocol than HTTP. */
export class StreamHandlers {
  readonly #pods: PodManager;
  readonly #log: Logger;
  readonly handlers: Readonly<Record<string, StreamHandler>> = {
    exec: (request, upgrade) => this.#exec(request, upgrade),
    attach: (request, upgrade) => this.#attach(request, upgrade),
    portForward: (request, upgrade) => this.#portForward(request, upgrade),
  };

  constructor({ pods, log }: { pods: PodManager; log: Logger }) {
    this.#pods = pods;
    this.#log = log;
  }

  /** `/exec/<namespace>/<pod>/<container>` */
  async #exec({ parts, params }: StreamRequest, upgrade: Upgrade): Promise<void> {
    const command = params.getAll('command');
    if (command.length === 0)
      throw new HttpError(400, 'you must specify at least one command for the container');
    const streams = streamsOf(params);
    if (!isUpgradedFirst(upgrade.request)) this.#container(parts);
    const client = await acceptCommand(upgrade, streams);
    await this.#guard(() =>
      serveCommand(
        client,
        () => this.#upgradable(parts).openExec({ command, stdin: streams.stdin, tty: streams.tty }),
        { isExec: true },
      ),
    );
  }

  /** `/attach/<namespace>/<pod>/<container>` */
  async #attach({ parts, params }: StreamRequest, upgrade: Upgrade): Promise<void> {
    const streams = streamsOf(params);
    if (!isUpgradedFirst(upgrade.request)) this.#container(parts);
    const client = await acceptCommand(upgrade, streams);
    await this.#guard(() =>
      serveCommand(client, () => this.#upgradable(parts).openAttach({ stdin: streams.stdin }), {
        isExec: false,
      }),
    );
  }

  /** `/portForward/<namespace>/<pod>` */
  async #portForward({ parts, params }: StreamRequest, upgrade: Upgrade): Promise<void> {
    const worker = this.#worker(parts);
    const texts = [...params.getAll('ports'), ...params.getAll('port')].flatMap((text) => text.split(','));
    const ports = texts.map((text) => {
      const port = parsePort(text);
      if (port === undefined)
        throw new HttpError(400, `port ${JSON.stringify(text)} is not a number from 1 to 65535`);
      return port;
    });
    const connection = await acceptForward(upgrade, forwardTarget(worker), ports);
    // Clients are told that the pod has gone by the end of the connection.
    const leave = () => upgrade.socket.destroy();
    worker.gone.addEventListener('abort', leave);
    await connection.closed;
    worker.gone.removeEventListener('abort', leave);
  }

  /** After the upgrade there is no answering with a status any more. */
  async #guard(serve: () => Promise<void>): Promise<void> {
    try {
      await serve();
    } catch (error) {
      this.#log.warn({ err: error }, 'a command for a client has failed');
      throw error;
    }
  }

  #worker([namespace = '', name = '']: readonly string[]): PodWorker {
    const worker = this.#pods.worker(namespace, name);
    if (!worker) throw new HttpError(404, 'pod does not exist');
    return worker;
  }

  /** A container that runs. */
  #container(parts: readonly string[]): RuntimeContainer {
    const name = parts[2] ?? '';
    const slot = this.#worker(parts).slot(name);
    if (!slot?.run || slot.run.exit) {
      // Without another colon: kubectl would take the line for YAML, thus for a Status without a message.
      throw new HttpError(500, `container not found (${JSON.stringify(name)})`);
    }
    return slot.run;
  }

  /** A container that runs, for a client that has been upgraded already. @throws StartError */
  #upgradable(parts: readonly string[]): RuntimeContainer {
    try {
      return this.#container(parts);
    } catch (error) {
      if (error instanceof HttpError) throw new StartError(`unable to upgrade connection: ${error.message}`);
      throw error;
    }
  }
}

function streamsOf(params: URLSearchParams): CommandStreams {
  const is = (name: string) => ['true', '1'].includes(params.get(name) ?? '');
  const streams = { stdin: is('stdin'), stdout: is('stdout'), stderr: is('stderr'), tty: is('tty') };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return streams;
}

function forwardTarget({ pod, podIP }: PodWorker): ForwardTarget {
  const { namespace, name, uid } = pod.metadata ?? {};
  return {
    name: `${namespace}/${name}, uid ${uid}`,
    address: (port) => ({ host: podIP, port: bindablePort(port) }),
  };
}

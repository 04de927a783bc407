import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Cluster, Context, Output } from './context.ts';
import { CliError, messageOf } from './errors.ts';
import { connectionOptions, type GlobalFlags } from './globals.ts';
import { surroundings } from './local.ts';
import { runCommandLine } from './program.ts';

const names = ['kanari', 'kubectl-kanari', 'kubectl-argo-rollouts'];

/**
 * The entry point of `kanari`, `kubectl-kanari` and `kubectl-argo-rollouts`.
 * @param argv as `process.argv`: the runtime, the program as it was called, its arguments
 */
export async function main(argv: string[]): Promise<void> {
  const called = basename(argv[1] ?? '').replace(/\.(m?js|cmd|exe)$/, '');
  const invokedAs = names.includes(called) ? called : 'kanari';
  const session = new Session(invokedAs);
  try {
    process.exitCode = await runCommandLine(session.context, argv.slice(2), (program) =>
      session.bind(program),
    );
  } finally {
    await session.close();
  }
}

/** What the process has to offer to one command. */
class Session {
  readonly context: Context;
  private readonly invokedAs: string;
  private program: Command | undefined;
  private connected: Promise<Cluster & { close(): Promise<void> }> | undefined;
  private interruption: AbortController | undefined;

  constructor(invokedAs: string) {
    this.invokedAs = invokedAs;
    this.context = {
      invokedAs,
      stdout: output(process.stdout, () => this.abandoned()),
      stderr: output(process.stderr, () => this.abandoned()),
      stdin: readStdin,
      clock: () => Date.now(),
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
      env: process.env,
      interrupted: () => this.interrupted(),
      cluster: () => {
        this.connected ??= this.connect();
        return this.connected;
      },
    };
  }

  bind(program: Command): void {
    this.program = program;
  }

  async close(): Promise<void> {
    const cluster = await this.connected?.catch(() => undefined);
    await cluster?.close();
  }

  private async connect(): Promise<Cluster & { close(): Promise<void> }> {
    const flags = this.program?.opts<GlobalFlags>() ?? ({} as GlobalFlags);
    const options = connectionOptions(flags, this.invokedAs, surroundings());
    const { loadConnection, createClient } = await import('../kube/index.ts');
    const connection = await loadConnection(options).catch((error: unknown) => {
      // What follows the first line draws the place in the file.
      throw new CliError(messageOf(error).split('\n')[0] ?? '', 1, error);
    });
    if (flags.kloglevel > 0) {
      this.context.stderr.write(
        `${connection.server}, namespace ${connection.namespace}${options.kubeconfig ? `, from ${options.kubeconfig}` : ''}\n`,
      );
    }
    const client = createClient(connection, { userAgent: this.invokedAs, fieldManager: this.invokedAs });
    return {
      client,
      namespace: connection.namespace,
      namespaceGiven: flags.namespace !== undefined,
      close: () => client.close(),
    };
  }

  private interrupted(): AbortSignal {
    if (!this.interruption) {
      const interruption = new AbortController();
      this.interruption = interruption;
      const onSignal = () => {
        if (interruption.signal.aborted) process.exit(1);
        interruption.abort();
      };
      // SIGHUP: the terminal was closed.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    }
    return this.interruption.signal;
  }

  /** Nobody reads any more (`kanari list rollouts | head -1`, a closed terminal): what can end in order does. */
  private abandoned(): void {
    if (this.interruption) this.interruption.abort();
    else process.exit(0);
  }
}

function output(stream: NodeJS.WriteStream, onGone: () => void): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    onGone();
  });
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    onResize(listener) {
      stream.on('resize', listener);
      return () => void stream.off('resize', listener);
    },
  };
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

import { createClient, directConnection } from '../../kube/index.ts';
import type { Context, Output } from '../context.ts';
import type { GlobalFlags } from '../globals.ts';
import { runCommandLine } from '../program.ts';
import { type FakeCluster, NAMESPACE } from './fake-cluster.ts';

/** 2026-03-02T09:14:07Z, the present of all tests. */
export const NOW = Date.parse('2026-03-02T09:14:07Z');

export interface RunOptions {
  cluster?: FakeCluster;
  invokedAs?: string;
  env?: Record<string, string>;
  /** A terminal of this size; without it the output goes into a pipe. */
  terminal?: { columns: number; rows: number };
  stdin?: string;
  signal?: AbortSignal;
  now?: () => number;
  /** Sees what is printed on stdout as it comes. */
  onOutput?: (all: string) => void;
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const printed = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr'): Output => ({
    write: (text) => {
      printed[name] += text;
      if (name === 'stdout') options.onOutput?.(printed.stdout);
    },
    isTTY: options.terminal !== undefined,
    columns: options.terminal?.columns,
    rows: options.terminal?.rows,
    onResize: () => () => {},
  });
  let flags = {} as GlobalFlags;
  const { cluster } = options;
  const client = cluster && createClient(directConnection({ server: cluster.url, token: 't' }));
  const context: Context = {
    invokedAs: options.invokedAs ?? 'kubectl-argo-rollouts',
    stdout: output('stdout'),
    stderr: output('stderr'),
    stdin: async () => options.stdin ?? '',
    clock: options.now ?? (() => NOW),
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    env: options.env ?? {},
    interrupted: () => options.signal ?? new AbortController().signal,
    cluster: async () => {
      if (!client) throw new Error('no cluster');
      return {
        client,
        namespace: flags.namespace ?? NAMESPACE,
        namespaceGiven: flags.namespace !== undefined,
      };
    },
  };
  try {
    const code = await runCommandLine(context, args, (program) => {
      flags = new Proxy(flags, { get: (_, key) => program.opts<Record<PropertyKey, unknown>>()[key] });
    });
    return { code, ...printed };
  } finally {
    await client?.close();
  }
}

import type { Clock } from '../api/index.ts';
import type { KubeClient } from '../kube/index.ts';

/** What a command may touch. Everything outside comes through here, so that a command is a function of its arguments. */

/** A stream to write to. */
export interface Output {
  write(text: string): void;
  /** Whether a person looks at it. */
  readonly isTTY: boolean;
  /** Size of the terminal in characters; undefined when there is none. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Calls back when the size changes; returns how to stop that. */
  onResize(listener: () => void): () => void;
}

/** An API server that a command talks to, and the namespace it works in. */
export interface Cluster {
  client: KubeClient;
  /** `-n`, else the context's, else the service account's, else `default` (CLI-005). */
  namespace: string;
  /** Whether the user named the namespace with `-n`. */
  namespaceGiven: boolean;
}

export interface Context {
  /** `kanari`, `kubectl-kanari` or `kubectl-argo-rollouts`. */
  invokedAs: string;
  stdout: Output;
  stderr: Output;
  /** All of standard input. */
  stdin(): Promise<string>;
  clock: Clock;
  /** Resolves after the time, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  env: Record<string, string | undefined>;
  /**
   * Aborted by the first SIGINT or SIGTERM after it was first asked for, so that a command can end in order; the second
   * signal ends the process with exit code 1. A command that never asks is ended by its first signal.
   */
  interrupted(): AbortSignal;
  /** Connects on first use. Without a usable kubeconfig: throws. */
  cluster(): Promise<Cluster>;
}

/** What a command returns: its exit code; nothing means 0. */
// biome-ignore lint/suspicious/noConfusingVoidType: commands without a code of their own return nothing
export type ExitCode = number | void;

/** Runs a command's function in the context of this invocation and keeps its exit code. */
export type Run = (action: (context: Context) => Promise<ExitCode>) => Promise<void>;

export function printLine(output: Output, line: string): void {
  output.write(`${line}\n`);
}

/** Tells of something that is no failure. */
export function warn(context: Context, message: string): void {
  printLine(context.stderr, `Warning: ${message}`);
}

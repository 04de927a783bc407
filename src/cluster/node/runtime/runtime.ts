import type { Readable, Writable } from 'node:stream';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Instant } from '../../../api/index.ts';
import type { LogQuery } from '../logs/read.ts';

/** Which run of which container of which pod. */
export interface ContainerKey {
  podUid: string;
  namespace: string;
  pod: string;
  container: string;
  /** How often the container was restarted before: `restartCount`. */
  attempt: number;
}

/** What an image says about how it is run; a pod's `command` and `args` replace its own. */
export interface Image {
  command: readonly string[];
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  workingDir?: string | undefined;
  /** Where the program listens when the pod declares no port. */
  port?: number | undefined;
  /** The program is known to listen on its port: a container without a readiness probe is ready once it does. */
  listens: boolean;
  /** It stands in for another program, to whose needs the pod's limits are made. */
  standsIn?: boolean | undefined;
  /** Who it runs as, a name or number; undefined: root, or not known. */
  user?: string | undefined;
  /** It has a file system and a network of its own: what this machine would tell a program means nothing in it. */
  ownRoot?: boolean | undefined;
}

/** A port of a container, and the one of the pod's address that stands for it. */
export interface PublishedPort {
  port: number;
  hostPort: number;
}

/** A folder or file of this machine that a container sees. */
export interface Mount {
  /** Absolute path on this machine. */
  source: string;
  /** Absolute path in the container. */
  target: string;
  readOnly: boolean;
}

/** Everything that is needed to run a container. */
export interface Launch {
  key: ContainerKey;
  image: string;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Absolute; undefined: the pod's own folder. */
  workingDir?: string | undefined;
  /** The pod's address. */
  podIP: string;
  /** For containers with a network of their own. */
  ports: readonly PublishedPort[];
  /** For containers with a file system of their own; others find volumes by variables. */
  mounts: readonly Mount[];
  /** Processors that it may use; not enforced for processes. */
  cpuLimitCores?: number | undefined;
  /** Beyond this much memory it is ended, as out of memory. */
  memoryLimitBytes?: number | undefined;
  /** The program reads what attached clients send; else its input is empty. */
  stdin?: boolean | undefined;
  /** The input ends when the first client that attached to it has gone. */
  stdinOnce?: boolean | undefined;
  /** The program runs in a terminal. */
  tty?: boolean | undefined;
}

/** How a run ended. */
export interface Exit {
  /** As a shell reports it: 128 + n after signal n. */
  exitCode: number;
  startedAt: Instant;
  finishedAt: Instant;
  /** The agent ended it because it was stopped itself: the next start runs the container again at once. */
  interrupted: boolean;
  /** It was ended because it used more memory than its limit. */
  outOfMemory?: boolean | undefined;
}

/** What the processes of a container have used together. */
export interface ResourceUsage {
  /** CPU time since it was started. */
  cpuNanoseconds: number;
  /** Memory now: its working set. */
  memoryBytes: number;
}

export interface ExecResult {
  exitCode: number;
  /** stdout and stderr, at most 10 KiB. */
  output: string;
}

/** A terminal's size in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** A command to run in a container for somebody who watches. */
export interface ExecRequest {
  command: readonly string[];
  /** Somebody may write to it; else its input is empty. */
  stdin: boolean;
  /** In a terminal: what it writes to stderr comes with stdout. */
  tty: boolean;
}

/**
 * The streams of a command (`exec`) or of a container's own program (`attach`). Whoever opened it reads `stdout` and
 * `stderr` to their ends; a reader that is slow slows the program down.
 */
export interface StreamSession {
  /** Undefined when it was not asked for, or the program reads nothing. Ending it is the program's end of input. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined in a terminal. */
  readonly stderr: Readable | undefined;
  /** Settles with the exit code as a shell reports it; never rejects. Output may still have to be read. */
  readonly ended: Promise<number>;
  /** No effect without a terminal. */
  resize(size: TerminalSize): void;
  /** Kills the command; or lets go of the program that was attached to, which counts as its end. Idempotent. */
  close(): void;
}

/** One run of a container, alive or ended. */
export interface RuntimeContainer {
  /** `<runtime>://<id>`. */
  readonly id: string;
  readonly key: ContainerKey;
  readonly image: string;
  readonly startedAt: Instant;
  /** Undefined while it runs. */
  readonly exit: Exit | undefined;
  /** Settles when it has ended; never rejects. */
  readonly ended: Promise<Exit>;
  /** Only under `simulated`, where the script stands in for the probes: when it gets ready, if ever. */
  readonly readyAt?: Instant | undefined;
  /**
   * SIGTERM, then SIGKILL after the grace; settles when it has ended. A shorter grace overrides an earlier one. Rejects
   * only when it is interrupted by the agent's own end, and cannot be ended now.
   */
  stop(options: { graceMs: number; interrupted?: boolean }): Promise<Exit>;
  logs(query: LogQuery, signal?: AbortSignal): AsyncIterable<Buffer>;
  /** Runs a command beside the container, in its environment. Undefined exit code: it could not be run in time. */
  exec(command: readonly string[], options: { timeoutMs: number }): Promise<ExecResult>;
  /**
   * Runs a command in the container while the session is open; it ends with the container at the latest.
   * @throws StartError when it cannot be started; its `exitCode` is what a shell would answer
   */
  openExec(request: ExecRequest): Promise<StreamSession>;
  /** Joins the container's own program: what it writes from now on, and its input where it has one. */
  openAttach(request: { stdin: boolean }): Promise<StreamSession>;
  /** Ends what is left of it and forgets its files. */
  remove(): Promise<void>;
  /** Lets go of it without ending it: the next agent will recover it. */
  release(): void;
}

/** Runs containers. Knows nothing of restarts, probes or the API. */
export interface Runtime {
  readonly name: string;
  /**
   * Finds the image. `pulling` is called when it must be fetched first.
   * @throws ImagePullError when this runtime cannot run it
   */
  pull(image: string, pod: Pod, container: string, pulling?: () => Promise<void>): Promise<Image>;
  /**
   * @throws StartError when the program cannot be started
   * @throws SandboxError when what the containers of the pod share cannot be made
   */
  start(launch: Launch, pod: Pod): Promise<RuntimeContainer>;
  /** Ends what it keeps for a pod beside its containers, until one of them is started again. Idempotent. */
  stopPod?(podUid: string): Promise<void>;
  /** Forgets what it keeps for a pod; once its containers have been removed. Idempotent. */
  removePod?(podUid: string): Promise<void>;
  /**
   * What earlier agents on the same state started, of live and of dead pods: still running, or ended meanwhile.
   * Called once, before anything else.
   */
  recover(): Promise<RuntimeContainer[]>;
  /** What the containers that run now have used, by their ids; absent where that cannot be told. */
  usage?(): Promise<ReadonlyMap<string, ResourceUsage>>;
}

/** The image cannot be had; the message tells the user how to map it to a program. */
export class ImagePullError extends Error {
  override name = 'ImagePullError';
}

/** A program cannot be started: status `RunContainerError`, exit code 128; as a command of `openExec` 126 or 127. */
export class StartError extends Error {
  override name = 'StartError';
  /** As a shell has it: 127 for a program that is not there, else 126. */
  readonly exitCode: 126 | 127;

  constructor(message: string, exitCode: 126 | 127 = 126) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What the containers of a pod share cannot be made: event FailedCreatePodSandBox; the containers wait. */
export class SandboxError extends Error {
  override name = 'SandboxError';
}

/** A command run by `exec` did not end in time. */
export class ExecTimeoutError extends Error {
  override name = 'ExecTimeoutError';
}

import { randomUUID } from 'node:crypto';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Clock, formatTime, type Instant, parseTime } from '../../../../api/index.ts';
import type { LogQuery } from '../../logs/read.ts';
import {
  type ContainerKey,
  type ExecResult,
  type Exit,
  type Image,
  ImagePullError,
  type Launch,
  type ResourceUsage,
  type Runtime,
  type RuntimeContainer,
  StartError,
  type StreamSession,
} from '../runtime.ts';
import { parseScript, type Script, SIMULATE_ANNOTATION } from './script.ts';

/** Runs nothing: containers do what the pod's annotation says. */
export class SimulatedRuntime implements Runtime {
  readonly name = 'simulated';
  readonly #clock: Clock;
  readonly #running = new Set<SimulatedContainer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async pull(_image: string, pod: Pod, container: string): Promise<Image> {
    const { imagePullError } = scriptOf(pod, container);
    if (imagePullError) throw new ImagePullError(imagePullError);
    return { command: ['simulated'], args: [], env: {}, listens: false };
  }

  async start(launch: Launch, pod: Pod): Promise<RuntimeContainer> {
    const script = scriptOf(pod, launch.key.container);
    if (script.startFails) throw new StartError(script.startFails);
    const container = new SimulatedContainer(
      launch.key,
      launch.image,
      script,
      this.#clock,
      earlierStart(pod, launch.key),
    );
    this.#running.add(container);
    void container.ended.then(() => this.#running.delete(container));
    return container;
  }

  async usage(): Promise<ReadonlyMap<string, ResourceUsage>> {
    return new Map([...this.#running].map((container) => [container.id, container.usage()]));
  }

  /** Nothing outlives the agent; a run that the pod's status tells of goes on where it was when it is started again. */
  async recover(): Promise<RuntimeContainer[]> {
    return [];
  }
}

function scriptOf(pod: Pod, container: string): Script {
  return parseScript(pod.metadata?.annotations?.[SIMULATE_ANNOTATION] ?? '', container);
}

/** When an earlier agent started this very run. */
function earlierStart(pod: Pod, key: ContainerKey): Instant | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const status = statuses.find(({ name }) => name === key.container);
  return status?.restartCount === key.attempt ? parseTime(status.state?.running?.startedAt) : undefined;
}

class SimulatedContainer implements RuntimeContainer {
  readonly id = `simulated://${randomUUID()}`;
  readonly key: ContainerKey;
  readonly image: string;
  readonly startedAt: Instant;
  readonly ended: Promise<Exit>;
  readonly readyAt: Instant | undefined;
  readonly #script: Script;
  readonly #clock: Clock;
  readonly #settle: (exit: Exit) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  exit: Exit | undefined;

  constructor(key: ContainerKey, image: string, script: Script, clock: Clock, startedAt: Instant = clock()) {
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.ended = promise;
    this.#settle = resolve;
    this.key = key;
    this.image = image;
    this.#script = script;
    this.#clock = clock;
    this.startedAt = startedAt;
    this.readyAt = script.readyAfterMs === undefined ? undefined : startedAt + script.readyAfterMs;
    if (script.endsAfterMs !== undefined) {
      const leftMs = startedAt + script.endsAfterMs - clock();
      this.#timer = setTimeout(() => this.#end(script.exitCode, false), Math.max(0, leftMs));
    }
  }

  async stop({ interrupted = false }: { interrupted?: boolean }): Promise<Exit> {
    this.#end(143, interrupted);
    return this.ended;
  }

  async *logs(query: LogQuery, signal?: AbortSignal): AsyncIterable<Buffer> {
    const time = query.timestamps ? `${formatTime(this.startedAt)} ` : '';
    const lines = this.#script.log.slice(query.tailLines === undefined ? 0 : -query.tailLines || Infinity);
    if ((query.since ?? 0) <= this.startedAt && lines.length > 0) {
      yield Buffer.from(lines.map((line) => `${time}${line}\n`).join('')).subarray(0, query.limitBytes);
    }
    if (!query.follow || this.exit) return;
    await new Promise<void>((resolve) => {
      signal?.addEventListener('abort', () => resolve());
      void this.ended.then(() => resolve());
    });
  }

  async exec(): Promise<ExecResult> {
    throw new Error('a simulated container runs no commands');
  }

  async openExec(): Promise<StreamSession> {
    throw new StartError('a simulated container runs no commands');
  }

  async openAttach(): Promise<StreamSession> {
    throw new StartError('a simulated container has no program to attach to');
  }

  usage(): ResourceUsage {
    const { cpuCores, memoryBytes } = this.#script;
    return { cpuNanoseconds: cpuCores * (this.#clock() - this.startedAt) * 1e6, memoryBytes };
  }

  async remove(): Promise<void> {
    this.#end(137, false);
  }

  release(): void {
    clearTimeout(this.#timer);
  }

  #end(exitCode: number, interrupted: boolean): void {
    if (this.exit) return;
    clearTimeout(this.#timer);
    this.exit = { exitCode, startedAt: this.startedAt, finishedAt: this.#clock(), interrupted };
    this.#settle(this.exit);
  }
}

import { totalmem, uptime } from 'node:os';
import type { Logger } from 'pino';
import { type Clock, type Instant, parseTime } from '../../../api/index.ts';
import type { PodWorker } from '../pods/worker.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type Measurement, Meter } from './meter.ts';
import { nodeUsage } from './node-usage.ts';

export interface SamplerOptions {
  nodeName: string;
  runtimes: readonly Runtime[];
  pods: () => readonly PodWorker[];
  clock: Clock;
  log: Logger;
  /** Time between two looks, and so over which CPU is averaged. */
  windowMs: number;
}

/** What the node's pods use now. */
export interface NodeReport {
  node: {
    name: string;
    startedAt: Instant;
    memoryCapacityBytes: number;
    measurement: Measurement | undefined;
  };
  pods: readonly PodReport[];
}

export interface PodReport {
  namespace: string;
  name: string;
  uid: string;
  startedAt: Instant;
  containers: readonly { name: string; startedAt: Instant; measurement: Measurement }[];
}

const NODE = 'node';

/** Looks at regular times at what the machine and the running containers of its pods use. */
export class UsageSampler {
  readonly #options: SamplerOptions;
  readonly #meters: readonly { runtime: Runtime; meter: Meter }[];
  readonly #node = new Meter();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#meters = options.runtimes.map((runtime) => ({ runtime, meter: new Meter() }));
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), this.#options.windowMs).unref();
    await this.look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look; one that is due while another goes on is left out. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce()
      .catch((error) => this.#options.log.warn({ err: error }, 'cannot tell what the pods of the node use'))
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  report(): NodeReport {
    const { nodeName, pods, clock } = this.#options;
    return {
      node: {
        name: nodeName,
        startedAt: clock() - uptime() * 1000,
        memoryCapacityBytes: totalmem(),
        measurement: this.#node.measurement(NODE),
      },
      pods: pods().flatMap((worker) => this.#podReport(worker) ?? []),
    };
  }

  async #lookOnce(): Promise<void> {
    const { pods, clock } = this.#options;
    const starts = new Map(
      pods().flatMap((worker) => runningIn(worker).map(({ run }) => [run.id, run.startedAt])),
    );
    const lookAtNode = async () => {
      const usage = await nodeUsage();
      this.#node.read(clock(), new Map([[NODE, usage]]), () => undefined);
    };
    // Each is looked at in its own time: a rate is only as good as its clock.
    const looks = this.#meters.map(async ({ runtime, meter }) => {
      const usages = await runtime.usage?.();
      if (usages) meter.read(clock(), usages, (id) => starts.get(id));
    });
    await Promise.all([lookAtNode(), ...looks]);
  }

  #measurement(id: string): Measurement | undefined {
    for (const { meter } of this.#meters) {
      const measurement = meter.measurement(id);
      if (measurement) return measurement;
    }
    return undefined;
  }

  /** A pod is told of once each of its running containers has been measured: a part of it would mislead. */
  #podReport(worker: PodWorker): PodReport | undefined {
    const { namespace = '', name = '', uid = '' } = worker.pod.metadata ?? {};
    const containers = runningIn(worker).map(({ name, run }) => ({
      name,
      startedAt: run.startedAt,
      measurement: this.#measurement(run.id),
    }));
    const measured = containers.filter((container) => container.measurement !== undefined);
    if (measured.length === 0 || measured.length < containers.length) return undefined;
    const startedAt =
      parseTime(worker.pod.status?.startTime) ?? Math.min(...containers.map((each) => each.startedAt));
    return { namespace, name, uid, startedAt, containers: measured as PodReport['containers'] };
  }
}

function runningIn(worker: PodWorker) {
  const { containers = [], initContainers = [] } = worker.pod.spec ?? {};
  return [...initContainers, ...containers].flatMap(({ name }) => {
    const run = worker.slot(name)?.run;
    return run && !run.exit ? [{ name, run }] : [];
  });
}

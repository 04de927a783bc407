import type { Clock, EventRecord, Instant, KubeObject, ResourceType } from '../api/index.ts';
import { ApiError, type KubeClient, type Reader, type Writer } from '../kube/index.ts';
import { ModelCache, type ModelCacheOptions } from './cache.ts';
import type { ModelCluster } from './cluster.ts';
import { FaultInjector, FaultyWriter } from './faults.ts';
import { typeKey } from './objects.ts';
import { VirtualQueue } from './queue.ts';
import type { Change } from './store.ts';

/** One reconciler as the controller runs it, seen from the side of its queue. */
interface SimulatedReconciler {
  readonly name: string;
  /** Which keys a change of an object concerns. */
  readonly watches: readonly {
    type: ResourceType;
    keys(before: KubeObject | undefined, after: KubeObject | undefined): Iterable<string>;
  }[];
  process(key: string): Promise<{ requeueAfterMs?: number }>;
}

/** What one incarnation of a controller gets to work with. */
export interface ControllerEnvironment {
  reader: Reader;
  writer: Writer;
  /** Reads past the cache. */
  live: Pick<KubeClient, 'get'>;
  clock: Clock;
  recordEvent(about: KubeObject & { apiVersion: string; kind: string }, event: EventRecord): void;
}

interface RecordedEvent extends EventRecord {
  at: Instant;
  object: string;
}

/** A pass that failed, with its error; conflicts that a reconciler retries by itself are not among them. */
interface FailedPass {
  at: Instant;
  key: string;
  error: unknown;
}

export interface SimulationOptions {
  cluster: ModelCluster;
  /** Makes a fresh controller, without any memory; called at the start and after each crash. */
  startController(environment: ControllerEnvironment): readonly SimulatedReconciler[];
  faults?: FaultInjector;
  cache?: ModelCacheOptions;
  /** All keys are looked at again this often. Default: 15 min. */
  resyncMs?: number;
  /** Called before each write of the controller. */
  onWrite?: (description: string) => void;
  /** Called after the cluster has settled, whenever something may have changed. */
  onChange?: () => void;
}

interface Incarnation {
  writer: FaultyWriter;
  cache: ModelCache;
  queues: { reconciler: SimulatedReconciler; queue: VirtualQueue }[];
}

/** Passes without the clock moving after which a simulation is given up: the controller does not come to rest. */
const maxPassesPerInstant = 2_000;
const defaultResyncMs = 900_000;

/**
 * Runs real reconcilers against a model cluster on a virtual clock: from one interesting instant to the next, one pass
 * at a time, in an order that is always the same.
 */
export class Simulation {
  readonly events: RecordedEvent[] = [];
  readonly failures: FailedPass[] = [];
  readonly #options: SimulationOptions;
  readonly #faults: FaultInjector;
  #incarnation: Incarnation;
  #nextResync: Instant;
  #passes = 0;
  #restarts = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#faults = options.faults ?? new FaultInjector();
    this.#nextResync = this.now + this.#resyncMs;
    this.#incarnation = this.#start();
  }

  get now(): Instant {
    return this.#options.cluster.now;
  }

  /** Passes of reconcilers so far. */
  get passes(): number {
    return this.#passes;
  }

  /** How often the controller has crashed and was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Writes that the controller has attempted so far. */
  get writes(): number {
    return this.#faults.writes;
  }

  /** Stops the controller where it is and starts a fresh one. */
  restart(): void {
    this.#restarts += 1;
    this.#incarnation.cache.close();
    this.#incarnation = this.#start();
  }

  /**
   * Runs until the condition holds, looked at whenever nothing is left to do at an instant.
   * @throws Error when it does not hold within that time
   */
  async until(what: string, condition: () => boolean, withinMs = 3_600_000): Promise<void> {
    const deadline = this.now + withinMs;
    for (;;) {
      await this.#comeToRest();
      if (condition()) return;
      const next = this.#nextInstant();
      if (next === undefined || next > deadline) {
        throw new Error(`${what}: not within ${withinMs / 1000} virtual seconds`);
      }
      this.#advanceTo(next);
    }
  }

  /** Runs up to an instant. */
  async advanceTo(instant: Instant): Promise<void> {
    for (;;) {
      await this.#comeToRest();
      const next = this.#nextInstant();
      if (next === undefined || next > instant) break;
      this.#advanceTo(next);
    }
    this.#advanceTo(instant);
    await this.#comeToRest();
  }

  /** Works at this instant until there is nothing left to do. */
  async #comeToRest(): Promise<void> {
    this.#settle();
    for (let passes = 0; ; passes++) {
      if (passes > maxPassesPerInstant) {
        throw new Error(`the controller does not come to rest at ${new Date(this.now).toISOString()}`);
      }
      const busy = await this.#processOne();
      if (this.#incarnation.writer.crashed) this.restart();
      else if (!busy && !this.#incarnation.cache.catchUp()) return;
      this.#settle();
    }
  }

  #settle(): void {
    if (this.#options.cluster.settle()) this.#options.onChange?.();
  }

  async #processOne(): Promise<boolean> {
    for (const { reconciler, queue } of this.#incarnation.queues) {
      const key = queue.take(this.now);
      if (key === undefined) continue;
      this.#passes += 1;
      try {
        const result = await reconciler.process(key);
        queue.succeeded(key);
        if (result.requeueAfterMs !== undefined) queue.addAt(key, this.now + result.requeueAfterMs);
      } catch (error) {
        if (!this.#incarnation.writer.crashed) this.failures.push({ at: this.now, key, error });
        queue.failed(key, this.now);
      }
      return true;
    }
    return false;
  }

  #nextInstant(): Instant | undefined {
    const instants = [
      this.#options.cluster.nextInstant(),
      this.#nextResync,
      ...this.#incarnation.queues.map(({ queue }) => queue.nextInstant()),
    ].filter((instant) => instant !== undefined);
    return instants.length > 0 ? Math.min(...instants) : undefined;
  }

  #advanceTo(instant: Instant): void {
    this.#options.cluster.advanceTo(instant);
    if (this.now < this.#nextResync) return;
    this.#nextResync = this.now + this.#resyncMs;
    this.#addAll(this.#incarnation);
  }

  get #resyncMs(): number {
    return this.#options.resyncMs ?? defaultResyncMs;
  }

  #start(): Incarnation {
    const { cluster, startController, onWrite } = this.#options;
    const writer = new FaultyWriter(cluster.store, this.#faults, onWrite);
    const cache = new ModelCache(cluster.store, this.#options.cache);
    const reconcilers = startController({
      reader: cache,
      writer,
      live: {
        get: async (ref) => {
          const object = cluster.store.get(ref.type, ref.namespace, ref.name);
          if (!object) throw new ApiError(404, 'NotFound', `${ref.type.plural} "${ref.name}" not found`);
          return object;
        },
      },
      clock: () => this.now,
      recordEvent: (about, event) => {
        if (writer.crashed) return;
        const { namespace, name } = event.about ?? about.metadata ?? {};
        const kind = event.about?.type.kind ?? about.kind;
        this.events.push({ ...event, at: this.now, object: `${kind} ${namespace}/${name}` });
      },
    });
    const queues = reconcilers.map((reconciler) => ({ reconciler, queue: new VirtualQueue() }));
    const incarnation = { writer, cache, queues };
    cache.subscribe((change) => enqueue(incarnation, change));
    this.#addAll(incarnation);
    return incarnation;
  }

  /** As informers do at their start and at each resync: every object is announced. */
  #addAll(incarnation: Incarnation): void {
    for (const { reconciler, queue } of incarnation.queues) {
      for (const { type, keys } of reconciler.watches) {
        for (const object of incarnation.cache.list(type)) {
          for (const key of keys(undefined, object)) queue.add(key);
        }
      }
    }
  }
}

function enqueue({ queues }: Incarnation, change: Change): void {
  for (const { reconciler, queue } of queues) {
    for (const { type, keys } of reconciler.watches) {
      if (typeKey(type) !== typeKey(change.type)) continue;
      for (const key of keys(change.before, change.after)) queue.add(key);
    }
  }
}

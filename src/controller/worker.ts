import type { Logger } from 'pino';
import type { Instant } from '../api/index.ts';
import { ApiError, type Informer, WorkQueue } from '../kube/index.ts';
import type { InformerCache } from './cache.ts';
import type { Reconciler } from './reconciler.ts';

/** What a worker tells of each pass; for the metrics. */
export interface Pass {
  queue: string;
  key: string;
  seconds: number;
  error: unknown;
}

export interface WorkerOptions {
  cache: InformerCache;
  clock: () => Instant;
  log: Logger;
  /** How many keys are worked on at once. */
  concurrency: number;
  onAdd?: ((queue: string) => void) | undefined;
  onPass?: ((pass: Pass) => void) | undefined;
}

/** After this long without finishing a pass, with keys waiting, a worker counts as stuck (OPS §7). */
const stuckAfterMs = 300_000;

/** Runs a reconciler: its watches feed its queue. The caches must have synced. */
export class Worker {
  readonly name: string;
  readonly #clock: () => Instant;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: (() => void)[];
  #lastPassAt: Instant;
  #retries = 0;

  constructor(reconciler: Reconciler, options: WorkerOptions) {
    const { cache, clock, log, concurrency, onAdd, onPass } = options;
    this.name = reconciler.name;
    this.#clock = clock;
    this.#lastPassAt = clock();
    this.#queue = new WorkQueue({
      concurrency,
      process: async (key) => {
        const startedAt = performance.now();
        let failure: unknown;
        try {
          return await reconciler.process(key);
        } catch (error) {
          failure = error;
          throw error;
        } finally {
          this.#lastPassAt = clock();
          const seconds = (performance.now() - startedAt) / 1000;
          onPass?.({ queue: this.name, key, seconds, error: failure });
          log.debug(
            { queue: this.name, key, time_ms: Math.round(seconds * 1000) },
            'Reconciliation completed',
          );
        }
      },
      onError: (key, error) => {
        this.#retries += 1;
        // An answer of the API server tells all in its message; anything else is a defect, and where it is matters.
        const detail =
          error instanceof ApiError ? { code: error.code, reason: error.reason } : { err: error };
        log.error(
          { queue: this.name, key, ...detail },
          `${this.name} syncHandler error: ${messageOf(error)}`,
        );
      },
    });
    const add = (keys: Iterable<string>) => {
      for (const key of keys) {
        onAdd?.(this.name);
        this.#queue.add(key);
      }
    };
    this.#unsubscribe = reconciler.watches
      .filter(({ type }) => cache.covers(type))
      .map(({ type, keys }) =>
        (cache.informer(type) as Informer).subscribe({
          added: (object) => add(keys(undefined, object)),
          updated: (before, after) => add(keys(before, after)),
          deleted: (object) => add(keys(object, undefined)),
        }),
      );
  }

  /** Keys that wait. */
  get depth(): number {
    return this.#queue.length;
  }

  /** Keys that are worked on. */
  get active(): number {
    return this.#queue.active;
  }

  /** Passes that failed and were repeated, so far. */
  get retries(): number {
    return this.#retries;
  }

  get stuck(): boolean {
    return this.depth > 0 && this.#clock() - this.#lastPassAt > stuckAfterMs;
  }

  /** Takes no new keys, and resolves when those that are worked on are done. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#queue.stop();
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

import { type Backoff, backoffMs, clampDelay } from './sleep.ts';

export interface WorkQueueOptions {
  /** Does the work of a key. What it throws counts as a failure: the key comes back after the back-off. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a process function that has nothing to say returns nothing
  process(key: string): Promise<{ requeueAfterMs?: number | undefined } | void>;
  /** How many keys are worked on at once; one key never twice at once. Default: 10. */
  concurrency?: number | undefined;
  /** After the n-th failure in a row (from 0) a key waits `min(baseMs · 2^n, maxMs)`. Default: 1 ms, 10 s. */
  backoff?: Backoff | undefined;
  onError?: ((key: string, error: unknown) => void) | undefined;
  /** A failure after which the key is dropped, not repeated, e.g. that its object is gone. Default: none is. */
  isFinal?: ((error: unknown) => boolean) | undefined;
}

/**
 * Keys waiting for work: de-duplicated, each worked on by one worker at a time, delayed when asked, backing off after
 * failures only (spec 06 §6.3, OPS-033 to OPS-036). A key that is added while it is worked on is worked on again.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #concurrency: number;
  readonly #backoff: Backoff;
  /** In the order of their coming. */
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { timer: NodeJS.Timeout; due: number }>();
  readonly #failures = new Map<string, number>();
  readonly #idle: (() => void)[] = [];
  #stopped = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 10;
    this.#backoff = options.backoff ?? { baseMs: 1, maxMs: 10_000 };
    if (!(this.#concurrency >= 1)) throw new RangeError('concurrency must be 1 or more');
  }

  /** Keys that wait for a worker; those with a delay are not among them. */
  get length(): number {
    return this.#waiting.size + this.#again.size;
  }

  /** Keys that are being worked on. */
  get active(): number {
    return this.#working.size;
  }

  add(key: string): void {
    if (this.#stopped) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#waiting.add(key);
    queueMicrotask(() => this.#pump());
  }

  /** Adds the key after the time; of several delays of a key the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    if (!(ms > 0)) {
      this.add(key);
      return;
    }
    const due = performance.now() + ms;
    const pending = this.#delayed.get(key);
    if (pending && pending.due <= due) return;
    clearTimeout(pending?.timer);
    this.#arm(key, due);
  }

  /** Resolves when nothing waits and nothing is being done; delayed keys do not count. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Starts nothing more and resolves when what has been started is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#delayed.values()) clearTimeout(timer);
    this.#delayed.clear();
    this.#waiting.clear();
    this.#again.clear();
    await this.idle();
  }

  #arm(key: string, due: number): void {
    const delay = clampDelay(due - performance.now());
    const timer = setTimeout(() => {
      this.#delayed.delete(key);
      // The longest delay of a timer is shorter than the longest pause of a rollout.
      if (due - performance.now() > 1) this.#arm(key, due);
      else this.add(key);
    }, delay);
    this.#delayed.set(key, { timer, due });
  }

  #pump(): void {
    for (const key of this.#waiting) {
      if (this.#working.size >= this.#concurrency) return;
      this.#waiting.delete(key);
      this.#working.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    try {
      const result = await this.#options.process(key);
      this.#failures.delete(key);
      if (result?.requeueAfterMs !== undefined) this.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      this.#failed(key, error);
    } finally {
      this.#working.delete(key);
      if (this.#again.delete(key) && !this.#stopped) this.#waiting.add(key);
      this.#pump();
      if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  #failed(key: string, error: unknown): void {
    if (this.#options.isFinal?.(error)) {
      this.#failures.delete(key);
    } else {
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      this.addAfter(key, backoffMs(failures, this.#backoff));
    }
    this.#options.onError?.(key, error);
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#working.size === 0;
  }
}

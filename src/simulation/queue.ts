import type { Instant } from '../api/index.ts';

const backoffBaseMs = 1;
const backoffMaxMs = 10_000;

/** A controller's work queue on a virtual clock: de-duplicating, delayed, with a backoff per failing key (OPS-033). */
export class VirtualQueue {
  readonly #ready = new Set<string>();
  readonly #due = new Map<string, Instant>();
  readonly #failures = new Map<string, number>();

  add(key: string): void {
    this.#ready.add(key);
  }

  /** Adds the key at that instant, unless it is to be added earlier anyway. */
  addAt(key: string, instant: Instant): void {
    const due = this.#due.get(key);
    if (due === undefined || instant < due) this.#due.set(key, instant);
  }

  /** The next key to process at this instant; undefined when there is nothing to do yet. */
  take(now: Instant): string | undefined {
    for (const [key, instant] of this.#due) {
      if (instant > now) continue;
      this.#due.delete(key);
      this.#ready.add(key);
    }
    const [key] = this.#ready;
    if (key !== undefined) this.#ready.delete(key);
    return key;
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  failed(key: string, now: Instant): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAt(key, now + Math.min(backoffBaseMs * 2 ** failures, backoffMaxMs));
  }

  /** When the next key is due, if none is ready already. */
  nextInstant(): Instant | undefined {
    const instants = [...this.#due.values()];
    return instants.length > 0 ? Math.min(...instants) : undefined;
  }
}

import { isAlreadyExists, isConflict, isNotFound } from '../kube/index.ts';

/** How soon a pass is repeated that was made on a view of the past (OPS-032). */
export const staleRetryMs = 100;
/** So many refusals in a row are no longer taken for a cache that is a little behind. */
const maxRefusals = 10;

/**
 * Tells refusals that mean that the view was stale (somebody else was faster, or the cache slower) from real failures.
 * The first are no error: the key is looked at again soon.
 */
export class StaleViews {
  readonly #refusals = new Map<string, number>();

  /** Whether a failed write is to be put down to a stale view; false when that has gone on for too long. */
  explains(key: string, error: unknown): boolean {
    if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) return false;
    return this.tolerates(key);
  }

  /** Whether to look again soon at a view that is known to be stale; false when that has gone on for too long. */
  tolerates(key: string): boolean {
    const refusals = (this.#refusals.get(key) ?? 0) + 1;
    this.#refusals.set(key, refusals);
    return refusals <= maxRefusals;
  }

  /** A pass of the key has succeeded, or the object is gone. */
  clear(key: string): void {
    this.#refusals.delete(key);
  }
}

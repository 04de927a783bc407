/** setTimeout's longest delay, about 24.8 days. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Resolves after the time, or at once when the signal aborts; never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, clampDelay(ms));
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** A delay that setTimeout takes; whoever waits longer looks again when it fires. */
export function clampDelay(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), MAX_DELAY_MS);
}

/** The n-th delay (from 0) of an exponential back-off, in milliseconds. */
export function backoffMs(failures: number, { baseMs, maxMs }: Backoff): number {
  return Math.min(baseMs * 2 ** failures, maxMs);
}

export interface Backoff {
  baseMs: number;
  maxMs: number;
}

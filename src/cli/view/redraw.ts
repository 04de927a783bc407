/** Why drawing has ended. */
export type RedrawEnd = 'done' | 'interrupted' | 'timeout';

export interface RedrawOptions {
  /** Tells of changes; returns how to stop that. */
  subscribe(listener: () => void): () => void;
  /** Shows the present state; false ends the drawing. */
  draw(): boolean;
  signal: AbortSignal;
  /** Undefined or 0: no limit. */
  timeoutMs?: number | undefined;
  /** Least time between two drawings. */
  minGapMs?: number;
  /** Longest time between two drawings. Default: only changes are drawn. */
  maxGapMs?: number;
}

/** Draws at once, after each change, and from time to time, until one of the ends is reached (CLI-077). */
export async function redraw(options: RedrawOptions): Promise<RedrawEnd> {
  const { subscribe, draw, signal, timeoutMs = 0, minGapMs = 200, maxGapMs } = options;
  const ended = Promise.withResolvers<RedrawEnd>();
  let soon: NodeJS.Timeout | undefined;
  let tick: NodeJS.Timeout | undefined;
  let hasEnded = false;

  const end = (why: RedrawEnd) => {
    hasEnded = true;
    ended.resolve(why);
  };
  const show = () => {
    soon = undefined;
    clearTimeout(tick);
    if (hasEnded) return;
    try {
      if (!draw()) return end('done');
    } catch (error) {
      hasEnded = true;
      return ended.reject(error);
    }
    last = performance.now();
    if (maxGapMs !== undefined) tick = setTimeout(show, maxGapMs);
  };
  let last = Number.NEGATIVE_INFINITY;
  const changed = () => {
    soon ??= setTimeout(show, Math.max(0, last + minGapMs - performance.now()));
  };

  const interrupt = () => end('interrupted');
  signal.addEventListener('abort', interrupt);
  const limit =
    timeoutMs > 0 ? setTimeout(() => end('timeout'), Math.min(timeoutMs, MAX_TIMER_MS)) : undefined;
  const unsubscribe = subscribe(changed);
  try {
    if (signal.aborted) end('interrupted');
    show();
    return await ended.promise;
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', interrupt);
    for (const timer of [soon, tick, limit]) clearTimeout(timer);
  }
}

/** Longer timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

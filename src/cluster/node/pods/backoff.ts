import type { Instant } from '../../../api/index.ts';
import type { Exit } from '../runtime/runtime.ts';

/** How long a container that ended waits for its next run. */
export interface CrashBackoff {
  delayMs: number;
  /** When the delay was last raised: at the start of the latest run. */
  raisedAt: Instant;
}

const FIRST_MS = 10_000;
const LONGEST_MS = 300_000;
/** A run of this length lets the delay begin anew. */
const FORGET_MS = 600_000;

const forgotten = (backoff: CrashBackoff | undefined, exit: Exit) =>
  backoff === undefined || exit.finishedAt - backoff.raisedAt > FORGET_MS;

/** When a container that ended is run again, as kubelet has it: at once the first time, then after 10 s, 20 s … 5 min. */
export function restartAt(exit: Exit, backoff: CrashBackoff | undefined): Instant {
  if (exit.interrupted || forgotten(backoff, exit)) return exit.finishedAt;
  return exit.finishedAt + backoff!.delayMs;
}

/** The delay for the end after this restart. */
export function raiseBackoff(
  backoff: CrashBackoff | undefined,
  exit: Exit,
  now: Instant,
): CrashBackoff | undefined {
  if (exit.interrupted) return backoff;
  const delayMs = forgotten(backoff, exit) ? FIRST_MS : Math.min(backoff!.delayMs * 2, LONGEST_MS);
  return { delayMs, raisedAt: now };
}

/** Delay before the n-th repetition (from 1) of an image pull: 10 s, doubling, at most 5 min. */
export function pullBackoffMs(failures: number): number {
  return Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
}

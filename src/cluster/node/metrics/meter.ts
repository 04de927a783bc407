import type { Instant } from '../../../api/index.ts';
import type { ResourceUsage } from '../runtime/runtime.ts';

/** What something uses, measured between two looks at it. */
export interface Measurement {
  /** When it was looked at last. */
  at: Instant;
  /** Time between the two looks. */
  windowMs: number;
  /** CPU in this time, in billionths of a core. */
  cpuNanocores: number;
  /** CPU time since the start; never falls. */
  cpuNanoseconds: number;
  memoryBytes: number;
}

interface Reading {
  at: Instant;
  /** As it was read. */
  raw: number;
  /** As it is told: grows by what `raw` grows, and stays when that falls. */
  cpuNanoseconds: number;
}

/** Turns the counters of things that come and go into rates. Pure but for its memory. */
export class Meter {
  #readings = new Map<string, Reading>();
  #measurements = new Map<string, Measurement>();
  #readAt: Instant | undefined;

  /**
   * Takes in what was read at a time; what is not among it any more is forgotten.
   * @param startOf when a thing began, if it is known: one that began after the last look has a rate at once
   */
  read(
    at: Instant,
    usages: ReadonlyMap<string, ResourceUsage>,
    startOf: (id: string) => Instant | undefined,
  ): void {
    const readings = new Map<string, Reading>();
    const measurements = new Map<string, Measurement>();
    for (const [id, { cpuNanoseconds: raw, memoryBytes }] of usages) {
      const before = this.#readings.get(id) ?? this.#beginning(startOf(id));
      // The time of a process that ended unseen (nobody waited for it) is gone from the sum.
      const cpuNanoseconds = (before?.cpuNanoseconds ?? 0) + Math.max(0, raw - (before?.raw ?? 0));
      readings.set(id, { at, raw, cpuNanoseconds });
      const windowMs = before ? at - before.at : 0;
      if (!before || windowMs <= 0) continue;
      const used = cpuNanoseconds - before.cpuNanoseconds;
      const cpuNanocores = Math.round((used * 1000) / windowMs);
      measurements.set(id, { at, windowMs, cpuNanocores, cpuNanoseconds, memoryBytes });
    }
    this.#readings = readings;
    this.#measurements = measurements;
    this.#readAt = at;
  }

  /** Undefined while it has been looked at once only. */
  measurement(id: string): Measurement | undefined {
    return this.#measurements.get(id);
  }

  #beginning(start: Instant | undefined): Reading | undefined {
    const fresh = start !== undefined && this.#readAt !== undefined && start >= this.#readAt;
    return fresh ? { at: start, raw: 0, cpuNanoseconds: 0 } : undefined;
  }
}

import type { Instant } from '../api/index.ts';
import { ModelStore } from './store.ts';
import { type ImageBehaviour, ModelWorkloads } from './workloads.ts';

export interface ModelClusterOptions {
  /** The instant at which the virtual clock starts. */
  start: Instant;
  /** By image name; an image that is not listed becomes ready after 2 s. */
  images?: Readonly<Record<string, ImageBehaviour>>;
}

/** A cluster in memory, on a virtual clock: the API's state, and the controllers that turn ReplicaSets into pods. */
export class ModelCluster {
  readonly store: ModelStore;
  readonly #workloads: ModelWorkloads;
  #now: Instant;
  #settled: { at: Instant; revision: number } | undefined;

  constructor({ start, images = {} }: ModelClusterOptions) {
    this.#now = start;
    this.store = new ModelStore(() => this.#now);
    this.#workloads = new ModelWorkloads(this.store, images);
  }

  get now(): Instant {
    return this.#now;
  }

  /** Lets the cluster do all that it does at this instant; false when there was nothing to do. */
  settle(): boolean {
    if (this.#settled?.at === this.#now && this.#settled.revision === this.store.revision) return false;
    this.#workloads.settle(this.#now);
    this.#settled = { at: this.#now, revision: this.store.revision };
    return true;
  }

  /** The next instant at which the cluster changes by itself. */
  nextInstant(): Instant | undefined {
    return this.#workloads.nextInstant(this.#now);
  }

  /** Moves the clock forward to an instant, without stopping on the way. */
  advanceTo(instant: Instant): void {
    this.#now = Math.max(this.#now, instant);
    this.settle();
  }
}

import type { KubeObject, ResourceType } from '../api/index.ts';
import type { Reader } from '../kube/index.ts';
import { ObjectSet } from './objects.ts';
import type { Change, ModelStore } from './store.ts';

export interface ModelCacheOptions {
  /** How many changes the cache stays behind the store until it is told to catch up. Default: 0. */
  lag?: number;
  /** Whether the notification of the n-th change seen (from 1) is swallowed; the cache itself still sees the change. */
  drops?: (nth: number) => boolean;
}

/** What a controller sees of a store through its informers: perhaps a little behind, never out of order. */
export class ModelCache implements Reader {
  readonly #objects = new ObjectSet();
  readonly #pending: Change[] = [];
  readonly #handlers = new Set<(change: Change) => void>();
  readonly #lag: number;
  readonly #drops: (nth: number) => boolean;
  readonly #unsubscribe: () => void;
  #seen = 0;

  constructor(store: ModelStore, options: ModelCacheOptions = {}) {
    this.#lag = options.lag ?? 0;
    this.#drops = options.drops ?? (() => false);
    for (const { type, object } of store.all()) this.#objects.set(type, object);
    this.#unsubscribe = store.subscribe((change) => {
      this.#pending.push(change);
      while (this.#pending.length > this.#lag) this.catchUp();
    });
  }

  subscribe(handler: (change: Change) => void): void {
    this.#handlers.add(handler);
  }

  /** Takes in the oldest change that it is behind by; false when there is none. */
  catchUp(): boolean {
    const change = this.#pending.shift();
    if (!change) return false;
    if (change.after) this.#objects.set(change.type, change.after);
    else if (change.before) this.#objects.remove(change.type, change.before);
    this.#seen += 1;
    if (!this.#drops(this.#seen)) for (const handler of this.#handlers) handler(change);
    return true;
  }

  close(): void {
    this.#unsubscribe();
    this.#handlers.clear();
  }

  get<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#objects.get(type, namespace, name);
  }

  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): readonly T[] {
    return this.#objects.list(type, namespace);
  }

  ownedBy<T extends KubeObject>(type: ResourceType<T>, uid: string): readonly T[] {
    return this.#objects.ownedBy(type, uid);
  }
}

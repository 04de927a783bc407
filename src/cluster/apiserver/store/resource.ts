import type { Instant, KubeObject } from '../../../api/index.ts';

/** An object as it was at one revision. Shared by everybody: never changed. */
export interface Entry {
  /** `<namespace>/<name>`, or the name alone when cluster-scoped. */
  readonly key: string;
  readonly revision: number;
  /** With `metadata.resourceVersion` set to the revision. */
  readonly object: KubeObject;
}

/** One durable write. */
export interface Change {
  readonly revision: number;
  readonly at: Instant;
  /** For a deletion: the last state, with the revision of the deletion. */
  readonly entry: Entry;
  readonly deleted: boolean;
  /** The state before; undefined for a creation. */
  readonly previous: Entry | undefined;
}

/**
 * The durable objects of one resource, and the tail of their changes. Changes are numbered; a reader keeps the number
 * of the next one that it wants, so that a slow one costs no memory.
 */
export class Resource {
  /** `<group>/<plural>`. */
  readonly name: string;
  readonly #entries = new Map<string, Entry>();
  /** Made with the first list, so that a start does not sort key by key. */
  #sortedKeys: string[] | undefined;
  #changes: Change[] = [];
  /** Number of the first change that is kept. */
  #first = 0;
  /** Changes up to this revision are no longer known. */
  #compacted: number;
  readonly #listeners = new Set<() => void>();

  constructor(name: string, compacted: number) {
    this.name = name;
    this.#compacted = compacted;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Current entries, of one namespace or all, ordered by key; from `start` (inclusive) on. */
  list(namespace?: string, start = ''): Entry[] {
    const keys = this.#keys();
    const prefix = namespace ? `${namespace}/` : '';
    const entries: Entry[] = [];
    for (let i = firstNotLess(keys, start > prefix ? start : prefix); i < keys.length; i += 1) {
      const key = keys[i]!;
      if (!key.startsWith(prefix)) break;
      entries.push(this.#entries.get(key)!);
    }
    return entries;
  }

  /** Like `list`, as of an earlier revision; undefined when that is no longer known. */
  listAt(revision: number, namespace?: string, start = ''): Entry[] | undefined {
    if (revision < this.#compacted) return undefined;
    const undone = new Map<string, Entry | undefined>();
    for (let i = this.#changes.length - 1; i >= 0 && this.#changes[i]!.revision > revision; i -= 1) {
      const { entry, previous } = this.#changes[i]!;
      undone.set(entry.key, previous);
    }
    if (undone.size === 0) return this.list(namespace, start);
    const prefix = namespace ? `${namespace}/` : '';
    const kept = this.list(namespace, start).filter((entry) => !undone.has(entry.key));
    const restored = [...undone.values()].filter(
      (entry) => entry?.key.startsWith(prefix) && entry.key >= start,
    ) as Entry[];
    return [...kept, ...restored].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Whether the changes after this revision are all still known. */
  remembers(revision: number): boolean {
    return revision >= this.#compacted;
  }

  /** Number that the next change will get. */
  get end(): number {
    return this.#first + this.#changes.length;
  }

  /** Number of the first change after a revision. */
  positionAfter(revision: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#changes[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#first + low;
  }

  /** The change with this number; undefined when it has not happened yet. Throws when it was compacted away. */
  change(position: number): Change | undefined {
    if (position < this.#first) throw new RangeError(`change ${position} of ${this.name} was compacted`);
    return this.#changes[position - this.#first];
  }

  /** Whether a reader that wants this change next has fallen behind what is kept. */
  lost(position: number): boolean {
    return position < this.#first;
  }

  /** Calls back after changes; several that were committed together are told once. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For the store alone. */
  apply(change: Change): void {
    const { entry, deleted } = change;
    const { key } = entry;
    const sorted = this.#sortedKeys;
    if (deleted) {
      if (this.#entries.delete(key)) sorted?.splice(firstNotLess(sorted, key), 1);
    } else {
      if (!this.#entries.has(key)) sorted?.splice(firstNotLess(sorted, key), 0, key);
      this.#entries.set(key, entry);
    }
    if (change.revision > this.#compacted) this.#changes.push(change);
  }

  /** For the store alone. */
  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** For the store alone. */
  compact(revision: number): void {
    const keepFrom = this.positionAfter(revision) - this.#first;
    if (keepFrom > 0) this.#changes = this.#changes.slice(keepFrom);
    this.#first += keepFrom;
    this.#compacted = revision;
  }

  #keys(): string[] {
    this.#sortedKeys ??= [...this.#entries.keys()].sort();
    return this.#sortedKeys;
  }
}

function firstNotLess(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

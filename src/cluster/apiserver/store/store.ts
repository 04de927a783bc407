import type { Clock, KubeObject } from '../../../api/index.ts';
import type { Log, LogRecord } from '../log/index.ts';
import { type Entry, Resource } from './resource.ts';

/** How much of the past is kept for watches, pages and exact reads. */
export interface Compaction {
  /** At most this many revisions. Default: 10,000. */
  revisions: number;
  /** None older than this. Default: 5 minutes. */
  ageMs: number;
  /** At most so many bytes of JSON. Default: 128 MiB. */
  bytes: number;
}

const DEFAULT_COMPACTION: Compaction = { revisions: 10_000, ageMs: 300_000, bytes: 128 * 2 ** 20 };
const COMPACT_EVERY_MS = 30_000;

/** One transaction: its last revision, when it was, and the size of its records. */
interface Mark {
  revision: number;
  at: number;
  bytes: number;
}

/** A write on its way to the disk. */
interface PendingWrite {
  resource: Resource;
  entry: Entry;
  deleted: boolean;
  previous: Entry | undefined;
  resolve(entry: Entry): void;
  reject(error: unknown): void;
}

/**
 * All objects of the server, in memory, over the durable log.
 *
 * Readers see durable state only. Writers build on `latest`, which has the writes that are still on their way to the
 * disk too: reading `latest` and calling `put` or `delete` without waiting in between is atomic. Writes that arrive
 * while the disk is busy, or in the same turn of the event loop, share one transaction.
 */
export class Store {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #compaction: Compaction;
  readonly #resources = new Map<string, Resource>();
  readonly #latest = new Map<string, { entry: Entry; deleted: boolean }>();
  #queue: PendingWrite[] = [];
  #flushing: Promise<void> | undefined;
  /** The last write that was accepted, durable or not. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  #committed = 0;
  #assigned: number;
  /** What was written and is not compacted, oldest first. */
  #marks: Mark[] = [];
  /** Sum of the marks' bytes. */
  #bytes = 0;
  #compactedTo: number;
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(log: Log, options: { clock: Clock; compaction?: Partial<Compaction> | undefined }) {
    this.#log = log;
    this.#clock = options.clock;
    this.#compaction = { ...DEFAULT_COMPACTION, ...options.compaction };
    this.#compactedTo = log.compacted;
    this.#mark(log.revision, this.#load());
    this.#committed = log.revision;
    this.#assigned = log.revision;
    this.#timer = setInterval(() => void this.compact(), COMPACT_EVERY_MS).unref();
  }

  /** Revision of the last durable write. */
  get revision(): number {
    return this.#committed;
  }

  /** The objects of `<group>/<plural>`. One that is new begins at a revision: nothing is known of before. */
  resource(name: string, begins = 0): Resource {
    let resource = this.#resources.get(name);
    if (!resource) {
      resource = new Resource(name, Math.max(this.#compactedTo, begins));
      this.#resources.set(name, resource);
    }
    return resource;
  }

  /** An object as the last writer left it, durable or not; only to build a write on. */
  latest(resource: Resource, key: string): Entry | undefined {
    const pending = this.#latest.get(fullKey(resource, key));
    if (pending) return pending.deleted ? undefined : pending.entry;
    return resource.get(key);
  }

  /** Creates or replaces an object; resolves when that is durable. */
  put(resource: Resource, key: string, object: KubeObject): Promise<Entry> {
    return this.#write(resource, key, object, false);
  }

  /** Removes an object, whose last state is given; resolves when that is durable. */
  delete(resource: Resource, key: string, lastState: KubeObject): Promise<Entry> {
    return this.#write(resource, key, lastState, true);
  }

  /**
   * Resolves when all writes that `latest` shows now are durable: whoever answers from what they left, be it a refusal
   * or that nothing changed, waits for it. Rejects when the disk refuses them.
   */
  async settled(): Promise<void> {
    if (this.#latest.size > 0) await this.#lastWrite;
  }

  /** Forgets what is older than the bounds. */
  async compact(): Promise<void> {
    if (this.#closed) return;
    const { revisions, ageMs, bytes } = this.#compaction;
    const oldest = this.#clock() - ageMs;
    let target = Math.max(this.#compactedTo, this.#committed - revisions);
    // The last transaction is always known, so that its watchers can go on from it.
    while (this.#marks.length > 1) {
      const mark = this.#marks[0]!;
      if (mark.revision > target && mark.at >= oldest && this.#bytes <= bytes) break;
      target = Math.max(target, mark.revision);
      this.#bytes -= mark.bytes;
      this.#marks.shift();
    }
    if (target <= this.#compactedTo) return;
    this.#compactedTo = target;
    for (const resource of this.#resources.values()) resource.compact(target);
    // On a disk that is full it fails; the next one makes up for it.
    await this.#log.compact(target).catch(() => {});
  }

  /** Waits for the writes on their way, then releases the log. Later writes are refused. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#flushing;
    await this.#log.close();
  }

  /** Reads the log; returns the size of what is not compacted in it. */
  #load(): number {
    const compacted = this.#log.compacted;
    const at = this.#clock();
    let bytes = 0;
    for (const { revision, key, value, deleted } of this.#log.records()) {
      const [group, plural, ...rest] = key.split('/');
      const resource = this.resource(`${group}/${plural}`);
      const ownKey = rest.join('/').replace(/^\//, '');
      const entry = { key: ownKey, revision, object: JSON.parse(value) as KubeObject };
      const previous = revision > compacted ? resource.get(ownKey) : undefined;
      resource.apply({ revision, at, entry, deleted, previous });
      if (revision > compacted) bytes += value.length;
    }
    return bytes;
  }

  #mark(revision: number, bytes: number): void {
    this.#marks.push({ revision, at: this.#clock(), bytes });
    this.#bytes += bytes;
  }

  #write(resource: Resource, key: string, object: KubeObject, deleted: boolean): Promise<Entry> {
    if (this.#closed) return Promise.reject(new Error('the server is shutting down'));
    const previous = this.latest(resource, key);
    this.#assigned += 1;
    const revision = this.#assigned;
    const metadata = { ...object.metadata, resourceVersion: String(revision) };
    const entry: Entry = { key, revision, object: { ...object, metadata } };
    this.#latest.set(fullKey(resource, key), { entry, deleted });
    const written = new Promise<Entry>((resolve, reject) => {
      this.#queue.push({ resource, entry, deleted, previous, resolve, reject });
    });
    // Whoever wrote hears of a failure; this copy of the promise is for those who wait with them.
    written.catch(() => {});
    this.#lastWrite = written;
    this.#flushing ??= this.#flush();
    return written;
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      // Lets the other requests of this turn join the transaction.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#queue;
      this.#queue = [];
      try {
        const records = batch.map(toRecord);
        await this.#log.append(records);
        const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
        this.#publish(batch, bytes);
      } catch (error) {
        this.#refuse(
          batch,
          new Error(`the write could not be stored: ${(error as Error).message}`, { cause: error }),
        );
      }
    }
    this.#flushing = undefined;
  }

  #publish(batch: readonly PendingWrite[], bytes: number): void {
    const at = this.#clock();
    const touched = new Set<Resource>();
    for (const { resource, entry, deleted, previous, resolve } of batch) {
      resource.apply({ revision: entry.revision, at, entry, deleted, previous });
      const full = fullKey(resource, entry.key);
      if (this.#latest.get(full)?.entry === entry) this.#latest.delete(full);
      this.#committed = entry.revision;
      touched.add(resource);
      resolve(entry);
    }
    this.#mark(this.#committed, bytes);
    for (const resource of touched) resource.notify();
    // A tenth of slack, so that not every write compacts.
    const { revisions, bytes: most } = this.#compaction;
    if (this.#committed - this.#compactedTo > revisions * 1.1 || this.#bytes > most * 1.1)
      void this.compact();
  }

  /** What was waiting may build on what failed, so all of it fails. */
  #refuse(batch: readonly PendingWrite[], error: Error): void {
    const refused = [...batch, ...this.#queue];
    this.#queue = [];
    this.#latest.clear();
    this.#assigned = this.#committed;
    for (const { reject } of refused) reject(error);
  }
}

const fullKey = (resource: Resource, key: string) => `${resource.name}/${key}`;

function toRecord({ resource, entry, deleted, previous }: PendingWrite): LogRecord {
  return {
    revision: entry.revision,
    key: fullKey(resource, entry.key.includes('/') ? entry.key : `/${entry.key}`),
    value: JSON.stringify(entry.object),
    deleted,
    previous: previous?.revision ?? 0,
  };
}

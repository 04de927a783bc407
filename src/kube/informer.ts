import type { Logger } from 'pino';
import type { KubeObject, ResourceType } from '../api/index.ts';
import { type Backoff, backoffMs, sleep } from './sleep.ts';
import { keyOf, Store } from './store.ts';
import { type ApiError, isGone, type KubeClient, type ListFilter, type WatchEvent } from './types.ts';
import { isOlderVersion } from './versions.ts';

/** Called for each change, in the order of the API server's log; an exception is logged and goes no further. */
export interface InformerHandler<T> {
  added?(object: T): void;
  /** Also called by a resync, with the same object twice. */
  updated?(old: T, next: T): void;
  /** The last state that was seen. */
  deleted?(object: T): void;
}

/**
 * A cache of all objects of a type (or of a selection of them) that follows the API server. Objects are shared: never
 * change them. They come without managedFields, which nobody but the API server reads and which double their size.
 */
export interface Informer<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  /** The version up to which the cache follows the API server; undefined before the first list. */
  readonly lastResourceVersion: string | undefined;
  /** Why the last attempt to list or watch failed; undefined while all is well. */
  readonly lastError: ApiError | undefined;
  get(namespace: string | undefined, name: string): T | undefined;
  list(namespace?: string): readonly T[];
  /** Objects with an owner reference to the uid. */
  ownedBy(uid: string): readonly T[];
  by(indexName: string, value: string): readonly T[];
  /** Adding one again under the same name changes nothing. */
  addIndex(name: string, keys: (object: T) => readonly string[]): void;
  /** What is already in the cache is told first, as added. Returns how to stop. */
  subscribe(handler: InformerHandler<T>): () => void;
  hasSynced(): boolean;
  /** Resolves when the first list is in the cache, or when the informer is stopped. */
  synced(): Promise<void>;
  stop(): Promise<void>;
}

export interface InformerOptions {
  filter?: ListFilter | undefined;
  log?: Logger | undefined;
  /** Every object is told again, as updated, once in this time, spread over it. Undefined or 0: never. */
  resyncMs?: number | undefined;
  /** Between failed attempts; a half of it is random. */
  backoff?: Backoff | undefined;
}

const PAGE_SIZE = 500;
const DEFAULT_BACKOFF: Backoff = { baseMs: 200, maxMs: 10_000 };
const RESYNC_SLICES = 60;

/** An informer that lists and then watches; it never skips a change and never goes backwards. */
export function startInformer<T extends KubeObject>(
  client: Pick<KubeClient, 'list' | 'watch'>,
  type: ResourceType<T>,
  options: InformerOptions = {},
): Informer<T> {
  return new ListWatchInformer(client, type, options);
}

class ListWatchInformer<T extends KubeObject> implements Informer<T> {
  readonly type: ResourceType<T>;
  lastResourceVersion: string | undefined;
  lastError: ApiError | undefined;
  readonly #client: Pick<KubeClient, 'list' | 'watch'>;
  readonly #filter: ListFilter;
  readonly #log: Logger | undefined;
  readonly #backoff: Backoff;
  readonly #store = new Store<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #stopping = new AbortController();
  /** So that stopping need not wait for a server that is slow to answer a list. */
  readonly #aborted = once(this.#stopping.signal);
  readonly #ready = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  readonly #resyncTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #hasSynced = false;

  constructor(
    client: Pick<KubeClient, 'list' | 'watch'>,
    type: ResourceType<T>,
    { filter = {}, log, resyncMs, backoff = DEFAULT_BACKOFF }: InformerOptions,
  ) {
    this.#client = client;
    this.type = type;
    this.#filter = filter;
    this.#log = log;
    this.#backoff = backoff;
    this.#running = this.#run();
    if (resyncMs) {
      let slice = 0;
      this.#resyncTimer = setInterval(() => this.#resync(slice++ % RESYNC_SLICES), resyncMs / RESYNC_SLICES);
    }
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#store.get(namespace, name);
  }
  list(namespace?: string): readonly T[] {
    return this.#store.list(namespace);
  }
  ownedBy(uid: string): readonly T[] {
    return this.#store.ownedBy(uid);
  }
  by(indexName: string, value: string): readonly T[] {
    return this.#store.by(indexName, value);
  }
  addIndex(name: string, keys: (object: T) => readonly string[]): void {
    this.#store.addIndex(name, keys);
  }

  subscribe(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#store.list()) this.#tell(() => handler.added?.(object));
    return () => {
      this.#handlers.delete(handler);
    };
  }

  hasSynced(): boolean {
    return this.#hasSynced;
  }

  synced(): Promise<void> {
    return this.#ready.promise;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#resyncTimer);
    await this.#running;
    this.#ready.resolve();
    this.#handlers.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.lastResourceVersion === undefined) await Promise.race([this.#relist(), this.#aborted]);
        if (signal.aborted) return;
        await this.#follow();
      } catch (error) {
        if (signal.aborted) return;
        // Gone: what was missed can no longer be replayed, so the difference is taken from a new list.
        if (isGone(error)) this.lastResourceVersion = undefined;
        await this.#backOff(error as ApiError);
      }
    }
  }

  /** Watches from the last version until the server ends it. */
  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const resourceVersion = this.lastResourceVersion!;
    const startedAt = performance.now();
    for await (const event of this.#client.watch(this.type, { ...this.#filter, resourceVersion, signal })) {
      if (signal.aborted) return;
      this.#apply(event);
      this.#succeeded();
    }
    this.#succeeded();
    // A server that ends each watch at once must not be asked in a tight loop.
    if (performance.now() - startedAt < 1000) await sleep(this.#backoff.baseMs, signal);
  }

  async #relist(): Promise<void> {
    const { items, resourceVersion } = await this.#listAll();
    if (this.#stopping.signal.aborted) return;
    const gone = new Set(this.#store.keys());
    for (const item of items) {
      gone.delete(keyOf(item));
      this.#put(item);
    }
    for (const key of gone) this.#take(key);
    this.lastResourceVersion = resourceVersion;
    this.#succeeded();
    this.#hasSynced = true;
    this.#ready.resolve();
  }

  /** In pages; at once when a page token has expired on the way. */
  async #listAll(): Promise<{ items: T[]; resourceVersion: string }> {
    const items: T[] = [];
    let next: string | undefined;
    let limit: number | undefined = PAGE_SIZE;
    for (;;) {
      try {
        const page = await this.#client.list(this.type, {
          ...this.#filter,
          ...(limit && { limit }),
          ...(next && { continue: next }),
        });
        items.push(...page.items);
        next = page.metadata.continue;
        if (!next) return { items, resourceVersion: page.metadata.resourceVersion };
      } catch (error) {
        if (!isGone(error) || !next) throw error;
        items.length = 0;
        next = undefined;
        limit = undefined;
      }
    }
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'DELETED') this.#take(keyOf(event.object), event.object);
    else if (event.type !== 'BOOKMARK') this.#put(event.object);
    this.lastResourceVersion = event.object.metadata?.resourceVersion ?? this.lastResourceVersion;
  }

  #put(object: T): void {
    const old = this.#store.get(object.metadata?.namespace, object.metadata?.name ?? '');
    const sameIncarnation = old?.metadata?.uid === object.metadata?.uid;
    const [before, after] = [old?.metadata?.resourceVersion, object.metadata?.resourceVersion];
    if (old && sameIncarnation && (before === after || isOlderVersion(after, before))) return;
    delete object.metadata?.managedFields;
    if (old && !sameIncarnation) this.#take(keyOf(old));
    this.#store.set(object);
    if (old && sameIncarnation) this.#tellAll((handler) => handler.updated?.(old, object));
    else this.#tellAll((handler) => handler.added?.(object));
  }

  #take(key: string, last?: T): void {
    const cached = this.#store.byKey(key);
    if (!cached) return;
    // A deletion that is replayed after the name has been used again.
    if (last && last.metadata?.uid !== cached.metadata?.uid) return;
    this.#store.delete(key);
    delete last?.metadata?.managedFields;
    this.#tellAll((handler) => handler.deleted?.(last ?? cached));
  }

  #resync(slice: number): void {
    for (const object of this.#store.list()) {
      if (sliceOf(keyOf(object)) === slice) this.#tellAll((handler) => handler.updated?.(object, object));
    }
  }

  #tellAll(call: (handler: InformerHandler<T>) => void): void {
    for (const handler of [...this.#handlers]) this.#tell(() => call(handler));
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log?.error({ err: error, kind: this.type.kind }, 'an informer handler threw');
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    this.lastError = undefined;
  }

  async #backOff(error: ApiError): Promise<void> {
    this.lastError = error;
    const delayMs = backoffMs(this.#failures++, this.#backoff) * (0.5 + Math.random() / 2);
    const gone = isGone(error);
    const verb = this.lastResourceVersion === undefined && !gone ? 'list' : 'watch';
    // A watch that breaks off once is everyday; what keeps failing is not.
    const level = gone || (verb === 'watch' && this.#failures === 1) ? 'debug' : 'warn';
    const { plural, group } = this.type;
    this.#log?.[level](
      {
        verb,
        resource: group ? `${plural}.${group}` : plural,
        code: error.code,
        retryInMs: Math.round(delayMs),
      },
      `cannot ${verb} ${plural}: ${error.message}`,
    );
    await sleep(gone ? 0 : delayMs, this.#stopping.signal);
  }
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** A stable slice of 0 … RESYNC_SLICES − 1 for a key. */
function sliceOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
  return Math.abs(hash) % RESYNC_SLICES;
}

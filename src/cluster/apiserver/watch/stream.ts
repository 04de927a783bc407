import type { Writable } from 'node:stream';
import type { KubeObject } from '../../../api/index.ts';
import type { Matches } from '../rest/selectors.ts';
import { expired } from '../status.ts';
import type { Entry, Resource, Store } from '../store/index.ts';
import { eventOf, type RawEvent } from './events.ts';
import type { WatchOptions } from './options.ts';

const BOOKMARK_EVERY_MS = 60_000;
/** A last bookmark comes this long before the timeout, so that the client can resume from it. */
const BOOKMARK_BEFORE_END_MS = 2_000;
/** A client that takes nothing for so long is cut. */
const STALLED_MS = 60_000;
const INITIAL_END = 'k8s.io/initial-events-end';

/** What a watch reads and how it writes. */
export interface WatchSource {
  store: Store;
  resource: Resource;
  namespace: string | undefined;
  matches: Matches | undefined;
  options: WatchOptions;
  /** An event as a line of the answer; `first` for the first one, which has a Table's columns. */
  encode(event: RawEvent, first: boolean): string | Buffer;
  /** A bookmark's object, as the watched kind. */
  bookmark(metadata: KubeObject['metadata']): string;
}

/**
 * One watch. It keeps a position in the resource's changes and writes as fast as the client reads; what a slow client
 * has not read yet is not copied for it. One that falls behind what is kept, or stalls, is cut.
 */
export class WatchStream {
  readonly #source: WatchSource;
  readonly #out: Writable;
  readonly #unsubscribe: () => void;
  readonly #timers: NodeJS.Timeout[] = [];
  #stalled: NodeJS.Timeout | undefined;
  #initial: Entry[];
  #initialAt = 0;
  #initialRevision: number;
  #position: number;
  #first = true;
  #ended = false;

  constructor(source: WatchSource, out: Writable) {
    const { resource, store, options, namespace, matches } = source;
    this.#source = source;
    this.#out = out;
    this.#initialRevision = store.revision;
    const listed = options.initialEvents ? resource.list(namespace) : [];
    this.#initial = matches ? listed.filter(({ object }) => matches(object)) : listed;
    this.#position = options.after > 0 ? resource.positionAfter(options.after) : resource.end;
    out.on('drain', this.#drained);
    out.on('close', () => this.#release());
    out.on('error', () => this.#release());
    this.#unsubscribe = resource.subscribe(() => this.#pump());
    if (options.after > 0 && !resource.remembers(options.after)) {
      this.#fail(`too old resource version: ${options.after} (${store.revision})`);
      return;
    }
    this.#schedule();
    this.#pump();
  }

  /** Ends the answer. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#release();
    this.#out.end();
  }

  #schedule(): void {
    const { bookmarks, timeoutSeconds } = this.#source.options;
    const timeoutMs = timeoutSeconds * 1000;
    this.#timers.push(setTimeout(() => this.end(), timeoutMs).unref());
    if (!bookmarks) return;
    const last = timeoutMs > 2 * BOOKMARK_BEFORE_END_MS ? timeoutMs - BOOKMARK_BEFORE_END_MS : timeoutMs / 2;
    this.#timers.push(setTimeout(() => this.#bookmark(), last).unref());
    this.#timers.push(setInterval(() => this.#bookmark(), BOOKMARK_EVERY_MS).unref());
  }

  #pump(): void {
    const { resource } = this.#source;
    if (this.#ended) return;
    if (resource.lost(this.#position)) {
      this.#out.destroy();
      return;
    }
    // Several events go out in one piece.
    this.#out.cork();
    this.#writeMore();
    this.#out.uncork();
  }

  #writeMore(): void {
    const { resource, namespace, matches, options } = this.#source;
    if (!this.#writeInitial()) return;
    while (this.#stalled === undefined && !this.#ended) {
      const change = resource.change(this.#position);
      if (!change) return;
      this.#position += 1;
      // A watch from a version of the future is silent until then.
      if (change.revision <= options.after) continue;
      if (namespace && !change.entry.key.startsWith(`${namespace}/`)) continue;
      const event = eventOf(change, matches);
      if (event) this.#writeEvent(event);
    }
  }

  /** Whether all initial events are written. */
  #writeInitial(): boolean {
    while (this.#initialAt < this.#initial.length) {
      if (this.#stalled !== undefined) return false;
      this.#writeEvent({ type: 'ADDED', object: this.#initial[this.#initialAt]!.object });
      this.#initialAt += 1;
    }
    this.#initial = [];
    this.#initialAt = 0;
    if (this.#source.options.markInitialEnd && this.#initialRevision >= 0) {
      const resourceVersion = String(this.#initialRevision);
      this.#write(this.#source.bookmark({ resourceVersion, annotations: { [INITIAL_END]: 'true' } }));
    }
    this.#initialRevision = -1;
    return true;
  }

  #bookmark(): void {
    const { store, resource, bookmark } = this.#source;
    const caughtUp = this.#initial.length === 0 && this.#position === resource.end;
    if (!caughtUp || this.#stalled !== undefined || this.#ended) return;
    this.#write(bookmark({ resourceVersion: String(store.revision) }));
  }

  #writeEvent(event: RawEvent): void {
    this.#write(this.#source.encode(event, this.#first));
    this.#first = false;
  }

  #write(line: string | Buffer): void {
    if (this.#ended || this.#out.write(line)) return;
    this.#stalled = setTimeout(() => this.#out.destroy(), STALLED_MS).unref();
  }

  readonly #drained = () => {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    this.#pump();
  };

  #fail(message: string): void {
    const object = expired(message).toStatus();
    this.#out.write(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    this.end();
  }

  #release(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    clearTimeout(this.#stalled);
    this.#out.off('drain', this.#drained);
    this.#unsubscribe();
    this.#initial = [];
  }
}

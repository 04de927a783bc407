import type { Logger } from 'pino';
import { apiVersionOf, type KubeObject, type ResourceType } from '../api/index.ts';
import { type Informer, startInformer } from './informer.ts';
import { type ApiError, isForbidden, type KubeClient, type ListFilter, type Reader } from './types.ts';

export interface InformersOptions {
  log?: Logger;
  /** Each object is told again once in this time. Default: never. */
  resyncMs?: number;
}

/** An informer that does not get what it asks for. */
export interface InformerFailure {
  type: ResourceType;
  /** A role lacks the right to list or watch the type. */
  forbidden: boolean;
  error: ApiError;
}

/** The informers of a process, shared: one for each type and filter, started when first asked for. */
export class Informers {
  readonly #client: Pick<KubeClient, 'list' | 'watch'>;
  readonly #options: InformersOptions;
  readonly #informers = new Map<string, Informer>();
  #stopped = false;

  constructor(client: Pick<KubeClient, 'list' | 'watch'>, options: InformersOptions = {}) {
    this.#client = client;
    this.#options = options;
  }

  /** @throws Error after stop */
  informer<T extends KubeObject>(type: ResourceType<T>, filter: ListFilter = {}): Informer<T> {
    const key = cacheKey(type, filter);
    const running = this.#informers.get(key);
    if (running) return running as unknown as Informer<T>;
    if (this.#stopped) throw new Error('the informers have been stopped');
    const informer = startInformer(this.#client, type, {
      filter,
      log: this.#options.log,
      resyncMs: this.#options.resyncMs,
    });
    this.#informers.set(key, informer as unknown as Informer);
    return informer;
  }

  /** Stops one informer for good, e.g. when its kind is no longer served; asked for again, it starts anew. */
  async drop(type: ResourceType, filter: ListFilter = {}): Promise<void> {
    const key = cacheKey(type, filter);
    const informer = this.#informers.get(key);
    this.#informers.delete(key);
    await informer?.stop();
  }

  /** Reads from the unfiltered informers; asking for a type starts its informer, which is empty until it has synced. */
  readonly reader: Reader = {
    get: (type, namespace, name) => this.informer(type).get(namespace, name),
    list: (type, namespace) => this.informer(type).list(namespace),
    ownedBy: (type, uid) => this.informer(type).ownedBy(uid),
  };

  /** All informers asked for so far have listed once (or have been stopped). */
  async synced(): Promise<void> {
    await Promise.all(Array.from(this.#informers.values(), (informer) => informer.synced()));
  }

  hasSynced(): boolean {
    return Array.from(this.#informers.values()).every((informer) => informer.hasSynced());
  }

  /** What stands in the way of synced(). */
  failures(): InformerFailure[] {
    return Array.from(this.#informers.values()).flatMap(({ type, lastError }) =>
      lastError ? [{ type, error: lastError, forbidden: isForbidden(lastError) }] : [],
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(Array.from(this.#informers.values(), (informer) => informer.stop()));
  }
}

function cacheKey(
  type: ResourceType,
  { namespace, labelSelector, fieldSelector, metadataOnly = false }: ListFilter,
): string {
  return JSON.stringify([
    apiVersionOf(type),
    type.plural,
    namespace ?? '',
    labelSelector ?? '',
    fieldSelector ?? '',
    metadataOnly,
  ]);
}

import type { Effect, KubeObject, ResourceType } from '../../../api/index.ts';
import { type Informers, isOlderVersion, isStale } from '../../../kube/index.ts';

interface Written {
  type: ResourceType;
  object: KubeObject;
}

/**
 * What a controller wrote and its caches may not show yet. A decision on a view from before one's own last write
 * would do it twice: create the same pods again, or pick others to delete.
 */
export class Unseen {
  readonly #informers: Pick<Informers, 'informer'>;
  readonly #written = new Map<string, Written[]>();
  readonly #deleted = new Map<string, Extract<Effect, { kind: 'delete' }>[]>();

  constructor(informers: Pick<Informers, 'informer'>) {
    this.#informers = informers;
  }

  /** The answer of the API server to a create or a patch. */
  wrote(key: string, type: ResourceType, object: KubeObject): void {
    append(this.#written, key, { type, object });
  }

  deleted(key: string, effect: Extract<Effect, { kind: 'delete' }>): void {
    append(this.#deleted, key, effect);
  }

  /** Whether the caches show everything that was written for the key. */
  caughtUp(key: string): boolean {
    const written = this.#written.get(key)?.filter((each) => !this.#shows(each)) ?? [];
    const deleted = this.#deleted.get(key)?.filter((each) => !this.#showsDeleted(each)) ?? [];
    keep(this.#written, key, written);
    keep(this.#deleted, key, deleted);
    return written.length === 0 && deleted.length === 0;
  }

  /** By the version of the whole cache: an object that has come and gone since counts as seen. */
  #shows({ type, object }: Written): boolean {
    const informer = this.#informers.informer(type);
    const { namespace, name, resourceVersion } = object.metadata ?? {};
    if (!isOlderVersion(informer.lastResourceVersion, resourceVersion)) return true;
    const cached = informer.get(namespace, name ?? '');
    return cached !== undefined && !isStale(cached, resourceVersion);
  }

  #showsDeleted({ ref, uid }: Extract<Effect, { kind: 'delete' }>): boolean {
    const cached = this.#informers.informer(ref.type).get(ref.namespace, ref.name);
    if (!cached) return true;
    return (
      (uid !== undefined && cached.metadata?.uid !== uid) || cached.metadata?.deletionTimestamp !== undefined
    );
  }
}

function append<T>(to: Map<string, T[]>, key: string, value: T): void {
  const list = to.get(key);
  if (list) list.push(value);
  else to.set(key, [value]);
}

function keep<T>(in_: Map<string, T[]>, key: string, rest: T[]): void {
  if (rest.length > 0) in_.set(key, rest);
  else in_.delete(key);
}

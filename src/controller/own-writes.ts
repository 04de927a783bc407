import type { Instant, KubeObject, ObjectRef } from '../api/index.ts';
import { isOlderVersion, type Reader } from '../kube/index.ts';

/** How long a cache may lag behind our own write before we act on what it shows nevertheless. */
const patienceMs = 10_000;

interface OwnWrite {
  ref: ObjectRef;
  /** The version that the write produced; undefined for a deletion. */
  resourceVersion: string | undefined;
  /** Of a deletion: the incarnation that is to go. */
  uid: string | undefined;
  at: Instant;
}

/**
 * Remembers what was written last for each key, so that no pass acts on a cache that does not show it yet (CAN-129,
 * OPS-032). After a restart there is nothing to remember: the caches are then filled afresh.
 */
export class OwnWrites {
  readonly #writes = new Map<string, Map<string, OwnWrite>>();

  /** `written` is the object as the server answered; undefined after a deletion of the incarnation `uid`. */
  remember(
    key: string,
    ref: ObjectRef,
    written: KubeObject | undefined,
    at: Instant,
    uid?: string | undefined,
  ): void {
    let writes = this.#writes.get(key);
    if (!writes) {
      writes = new Map();
      this.#writes.set(key, writes);
    }
    const { type, namespace, name } = ref;
    writes.set(`${type.group}/${type.plural}/${namespace ?? ''}/${name}`, {
      ref,
      resourceVersion: written?.metadata?.resourceVersion,
      uid,
      at,
    });
  }

  /** Whether the reader does not yet show a write that was made for the key. Writes that it shows are forgotten. */
  behind(key: string, reader: Reader, now: Instant): boolean {
    const writes = this.#writes.get(key);
    if (!writes) return false;
    for (const [name, write] of writes) {
      if (isShown(write, reader) || now - write.at > patienceMs) writes.delete(name);
    }
    if (writes.size > 0) return true;
    this.#writes.delete(key);
    return false;
  }

  /** Whether something was written for the key that the cache has not been seen to show. */
  awaits(key: string): boolean {
    return this.#writes.has(key);
  }
}

function isShown({ ref, resourceVersion, uid }: OwnWrite, reader: Reader): boolean {
  const cached = reader.get(ref.type, ref.namespace, ref.name)?.metadata;
  if (resourceVersion === undefined) {
    return !cached || cached.deletionTimestamp !== undefined || (uid !== undefined && cached.uid !== uid);
  }
  return cached !== undefined && !isOlderVersion(cached.resourceVersion, resourceVersion);
}

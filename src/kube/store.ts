import type { KubeObject } from '../api/index.ts';

/** `namespace/name`, or `name` of a cluster-scoped object; the key of caches and queues. */
export function keyOf(object: KubeObject): string {
  return objectKey(object.metadata?.namespace, object.metadata?.name ?? '');
}

export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** The two halves of a key. */
export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

type KeysOf<T> = (object: T) => readonly string[];

const NAMESPACE = 'namespace';
const OWNER = 'owner';
const none: readonly never[] = [];

/** Objects of one type with indexes; lookups cost what they return. */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, { keysOf: KeysOf<T>; sets: Map<string, Set<string>> }>();

  constructor() {
    this.addIndex(NAMESPACE, (object) => (object.metadata?.namespace ? [object.metadata.namespace] : none));
    this.addIndex(OWNER, (object) => (object.metadata?.ownerReferences ?? none).map((owner) => owner.uid));
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(objectKey(namespace, name));
  }

  byKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): readonly T[] {
    return namespace ? this.by(NAMESPACE, namespace) : [...this.#objects.values()];
  }

  ownedBy(uid: string): readonly T[] {
    return this.by(OWNER, uid);
  }

  /** @throws Error when there is no index of that name: it was not added, or is misspelt */
  by(indexName: string, value: string): readonly T[] {
    const index = this.#indexes.get(indexName);
    if (!index) throw new Error(`no index ${JSON.stringify(indexName)}`);
    const keys = index.sets.get(value);
    return keys ? Array.from(keys, (key) => this.#objects.get(key)!) : none;
  }

  /** Adding an index again under the same name changes nothing. */
  addIndex(name: string, keysOf: KeysOf<T>): void {
    if (this.#indexes.has(name)) return;
    const index = { keysOf, sets: new Map<string, Set<string>>() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) insert(index.sets, keysOf(object), key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** Puts the object in; returns the one that it replaces. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const { keysOf, sets } of this.#indexes.values()) {
      if (old) remove(sets, keysOf(old), key);
      insert(sets, keysOf(object), key);
    }
    return old;
  }

  /** Takes the object out and returns it. */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key);
    if (!old) return undefined;
    this.#objects.delete(key);
    for (const { keysOf, sets } of this.#indexes.values()) remove(sets, keysOf(old), key);
    return old;
  }
}

function insert(sets: Map<string, Set<string>>, values: readonly string[], key: string): void {
  for (const value of values) {
    const set = sets.get(value);
    if (set) set.add(key);
    else sets.set(value, new Set([key]));
  }
}

function remove(sets: Map<string, Set<string>>, values: readonly string[], key: string): void {
  for (const value of values) {
    const set = sets.get(value);
    if (set?.delete(key) && set.size === 0) sets.delete(value);
  }
}

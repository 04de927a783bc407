import type { KubeObject, ResourceType } from '../api/index.ts';
import type { Reader } from '../kube/index.ts';

/** The objects of a type in a namespace, by name, looked up in the cache when asked for: most are never asked for. */
export class ObjectsByName<T extends KubeObject> implements ReadonlyMap<string, T> {
  readonly #reader: Reader;
  readonly #type: ResourceType<T>;
  readonly #namespace: string | undefined;

  constructor(reader: Reader, type: ResourceType<T>, namespace: string | undefined) {
    this.#reader = reader;
    this.#type = type;
    this.#namespace = namespace;
  }

  get size(): number {
    return this.#reader.list(this.#type, this.#namespace).length;
  }

  get(name: string): T | undefined {
    return this.#reader.get(this.#type, this.#namespace, name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  *entries(): MapIterator<[string, T]> {
    for (const object of this.#reader.list(this.#type, this.#namespace)) {
      yield [object.metadata?.name ?? '', object];
    }
  }

  *keys(): MapIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): MapIterator<T> {
    for (const [, object] of this.entries()) yield object;
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries();
  }

  forEach(callback: (value: T, name: string, map: ReadonlyMap<string, T>) => void): void {
    for (const [name, object] of this.entries()) callback(object, name, this);
  }
}

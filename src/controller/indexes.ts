import type { KubeObject, ResourceType } from '../api/index.ts';
import type { Reader } from '../kube/index.ts';

/** A way to find objects of a type other than by name: every object is filed under its keys. */
export interface Index<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly name: string;
  keys(object: T): string[];
}

/** A reader that keeps indexes. */
export interface IndexedReader extends Reader {
  by<T extends KubeObject>(index: Index<T>, key: string): readonly T[];
}

/** The objects that an index files under a key; of a reader without indexes, by looking at all objects of the type. */
export function find<T extends KubeObject>(
  reader: Reader & Partial<IndexedReader>,
  index: Index<T>,
  key: string,
): readonly T[] {
  if (reader.by) return reader.by(index, key);
  return reader.list(index.type).filter((object) => index.keys(object).includes(key));
}

/** All that a name of generated children may have been made from: for `a-b-c`, `a` and `a-b`. */
export function namePrefixes(name: string): string[] {
  const prefixes: string[] = [];
  for (let dash = name.indexOf('-'); dash > 0; dash = name.indexOf('-', dash + 1)) {
    prefixes.push(name.slice(0, dash));
  }
  return prefixes;
}

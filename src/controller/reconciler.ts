import type { KubeObject, ResourceType } from '../api/index.ts';

/** Which keys of a reconciler's queue a change of an object concerns. */
export interface Watch<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  /** `before` is undefined for an object that is new, `after` for one that is gone. */
  keys(before: T | undefined, after: T | undefined): Iterable<string>;
}

/** When a key is to be looked at again although nothing has changed. */
export interface PassResult {
  requeueAfterMs?: number;
}

/**
 * Brings one kind of resource forward: observe, decide, act. Level-based: a pass looks at what is there, not at what
 * has changed. A pass that throws is repeated with a backoff; one key is never processed twice at a time.
 */
export interface Reconciler {
  /** The name of its queue (OPS 6.3), e.g. `Rollouts`. */
  readonly name: string;
  readonly watches: readonly Watch[];
  process(key: string): Promise<PassResult>;
}

/** A watch of one type, for lists of watches of several. */
export function watch<T extends KubeObject>(
  type: ResourceType<T>,
  keys: (before: T | undefined, after: T | undefined) => Iterable<string>,
): Watch {
  return { type, keys: (before, after) => keys(before as T | undefined, after as T | undefined) };
}

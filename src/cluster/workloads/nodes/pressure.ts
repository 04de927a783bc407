import type { Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Instant } from '../../../api/index.ts';

/** Since when pods have been where they may not stay. Kept in memory: after a restart their time begins anew. */
export class Pressure {
  /** By key of the pod: of which incarnation of it, on which of the node, and since when. */
  readonly #since = new Map<string, { of: string; at: Instant }>();

  /** @param node undefined: it is gone, which is another trouble than its taints were */
  since(key: string, pod: Pod, node: Node | undefined, now: Instant): Instant {
    const of = [pod.metadata?.uid, node?.metadata?.uid ?? 'gone'].join();
    const before = this.#since.get(key);
    if (before?.of === of) return before.at;
    this.#since.set(key, { of, at: now });
    return now;
  }

  has(key: string): boolean {
    return this.#since.has(key);
  }

  end(key: string): void {
    this.#since.delete(key);
  }
}

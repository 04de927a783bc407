import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import type { Informer } from '../../kube/index.ts';

const INDEX = 'offeredPod';

/** Knows which pods the Services offer as ready, from the EndpointSlices. */
export class Offers {
  readonly #slices: Informer<EndpointSlice>;

  constructor(slices: Informer<EndpointSlice>) {
    this.#slices = slices;
    slices.addIndex(INDEX, (slice) =>
      (slice.endpoints ?? []).flatMap(({ conditions, targetRef }) =>
        conditions?.ready !== false && targetRef?.uid ? [targetRef.uid] : [],
      ),
    );
  }

  /** Resolves when no slice offers the pod any more, or after the time. */
  async untilGone(pod: Pod, timeoutMs: number): Promise<void> {
    const isOffered = () => this.#slices.by(INDEX, pod.metadata?.uid ?? '').length > 0;
    if (timeoutMs <= 0 || !isOffered()) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const check = () => {
        if (!isOffered()) end();
      };
      const timer = setTimeout(end, timeoutMs);
      const unsubscribe = this.#slices.subscribe({ updated: check, deleted: check });
    });
  }
}

import type { Pod, PodStatus } from 'kubernetes-types/core/v1.d.ts';
import { equal, Pods } from '../../../api/index.ts';
import { isConflict, isNotFound } from '../../../kube/index.ts';
import type { NodeContext } from './context.ts';

/** Fields that go from the status when they are not in the new one. */
const OPTIONAL = ['reason', 'message', 'initContainerStatuses'] as const;

/** Writes a pod's status when it has changed. */
export class StatusPublisher {
  readonly #context: Pick<NodeContext, 'client'>;
  #written: PodStatus | undefined;

  constructor(context: Pick<NodeContext, 'client'>) {
    this.#context = context;
  }

  /** A pod that is gone, or another of the same name in its place, is no failure: its end will be told. */
  async publish(pod: Pod, status: PodStatus): Promise<void> {
    if (equal(this.#written, status)) return;
    const { namespace, name, uid } = pod.metadata!;
    const patch: Record<string, unknown> = { ...status };
    for (const field of OPTIONAL) {
      if (status[field] === undefined && (this.#written ?? pod.status)?.[field] !== undefined)
        patch[field] = null;
    }
    try {
      // Strategic: conditions that others own stay; the uid keeps it from a new pod of the same name.
      await this.#context.client.patch(
        { type: Pods, namespace, name: name! },
        'strategic',
        { metadata: { uid }, status: patch },
        { subresource: 'status' },
      );
      this.#written = status;
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

import type { Pod, PodCondition, PodStatus } from 'kubernetes-types/core/v1.d.ts';
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
  async publish(pod: Pod, given: PodStatus): Promise<void> {
    const status = { ...given, conditions: this.#sinceWritten(given.conditions) };
    if (equal(this.#written, status)) return;
    const { namespace, name, uid } = pod.metadata!;
    // A condition loses the reason that it no longer has.
    const conditions = status.conditions.map((condition) => ({ reason: null, message: null, ...condition }));
    const patch: Record<string, unknown> = { ...status, conditions };
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

  /**
   * The conditions with the times at which they became so by what was written last: the cache that they were made of may
   * be behind that, and each write would bring forth another.
   */
  #sinceWritten(conditions: readonly PodCondition[] = []): PodCondition[] {
    return conditions.map((condition) => {
      const before = this.#written?.conditions?.find(({ type }) => type === condition.type);
      if (before?.status !== condition.status || !before.lastTransitionTime) return condition;
      return { ...condition, lastTransitionTime: before.lastTransitionTime };
    });
  }
}

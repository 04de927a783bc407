import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import {
  controllerOf,
  equal,
  type KubeObject,
  matchesSelector,
  Pods,
  type ResourceType,
} from '../../../api/index.ts';
import { type Informer, keyOf, objectKey } from '../../../kube/index.ts';
import type { Context } from './context.ts';
import { orphansIn, watchOrphans } from './orphans.ts';

/** A workload that makes pods and adopts those that match its selector. */
type Owner = KubeObject & { spec?: { selector?: LabelSelector } };

/** The pods of the workloads of one kind: those that they own, and those without a controller that they adopt. */
export class OwnedPods<T extends Owner> {
  readonly #client: Context['client'];
  readonly #type: ResourceType<T>;
  readonly #owners: Informer<T>;
  readonly #pods: Informer<Pod>;
  readonly #mayAdopt: (owner: T, pod: Pod) => boolean;

  /** @param mayAdopt what must hold beside the selector */
  constructor(
    { client, informers }: Context,
    type: ResourceType<T>,
    mayAdopt: (owner: T, pod: Pod) => boolean = () => true,
  ) {
    this.#client = client;
    this.#type = type;
    this.#owners = informers.informer(type);
    this.#pods = informers.informer(Pods);
    this.#mayAdopt = mayAdopt;
    watchOrphans(this.#pods);
  }

  async of(owner: T): Promise<readonly Pod[]> {
    const { namespace, name = '', uid = '' } = owner.metadata ?? {};
    const owned = this.#pods.ownedBy(uid);
    const orphans = orphansIn(this.#pods, namespace).filter((pod) => this.#couldAdopt(owner, pod));
    if (orphans.length === 0) return owned;
    // Whoever deletes an owner and keeps its pods must not see them adopted by a cache that is behind.
    const live = await this.#client.get({ type: this.#type, namespace, name });
    const adopts = live.metadata?.uid === uid && !live.metadata?.deletionTimestamp;
    return adopts ? [...owned, ...orphans] : owned;
  }

  /** Calls back with the key of each owner that a change of a pod concerns. Returns how to end it. */
  watch(enqueue: (key: string) => void): () => void {
    const changed = (pod: Pod) => {
      for (const key of this.#concerned(pod)) enqueue(key);
    };
    return this.#pods.subscribe({
      added: changed,
      updated(old, pod) {
        // A change of owner concerns both.
        if (!equal(controllerOf(old), controllerOf(pod))) changed(old);
        changed(pod);
      },
      deleted: changed,
    });
  }

  #concerned(pod: Pod): string[] {
    const owner = controllerOf(pod);
    const namespace = pod.metadata?.namespace;
    if (owner) return owner.kind === this.#type.kind ? [objectKey(namespace, owner.name)] : [];
    return this.#owners
      .list(namespace)
      .filter((each) => this.#couldAdopt(each, pod))
      .map(keyOf);
  }

  #couldAdopt(owner: T, pod: Pod): boolean {
    return matchesSelector(owner.spec?.selector, pod.metadata?.labels) && this.#mayAdopt(owner, pod);
  }
}

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { controllerReference, formatTime, type Instant, Pods, ReplicaSets } from '../api/index.ts';
import type { ModelStore } from './store.ts';

/** How the pods of an image behave. */
export interface ImageBehaviour {
  /** Time from creation to ready; `never` for pods that never become ready. Default: 2 s. */
  readyAfterMs?: number | 'never';
  /** Time from creation to the crash after which they are not ready any more. Default: they do not crash. */
  crashAfterMs?: number;
}

const defaultReadyAfterMs = 2_000;

/**
 * The ReplicaSet controller and the node of a model: creates and deletes pods, makes them ready as their image does,
 * and writes the status of the ReplicaSets. Pods go at once when they are deleted.
 */
export class ModelWorkloads {
  readonly #store: ModelStore;
  readonly #images: Readonly<Record<string, ImageBehaviour>>;
  /** Creation times, finer than the whole seconds of the object. */
  readonly #createdAt = new Map<string, Instant>();
  #pods = 0;

  constructor(store: ModelStore, images: Readonly<Record<string, ImageBehaviour>>) {
    this.#store = store;
    this.#images = images;
  }

  /** Does all that is to be done at this instant. */
  settle(now: Instant): void {
    this.#store.collectGarbage();
    for (const replicaSet of this.#store.list(ReplicaSets)) this.#scale(replicaSet, now);
    for (const pod of this.#store.list(Pods)) this.#updatePod(pod, now);
    for (const replicaSet of this.#store.list(ReplicaSets)) this.#updateStatus(replicaSet, now);
  }

  /** The next instant at which a pod becomes ready, available or crashes. */
  nextInstant(now: Instant): Instant | undefined {
    const instants = this.#store.list(ReplicaSets).flatMap((replicaSet) =>
      this.#podsOf(replicaSet).flatMap((pod) => {
        const { readyAt, crashAt } = this.#timesOf(pod);
        return [readyAt, crashAt, readyAt + minReadyMs(replicaSet)];
      }),
    );
    const later = instants.filter((instant) => instant > now && Number.isFinite(instant));
    return later.length > 0 ? Math.min(...later) : undefined;
  }

  #scale(replicaSet: ReplicaSet, now: Instant): void {
    const pods = this.#podsOf(replicaSet);
    const wanted = replicaSet.spec?.replicas ?? 1;
    for (let i = pods.length; i < wanted; i++) this.#createPod(replicaSet, now);
    const surplus = [...pods]
      .sort((a, b) => Number(isReady(a)) - Number(isReady(b)) || this.#created(b) - this.#created(a))
      .slice(0, Math.max(0, pods.length - wanted));
    for (const { metadata } of surplus) {
      void this.#store.delete({ type: Pods, namespace: metadata?.namespace, name: metadata?.name ?? '' });
      this.#createdAt.delete(metadata?.uid ?? '');
    }
  }

  #createPod(replicaSet: ReplicaSet, now: Instant): void {
    this.#pods += 1;
    const template = replicaSet.spec?.template;
    const pod = this.#store.put(
      Pods,
      {
        metadata: {
          ...template?.metadata,
          namespace: replicaSet.metadata?.namespace,
          name: `${replicaSet.metadata?.name}-${this.#pods.toString(36).padStart(5, '0')}`,
          ownerReferences: [controllerReference(ReplicaSets, replicaSet)],
        },
        spec: template?.spec,
        status: { phase: 'Pending', startTime: formatTime(now) },
      } as Pod,
      { keepStatus: true },
    );
    this.#createdAt.set(pod.metadata?.uid ?? '', now);
  }

  #updatePod(pod: Pod, now: Instant): void {
    const { readyAt, crashAt } = this.#timesOf(pod);
    const ready = now >= readyAt && now < crashAt;
    const phase = now >= readyAt ? 'Running' : 'Pending';
    if (isReady(pod) === ready && pod.status?.phase === phase && pod.status.conditions) return;
    const transition = formatTime(ready ? readyAt : now >= crashAt ? crashAt : this.#created(pod));
    this.#store.change(
      { type: Pods, namespace: pod.metadata?.namespace, name: pod.metadata?.name ?? '' },
      {
        status: {
          phase,
          conditions: [
            { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: transition },
            { type: 'ContainersReady', status: ready ? 'True' : 'False', lastTransitionTime: transition },
          ],
        },
      },
      'status',
    );
  }

  #updateStatus(replicaSet: ReplicaSet, now: Instant): void {
    const { namespace, name = '', generation } = replicaSet.metadata ?? {};
    const pods = this.#podsOf(replicaSet);
    const ready = pods.filter(isReady);
    const available = ready.filter((pod) => this.#timesOf(pod).readyAt + minReadyMs(replicaSet) <= now);
    const { status: before } = replicaSet;
    const unchanged =
      before?.replicas === pods.length &&
      (before.readyReplicas ?? 0) === ready.length &&
      (before.availableReplicas ?? 0) === available.length &&
      before.observedGeneration === generation;
    if (unchanged) return;
    const status = {
      replicas: pods.length,
      fullyLabeledReplicas: pods.length || null,
      readyReplicas: ready.length || null,
      availableReplicas: available.length || null,
      observedGeneration: generation,
    };
    this.#store.change({ type: ReplicaSets, namespace, name }, { status }, 'status');
  }

  #podsOf(replicaSet: ReplicaSet): readonly Pod[] {
    return this.#store.ownedBy(Pods, replicaSet.metadata?.uid ?? '');
  }

  #created(pod: Pod): Instant {
    return this.#createdAt.get(pod.metadata?.uid ?? '') ?? 0;
  }

  #timesOf(pod: Pod): { readyAt: Instant; crashAt: Instant } {
    const { readyAfterMs = defaultReadyAfterMs, crashAfterMs = Number.POSITIVE_INFINITY } =
      this.#images[pod.spec?.containers[0]?.image ?? ''] ?? {};
    const created = this.#created(pod);
    return {
      readyAt: readyAfterMs === 'never' ? Number.POSITIVE_INFINITY : created + readyAfterMs,
      crashAt: created + crashAfterMs,
    };
  }
}

const isReady = (pod: Pod) =>
  pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
  false;

const minReadyMs = (replicaSet: ReplicaSet) => (replicaSet.spec?.minReadySeconds ?? 0) * 1000;

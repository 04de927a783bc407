import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Informer, keyOf, objectKey, WorkQueue } from '../../../kube/index.ts';
import type { AddressPool } from '../addresses.ts';
import type { Runtime, RuntimeContainer } from '../runtime/runtime.ts';
import type { NodeContext } from './context.ts';
import { loadSandboxes, saveSandbox } from './sandbox.ts';
import { PodWorker } from './worker.ts';

export interface PodManagerOptions {
  context: NodeContext;
  pods: Informer<Pod>;
  addresses: AddressPool;
  runtimes: readonly Runtime[];
}

/** How many pods are worked on at once. */
const CONCURRENCY = 32;

/** Keeps a worker for each pod of this node. */
export class PodManager {
  readonly #options: PodManagerOptions;
  readonly #context: NodeContext;
  /** Pods of this node as the API has them, by uid. */
  readonly #pods = new Map<string, Pod>();
  readonly #workers = new Map<string, PodWorker>();
  readonly #uids = new Map<string, string>();
  readonly #queue: WorkQueue;
  #recovered = new Map<string, RuntimeContainer[]>();
  #addressesOf = new Map<string, string>();
  #unsubscribe: (() => void) | undefined;

  constructor(options: PodManagerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#queue = new WorkQueue({
      process: (uid) => this.#sync(uid),
      concurrency: CONCURRENCY,
      backoff: { baseMs: 50, maxMs: 10_000 },
      onError: (uid, error) => {
        const { namespace, name } = this.#workers.get(uid)?.pod.metadata ?? {};
        this.#context.log.warn(
          { err: error, namespace, name, uid },
          'cannot bring a pod closer to its state',
        );
      },
    });
  }

  /** Takes over what earlier agents started, ends what belongs to no pod any more, and follows the API from then on. */
  async start(): Promise<void> {
    const { podsFolder } = this.#context;
    await mkdir(podsFolder, { recursive: true, mode: 0o700 });
    this.#addressesOf = await loadSandboxes(podsFolder);
    const runs = (await Promise.all(this.#options.runtimes.map((runtime) => runtime.recover()))).flat();
    this.#recovered = Map.groupBy(runs, (run) => run.key.podUid) as Map<string, RuntimeContainer[]>;
    await this.#options.pods.synced();
    const mine = this.#options.pods.list().filter((pod) => this.#isMine(pod));
    await this.#endOrphans(new Set(mine.map((pod) => pod.metadata!.uid!)));
    for (const pod of mine) {
      const address = this.#addressesOf.get(pod.metadata!.uid!);
      if (address) this.#options.addresses.reserve(address);
    }
    this.#unsubscribe = this.#options.pods.subscribe({
      added: (pod) => this.#seen(pod),
      updated: (old, next) => {
        if (old.metadata?.uid !== next.metadata?.uid) this.#lost(old);
        this.#seen(next);
      },
      deleted: (pod) => this.#lost(pod),
    });
  }

  worker(namespace: string, name: string): PodWorker | undefined {
    return this.#workers.get(this.#uids.get(objectKey(namespace, name)) ?? '');
  }

  workers(): PodWorker[] {
    return [...this.#workers.values()];
  }

  imagesChanged(): void {
    for (const worker of this.#workers.values()) worker.retryProblems();
  }

  /** A ConfigMap or a Secret of the namespace has changed. */
  configChanged(namespace: string): void {
    for (const worker of this.#workers.values()) {
      if (worker.pod.metadata?.namespace === namespace) worker.refreshConfig();
    }
  }

  async stop(options: { keepPods: boolean }): Promise<void> {
    this.#unsubscribe?.();
    await this.#queue.stop();
    const stopped = this.workers().map(async (worker) => {
      await worker.shutDown({ keep: options.keepPods }).catch((err: unknown) => {
        const { namespace, name } = worker.pod.metadata ?? {};
        this.#context.log.warn({ err, namespace, name }, 'cannot stop a pod');
      });
    });
    await Promise.all(stopped);
    this.#workers.clear();
  }

  #isMine(pod: Pod): boolean {
    return pod.spec?.nodeName === this.#context.nodeName;
  }

  #seen(pod: Pod): void {
    if (!this.#isMine(pod)) return;
    const uid = pod.metadata!.uid!;
    this.#pods.set(uid, pod);
    this.#uids.set(keyOf(pod), uid);
    this.#queue.add(uid);
  }

  #lost(pod: Pod): void {
    const uid = pod.metadata!.uid!;
    this.#pods.delete(uid);
    if (this.#workers.has(uid)) this.#queue.add(uid);
  }

  async #sync(uid: string): Promise<{ requeueAfterMs?: number | undefined }> {
    const pod = this.#pods.get(uid);
    const worker = this.#workers.get(uid) ?? (pod && (await this.#newWorker(pod)));
    if (!worker) return {};
    const { gone, wakeAt } = await worker.sync(pod);
    if (gone) this.#forget(uid, worker);
    if (wakeAt === undefined) return {};
    return { requeueAfterMs: Math.max(0, wakeAt - this.#context.clock()) };
  }

  #forget(uid: string, worker: PodWorker): void {
    this.#workers.delete(uid);
    this.#pods.delete(uid);
    const key = keyOf(worker.pod);
    if (this.#uids.get(key) === uid) this.#uids.delete(key);
    if (!worker.pod.spec?.hostNetwork) this.#options.addresses.release(worker.podIP);
  }

  async #newWorker(pod: Pod): Promise<PodWorker> {
    const uid = pod.metadata!.uid!;
    const { hostIP, podsFolder } = this.#context;
    const known = this.#addressesOf.get(uid);
    const address = known ?? (pod.spec?.hostNetwork ? hostIP : this.#options.addresses.take());
    if (!known) await saveSandbox(podsFolder, pod, address);
    const worker = new PodWorker(pod, address, this.#context, () => this.#queue.add(uid));
    await worker.adopt(this.#recovered.get(uid) ?? []);
    this.#recovered.delete(uid);
    this.#addressesOf.delete(uid);
    this.#workers.set(uid, worker);
    return worker;
  }

  async #endOrphans(live: ReadonlySet<string>): Promise<void> {
    const { podsFolder, log } = this.#context;
    const orphans = [...this.#recovered].filter(([uid]) => !live.has(uid));
    for (const [uid, runs] of orphans) {
      this.#recovered.delete(uid);
      await Promise.all(runs.map((run) => run.remove()));
      log.info(
        { uid, pod: runs[0]?.key.pod, namespace: runs[0]?.key.namespace },
        'ended what was left of a pod',
      );
    }
    for (const uid of await readdir(podsFolder)) {
      if (live.has(uid)) continue;
      for (const runtime of this.#options.runtimes) await runtime.removePod?.(uid);
      await rm(join(podsFolder, uid), { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { type Instant, Pods } from '../../../api/index.ts';
import { isConflict, isNotFound } from '../../../kube/index.ts';
import type { Runtime, RuntimeContainer } from '../runtime/runtime.ts';
import type { NodeContext } from './context.ts';
import { deadlineOf, hasEnded, planPod } from './decide.ts';
import type { PodFacts } from './fields.ts';
import { runHook } from './hooks.ts';
import { launch } from './launcher.ts';
import { PodVolumes } from './pod-volumes.ts';
import { backOffPull } from './problem.ts';
import { StatusPublisher } from './publisher.ts';
import { ContainerSlot } from './slot.ts';
import { podStatus } from './status.ts';
import type { PodView } from './view.ts';

/** How long a container has at least between SIGTERM and SIGKILL, whatever its hook used up; as kubelet's. */
const SHORTEST_GRACE_MS = 2000;
/** How long to wait for the Services to stop offering a pod before it is told to end. */
const UNOFFER_MS = 1000;
const VOLUME_RETRY_MS = 2000;
const ERR_IMAGE_PULL_MS = 1000;

/**
 * Drives one pod on this node: observes its containers, lets `planPod` decide, starts and stops, writes the status.
 * `sync` is called one at a time, whenever something may have changed.
 */
export class PodWorker {
  readonly podIP: string;
  /** Aborts when nothing is left of the pod, or the agent ends. */
  readonly gone: AbortSignal;
  readonly #gone = new AbortController();
  readonly #context: NodeContext;
  readonly #poke: () => void;
  readonly #startedAt: Instant;
  readonly #initSlots: ContainerSlot[];
  readonly #slots: ContainerSlot[];
  readonly #ephemeralSlots: ContainerSlot[] = [];
  readonly #publisher: StatusPublisher;
  readonly #volumes: PodVolumes;
  #pod: Pod;
  #failed: { reason: string; message: string } | undefined;
  #ending: Promise<void> | undefined;
  #ended = false;
  #graceMs = Number.POSITIVE_INFINITY;

  constructor(pod: Pod, podIP: string, context: NodeContext, poke: () => void) {
    this.podIP = podIP;
    this.gone = this.#gone.signal;
    this.#pod = pod;
    this.#context = context;
    this.#poke = poke;
    this.#startedAt = Date.parse(pod.status?.startTime ?? '') || context.clock();
    this.#initSlots = (pod.spec?.initContainers ?? []).map((spec) => this.#slotFor(spec));
    this.#slots = (pod.spec?.containers ?? []).map((spec) => this.#slotFor(spec));
    this.#addEphemeral();
    this.#publisher = new StatusPublisher(context);
    this.#volumes = new PodVolumes(this.#folder, context);
  }

  get pod(): Pod {
    return this.#pod;
  }

  slot(container: string): ContainerSlot | undefined {
    return this.#allSlots.find(({ spec }) => spec.name === container);
  }

  async adopt(runs: readonly RuntimeContainer[]): Promise<void> {
    for (const slot of this.#allSlots) {
      const own = runs.filter(({ key }) => key.container === slot.spec.name);
      await slot.adopt(own, this.#pod);
    }
  }

  /** Brings the pod closer to what it should be. `gone`: nothing is left of it. */
  async sync(pod: Pod | undefined): Promise<{ gone: boolean; wakeAt?: Instant | undefined }> {
    if (pod) this.#volumes.podChanged(this.#pod, pod);
    this.#pod = pod ?? this.#pod;
    this.#addEphemeral();
    if (!pod || pod.metadata?.deletionTimestamp) return { gone: await this.#finish(pod) };
    this.#checkDeadline();
    const wakeAt = await this.#carryOn();
    await this.#publish();
    return { gone: false, wakeAt };
  }

  /** Tries containers again that wait for an image or for their configuration. */
  retryProblems(): void {
    const waiting = this.#allSlots.filter(({ problem }) => problem);
    if (waiting.length === 0) return;
    for (const { problem } of waiting) problem!.retryAt = 0;
    this.#poke();
  }

  /** Brings volumes up to date, and tries again what waits for configuration. */
  refreshConfig(): void {
    this.retryProblems();
    if (this.#volumes.sourcesChanged(this.#pod)) this.#poke();
  }

  /** The agent ends: lets the containers run on for the next one, or ends them without touching the pod. */
  async shutDown({ keep }: { keep: boolean }): Promise<void> {
    this.#gone.abort();
    for (const slot of this.#allSlots) slot.quiet();
    try {
      if (keep) return;
      await Promise.all(
        this.#allSlots.map(({ run }) => run?.stop({ graceMs: SHORTEST_GRACE_MS, interrupted: true })),
      );
      await this.#runtime.stopPod?.(this.#uid);
    } finally {
      for (const slot of this.#allSlots) {
        slot.run?.release();
        slot.previous?.release();
      }
    }
  }

  /** Ends what is left of the pod at once, and removes its files. */
  async remove(): Promise<void> {
    this.#gone.abort();
    // The last first: ephemeral containers may be in the network of another.
    for (const slot of this.#allSlots.reverse()) {
      slot.quiet();
      await slot.run?.remove();
      await slot.previous?.remove();
    }
    await this.#runtime.removePod?.(this.#uid);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #slotFor(spec: ContainerSlot['spec']): ContainerSlot {
    return new ContainerSlot(spec, this.podIP, this.#folder, this.#context, this.#poke);
  }

  /** Containers for debugging come while the pod runs. */
  #addEphemeral(): void {
    for (const spec of this.#pod.spec?.ephemeralContainers ?? []) {
      if (!this.slot(spec.name)) this.#ephemeralSlots.push(this.#slotFor(spec));
    }
  }

  get #runtime(): Runtime {
    return this.#context.runtimeFor(this.#pod);
  }

  get #uid(): string {
    return this.#pod.metadata!.uid!;
  }

  get #allSlots(): ContainerSlot[] {
    return [...this.#initSlots, ...this.#slots, ...this.#ephemeralSlots];
  }

  get #folder(): string {
    return join(this.#context.podsFolder, this.#uid);
  }

  get #facts(): PodFacts {
    const { nodeName, hostIP, capacity } = this.#context;
    return { pod: this.#pod, podIP: this.podIP, hostIP, nodeName, capacity };
  }

  #view(): PodView {
    const now = this.#context.clock();
    return {
      pod: this.#pod,
      podIP: this.podIP,
      hostIP: this.#context.hostIP,
      startedAt: this.#startedAt,
      initContainers: this.#initSlots.map((slot) => slot.view(now)),
      containers: this.#slots.map((slot) => slot.view(now)),
      ephemeralContainers: this.#ephemeralSlots.map((slot) => slot.view(now)),
      ending: this.#ending !== undefined,
      lacksVolumes: this.#volumes.failed && this.#allSlots.every(({ run }) => !run),
      failed: this.#failed,
    };
  }

  #checkDeadline(): void {
    const deadline = deadlineOf(this.#view());
    if (this.#failed || deadline === undefined || this.#context.clock() < deadline || hasEnded(this.#view()))
      return;
    this.#failed = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
    this.#record('Normal', 'DeadlineExceeded', this.#failed.message);
    this.#ending ??= this.#end(this.#specGraceMs);
  }

  /** Starts and stops what is due; returns when time alone asks for more. */
  async #carryOn(): Promise<Instant | undefined> {
    const now = this.#context.clock();
    for (const slot of this.#allSlots) this.#announce(slot, now);
    const plan = planPod(this.#view(), now);
    for (const { spec, unhealthy } of plan.stop) {
      const why = unhealthy
        ? `Container ${spec.name} failed ${unhealthy.probe} probe, will be restarted`
        : `Stopping container ${spec.name}`;
      const graceMs =
        unhealthy?.graceSeconds === undefined ? this.#specGraceMs : unhealthy.graceSeconds * 1000;
      void this.#stop(this.slot(spec.name)!, graceMs, why);
    }
    if (!(await this.#volumes.setUp(this.#facts))) return now + VOLUME_RETRY_MS;
    for (const { spec } of plan.start) await this.#start(this.slot(spec.name)!);
    const fresh = this.#allSlots.some(({ problem }) => problem?.reason === 'ErrImagePull');
    const next = plan.start.length > 0 ? planPod(this.#view(), now).wakeAt : plan.wakeAt;
    return earliest(next, this.#volumes.refreshAt, fresh ? now + ERR_IMAGE_PULL_MS : undefined);
  }

  #announce(slot: ContainerSlot, now: Instant): void {
    if (slot.problem && slot.problem.retryAt > now) backOffPull(slot, this.#pod);
    const { waiting } = this.#stateOf(slot, now);
    if (waiting?.reason !== 'CrashLoopBackOff' || slot.announcedBackoff === slot.run?.id) return;
    slot.announcedBackoff = slot.run?.id;
    const { name, namespace, uid } = this.#pod.metadata!;
    const text = `Back-off restarting failed container ${slot.spec.name} in pod ${name}_${namespace}(${uid})`;
    this.#record('Warning', 'BackOff', text, slot);
  }

  #stateOf(slot: ContainerSlot, now: Instant) {
    const { containerStatuses = [], initContainerStatuses = [] } = podStatus(this.#view(), now);
    const all = [...containerStatuses, ...initContainerStatuses];
    return all.find(({ name }) => name === slot.spec.name)?.state ?? {};
  }

  async #start(slot: ContainerSlot): Promise<void> {
    await launch(slot, this.#facts, this.#context, { whilePulling: () => this.#publish() });
    const hook = slot.spec.lifecycle?.postStart;
    if (!hook || !slot.isRunning) return;
    const failure = await runHook(hook, slot.checkTarget, this.#specGraceMs);
    if (failure === undefined) return;
    this.#record('Warning', 'FailedPostStartHook', `PostStartHook failed: ${failure}`, slot);
    void this.#stop(slot, this.#specGraceMs, `FailedPostStartHook`);
  }

  /** Runs the preStop hook, then stops; the hook's time is part of the grace. */
  #stop(slot: ContainerSlot, graceMs: number, why: string, beforeSignal?: Promise<void>): Promise<unknown> {
    slot.stopping ??= this.#stopOnce(slot, graceMs, why, beforeSignal)
      .catch((err: unknown) => {
        const { namespace, name } = this.#pod.metadata ?? {};
        const container = slot.spec.name;
        this.#context.log.warn({ err, namespace, name, container }, 'cannot stop a container');
      })
      .finally(() => {
        slot.stopping = undefined;
        this.#poke();
      });
    return slot.stopping;
  }

  async #stopOnce(
    slot: ContainerSlot,
    graceMs: number,
    why: string,
    beforeSignal?: Promise<void>,
  ): Promise<void> {
    const { run } = slot;
    if (!run || run.exit) return;
    this.#record('Normal', 'Killing', why, slot);
    const began = this.#context.clock();
    const hook = slot.spec.lifecycle?.preStop;
    if (hook && graceMs > 0) {
      const failure = await runHook(hook, slot.checkTarget, graceMs);
      if (failure !== undefined)
        this.#record('Warning', 'FailedPreStopHook', `PreStopHook failed: ${failure}`, slot);
    }
    await beforeSignal;
    const left = graceMs - (this.#context.clock() - began);
    await run.stop({ graceMs: graceMs === 0 ? 0 : Math.max(left, SHORTEST_GRACE_MS) });
  }

  /** Ends the containers, sidecars after the others. */
  async #end(graceMs: number): Promise<void> {
    this.#graceMs = graceMs;
    const unoffered = this.#context.untilUnoffered(this.#pod, Math.min(UNOFFER_MS, graceMs));
    const stop = (slot: ContainerSlot) =>
      this.#stop(slot, this.#graceMs, `Stopping container ${slot.spec.name}`, unoffered);
    const isSide = ({ spec }: ContainerSlot) => spec.restartPolicy === 'Always';
    const first = [
      ...this.#slots,
      ...this.#ephemeralSlots,
      ...this.#initSlots.filter((slot) => !isSide(slot)),
    ];
    await Promise.all(first.map(stop));
    for (const slot of this.#initSlots.filter(isSide).reverse()) await stop(slot);
    this.#ended = true;
    this.#poke();
  }

  /** Follows a deleted pod to its end: containers, status, the object, files. True when all is gone. */
  async #finish(pod: Pod | undefined): Promise<boolean> {
    const graceMs = deletionGraceMs(pod, this.#context.clock()) ?? this.#specGraceMs;
    this.#ending ??= this.#end(graceMs);
    if (graceMs < this.#graceMs) {
      this.#graceMs = graceMs;
      for (const { run } of this.#allSlots) void run?.stop({ graceMs });
    }
    if (!this.#ended) {
      if (pod) await this.#publish();
      return false;
    }
    if (pod) {
      await this.#publish();
      await this.#deleteObject(pod);
    }
    await this.remove();
    return true;
  }

  async #deleteObject(pod: Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata!;
    try {
      await this.#context.client.delete(
        { type: Pods, namespace, name: name! },
        { uid, gracePeriodSeconds: 0 },
      );
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  async #publish(): Promise<void> {
    const { phase } = this.#pod.status ?? {};
    const forgotten = this.#allSlots.every(({ run }) => run === undefined);
    // What ended under an earlier agent, and left nothing behind here, is told by the API alone.
    if ((phase === 'Succeeded' || phase === 'Failed') && forgotten) return;
    await this.#publisher.publish(this.#pod, podStatus(this.#view(), this.#context.clock()));
  }

  get #specGraceMs(): number {
    return (this.#pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  /** @param slot the container that it is about; undefined: the pod */
  #record(type: 'Normal' | 'Warning', reason: string, message: string, slot?: ContainerSlot): void {
    (slot ?? this.#context).record(this.#pod, { type, reason, message });
  }
}

function earliest(...instants: (Instant | undefined)[]): Instant | undefined {
  const known = instants.filter((instant) => instant !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** The time that a deleted pod has left; after a restart of the agent no more than until its deletion is due. */
function deletionGraceMs(pod: Pod | undefined, now: Instant): number | undefined {
  const seconds = pod?.metadata?.deletionGracePeriodSeconds;
  if (seconds === undefined) return undefined;
  const due = Date.parse(pod?.metadata?.deletionTimestamp ?? '');
  if (Number.isNaN(due) || seconds === 0) return seconds * 1000;
  return Math.min(seconds * 1000, Math.max(due - now, SHORTEST_GRACE_MS));
}

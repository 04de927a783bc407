import type { Container, ContainerStatus, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { EventRecord, Instant } from '../../../api/index.ts';
import { Prober } from '../probes/prober.ts';
import type { RuntimeContainer } from '../runtime/runtime.ts';
import { type CrashBackoff, raiseBackoff } from './backoff.ts';
import type { NodeContext } from './context.ts';
import { FailedStart } from './failed-start.ts';
import { rootOf } from './mounts.ts';
import { terminationFile, terminationMessage } from './termination.ts';
import type { ContainerView, Problem, RunView } from './view.ts';

/** A container of a pod on this node: its runs, its probes, and why it does not run. */
export class ContainerSlot {
  readonly spec: Container;
  readonly #context: NodeContext;
  readonly #podIP: string;
  readonly #poke: () => void;
  #run: RuntimeContainer | undefined;
  #previous: RuntimeContainer | undefined;
  readonly #terminationFile: string;
  /** What the runs said of their ends, by their ids. */
  readonly #messages = new Map<string, string>();
  #prober: Prober | undefined;
  #readyTimer: NodeJS.Timeout | undefined;
  backoff: CrashBackoff | undefined;
  problem: Problem | undefined;
  /** Failed image pulls in a row. */
  pullFailures = 0;
  /** Set while it is being stopped. */
  stopping: Promise<unknown> | undefined;
  /** The run whose back-off was told of in an event. */
  announcedBackoff: string | undefined;

  /** @param podFolder where the pod's files are */
  constructor(spec: Container, podIP: string, podFolder: string, context: NodeContext, poke: () => void) {
    this.spec = spec;
    this.#podIP = podIP;
    this.#context = context;
    this.#poke = poke;
    this.#terminationFile = terminationFile(rootOf(podFolder, spec), spec);
  }

  get run(): RuntimeContainer | undefined {
    return this.#run;
  }

  get previous(): RuntimeContainer | undefined {
    return this.#previous;
  }

  get isRunning(): boolean {
    return this.#run !== undefined && this.#run.exit === undefined;
  }

  /** Writes an event about this container of the pod. */
  record(pod: Pod, event: EventRecord): void {
    const { name } = this.spec;
    const kinds = ['initContainers', 'ephemeralContainers'] as const;
    const kind = kinds.find((kind) => pod.spec?.[kind]?.some((each) => each.name === name)) ?? 'containers';
    this.#context.record(pod, { ...event, fieldPath: `spec.${kind}{${name}}` });
  }

  /** `restartCount` of the next run. */
  nextAttempt(pod: Pod): number {
    if (this.#run) return this.#run.key.attempt + 1;
    const status = statusOf(pod, this.spec.name);
    if (!status?.containerID) return status?.restartCount ?? 0;
    // A simulated run does not outlive its agent; the same run is begun again.
    const goesOn = status.containerID.startsWith('simulated:') && status.state?.running;
    return goesOn ? status.restartCount : status.restartCount + 1;
  }

  /** Takes over what an earlier agent has run, in the order of the attempts. */
  async adopt(runs: readonly RuntimeContainer[], pod: Pod): Promise<void> {
    const ordered = [...runs].sort((a, b) => a.key.attempt - b.key.attempt);
    const latest = ordered.pop();
    if (!latest) return;
    this.#previous = ordered.pop();
    this.#recallMessages(pod);
    await Promise.all(ordered.map((run) => run.remove()));
    const status = statusOf(pod, this.spec.name);
    const known =
      status?.containerID === latest.id
        ? { started: status.started ?? true, ready: status.ready }
        : undefined;
    this.#run = latest;
    this.#follow(pod, latest, { known });
  }

  /** Goes over to a run that has just been started. */
  async begin(run: RuntimeContainer, pod: Pod, options: { listensOn?: number | undefined }): Promise<void> {
    const earlier = this.#run;
    if (earlier?.exit) this.backoff = raiseBackoff(this.backoff, earlier.exit, this.#context.clock());
    const forgotten = this.#previous;
    this.#previous = earlier ?? this.#previous;
    this.#run = run;
    this.problem = undefined;
    this.pullFailures = 0;
    this.#follow(pod, run, options);
    if (!earlier || !forgotten) return;
    this.#messages.delete(forgotten.id);
    await forgotten.remove();
  }

  /** Ends the probes; with the container itself the caller deals. */
  quiet(): void {
    this.#prober?.stop();
    clearTimeout(this.#readyTimer);
  }

  exec(command: readonly string[], options: { timeoutMs: number }) {
    if (!this.#run) throw new Error('the container does not run');
    return this.#run.exec(command, options);
  }

  get checkTarget() {
    return {
      container: this.spec,
      podIP: this.#podIP,
      exec: (command: readonly string[], options: { timeoutMs: number }) => this.exec(command, options),
    };
  }

  view(now: Instant): ContainerView {
    return {
      spec: this.spec,
      run: this.#run && this.#runView(this.#run),
      previous: this.#previous && this.#runView(this.#previous),
      problem: this.problem,
      backoff: this.backoff,
      started: this.#prober?.started ?? true,
      ready: this.#isReady(now),
      unhealthy: this.stopping ? undefined : this.#prober?.unhealthy,
    };
  }

  #runView(run: RuntimeContainer): RunView {
    const { id, startedAt, exit } = run;
    return {
      id,
      attempt: run.key.attempt,
      startedAt,
      exit,
      message: this.#messages.get(id),
      startError: run instanceof FailedStart ? run.reason : undefined,
    };
  }

  async #readMessage(run: RuntimeContainer): Promise<void> {
    if (this.#messages.has(run.id)) return;
    try {
      this.#messages.set(run.id, await terminationMessage(this.#terminationFile, this.spec, run));
    } catch (err) {
      this.#context.log.warn({ err, container: run.id }, 'cannot read what a container said of its end');
    }
  }

  /** An earlier agent has written them to the status; the file belongs to the latest run. */
  #recallMessages(pod: Pod): void {
    const { state, lastState } = statusOf(pod, this.spec.name) ?? {};
    for (const terminated of [state?.terminated, lastState?.terminated]) {
      if (terminated?.containerID && terminated.message) {
        this.#messages.set(terminated.containerID, terminated.message);
      }
    }
  }

  #isReady(now: Instant): boolean {
    if (this.#prober) return this.#prober.ready;
    return this.#run?.readyAt !== undefined && this.#run.readyAt <= now;
  }

  #follow(
    pod: Pod,
    run: RuntimeContainer,
    options: { known?: { started: boolean; ready: boolean } | undefined; listensOn?: number | undefined },
  ): void {
    this.quiet();
    this.#prober = undefined;
    void run.ended.then(async () => {
      await this.#readMessage(run);
      if (this.#run !== run) return;
      this.quiet();
      this.#poke();
    });
    if (run.exit) return;
    if (run.id.startsWith('simulated:')) this.#awaitScriptedReadiness(run);
    else this.#probe(pod, run, options);
  }

  #probe(
    pod: Pod,
    run: RuntimeContainer,
    {
      known,
      listensOn,
    }: { known?: { started: boolean; ready: boolean } | undefined; listensOn?: number | undefined },
  ): void {
    const { clock } = this.#context;
    this.#prober = new Prober({
      target: this.checkTarget,
      startedAt: run.startedAt,
      clock,
      known,
      ...(listensOn !== undefined &&
        !this.spec.readinessProbe && {
          readinessProbe: { tcpSocket: { port: listensOn }, periodSeconds: 10, failureThreshold: 3 },
        }),
      onChange: this.#poke,
      onFailure: (message) => {
        if (this.isRunning) this.record(pod, { type: 'Warning', reason: 'Unhealthy', message });
      },
    });
    this.#prober.start();
  }

  #awaitScriptedReadiness(run: RuntimeContainer): void {
    if (run.readyAt === undefined) return;
    const ms = run.readyAt - this.#context.clock();
    if (ms <= 0) return;
    this.#readyTimer = setTimeout(() => {
      // A timer may fire a little before the clock says so.
      this.#awaitScriptedReadiness(run);
      this.#poke();
    }, ms);
  }
}

function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  const {
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = pod.status ?? {};
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  return all.find(({ name }) => name === container);
}

import type { Instant } from '../../../api/index.ts';
import { restartAt } from './backoff.ts';
import { type ContainerView, ephemeralStatusOf, isRunning, isSidecar, type PodView } from './view.ts';

/** What to do with a pod's containers now. */
export interface PodPlan {
  start: readonly ContainerView[];
  stop: readonly ContainerView[];
  /** When time alone changes the plan. */
  wakeAt?: Instant | undefined;
}

const NOTHING: PodPlan = { start: [], stop: [] };

/** Which containers to start and to stop, and when to look again. Pure. */
export function planPod(view: PodView, now: Instant): PodPlan {
  if (view.ending) return NOTHING;
  if (hasEnded(view)) return { ...NOTHING, stop: view.ephemeralContainers?.filter(isRunning) ?? [] };
  const plan = new Planner(view, now);
  plan.ephemeralContainers();
  if (plan.initContainers()) plan.containers();
  return plan.result();
}

class Planner {
  readonly #view: PodView;
  readonly #now: Instant;
  readonly #start: ContainerView[] = [];
  readonly #stop: ContainerView[] = [];
  #wakeAt: Instant | undefined;

  constructor(view: PodView, now: Instant) {
    this.#view = view;
    this.#now = now;
    const deadline = deadlineOf(view);
    if (deadline !== undefined) this.#wake(deadline);
  }

  result(): PodPlan {
    return { start: this.#start, stop: this.#stop, wakeAt: this.#wakeAt };
  }

  /** One after another; true when the containers may run. Once they have, no init container is run again. */
  initContainers(): boolean {
    const begun = this.#view.containers.some((container) => container.run);
    for (const container of this.#view.initContainers) {
      if (isSidecar(container)) {
        this.#keepRunning(container);
        if (!begun && !(isRunning(container) && container.started)) return false;
      } else if (!begun && !hasSucceeded(container)) {
        this.#keepRunning(container);
        return false;
      }
    }
    return true;
  }

  /** Once each, whatever the others do. */
  ephemeralContainers(): void {
    const { ephemeralContainers = [], pod } = this.#view;
    for (const container of ephemeralContainers) {
      if (!container.run && !ephemeralStatusOf(pod, container)?.containerID) this.#keepRunning(container);
    }
  }

  containers(): void {
    for (const container of this.#view.containers) this.#keepRunning(container);
    if (this.#view.containers.every((container) => isDone(this.#view, container))) {
      this.#stop.push(...this.#view.initContainers.filter((c) => isSidecar(c) && isRunning(c)));
    }
  }

  #keepRunning(container: ContainerView): void {
    const { run, problem } = container;
    if (run && !run.exit) {
      if (container.unhealthy) this.#stop.push(container);
    } else if (!isDone(this.#view, container)) {
      const notBefore = Math.max(
        problem?.retryAt ?? 0,
        run?.exit ? restartAt(run.exit, container.backoff) : 0,
      );
      if (notBefore <= this.#now) this.#start.push(container);
      else this.#wake(notBefore);
    }
  }

  #wake(at: Instant): void {
    if (at > this.#now) this.#wakeAt = Math.min(this.#wakeAt ?? at, at);
  }
}

/** Whether a container has ended and will not be run again. */
export function isDone({ pod }: PodView, container: ContainerView): boolean {
  const { run, problem } = container;
  if (!run?.exit || run.exit.interrupted || problem) return false;
  if (isSidecar(container)) return false;
  const policy = pod.spec?.restartPolicy ?? 'Always';
  return policy === 'Never' || (policy === 'OnFailure' && run.exit.exitCode === 0);
}

export function hasSucceeded({ run }: ContainerView): boolean {
  return run?.exit?.exitCode === 0 && !run.exit.interrupted;
}

/** Whether the pod has come to its end by itself: `Succeeded` or `Failed`. */
export function hasEnded(view: PodView): boolean {
  if (view.failed) return true;
  const phase = view.pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return true;
  if (view.pod.spec?.restartPolicy === 'Never' && view.initContainers.some(failedForGood)) return true;
  const sidecarsEnded = view.initContainers.every((c) => !isSidecar(c) || !isRunning(c));
  return sidecarsEnded && view.containers.every((container) => isDone(view, container));
}

export function failedForGood(container: ContainerView): boolean {
  const exit = container.run?.exit;
  return !isSidecar(container) && exit !== undefined && !exit.interrupted && exit.exitCode !== 0;
}

/** When `activeDeadlineSeconds` runs out. */
export function deadlineOf({ pod, startedAt }: PodView): Instant | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  return seconds === undefined ? undefined : startedAt + seconds * 1000;
}

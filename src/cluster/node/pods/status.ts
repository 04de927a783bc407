import type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  PodCondition,
  PodStatus,
} from 'kubernetes-types/core/v1.d.ts';
import { formatTime, type Instant } from '../../../api/index.ts';
import { restartAt } from './backoff.ts';
import { failedForGood, hasEnded, hasSucceeded, isDone } from './decide.ts';
import {
  type ContainerView,
  ephemeralStatusOf,
  isRunning,
  isSidecar,
  type PodView,
  type Problem,
  type RunView,
} from './view.ts';

type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** The part of a pod's status that its node agent owns, as kubelet writes it. Pure. */
export function podStatus(view: PodView, now: Instant): PodStatus {
  const phase = podPhase(view);
  return {
    phase,
    ...(view.failed ?? {}),
    conditions: conditions(view, phase, now),
    hostIP: view.hostIP,
    hostIPs: [{ ip: view.hostIP }],
    podIP: view.podIP,
    podIPs: [{ ip: view.podIP }],
    startTime: formatTime(view.startedAt),
    ...(view.initContainers.length > 0 && {
      initContainerStatuses: view.initContainers.map((container) => containerStatus(view, container, now)),
    }),
    containerStatuses: view.containers.map((container) => containerStatus(view, container, now)),
    ...(view.ephemeralContainers?.length && {
      ephemeralContainerStatuses: view.ephemeralContainers.map((container) =>
        ephemeralStatus(view, container),
      ),
    }),
  };
}

function podPhase(view: PodView): Phase {
  if (view.failed) return 'Failed';
  const earlier = view.pod.status?.phase;
  if (earlier === 'Succeeded' || earlier === 'Failed') return earlier;
  const stopped = [...view.containers, ...view.initContainers].every((container) => !isRunning(container));
  if (hasEnded(view) || (view.ending && stopped)) {
    const all = [...view.initContainers.filter((c) => !isSidecar(c)), ...view.containers];
    return all.every(hasSucceeded) ? 'Succeeded' : 'Failed';
  }
  if (!view.containers.every((container) => container.run)) return 'Pending';
  return 'Running';
}

function containerStatus(view: PodView, container: ContainerView, now: Instant): ContainerStatus {
  const { spec, run, previous, problem } = container;
  const running = isRunning(container);
  const state = containerState(view, container, now);
  const last = state.waiting && run?.exit ? run : previous;
  const isInit = view.initContainers.includes(container) && !isSidecar(container);
  return {
    name: spec.name,
    state,
    lastState: last?.exit ? { terminated: terminated(last) } : {},
    ready: isInit ? hasSucceeded(container) : running && container.started && container.ready,
    restartCount: run?.attempt ?? 0,
    image: spec.image ?? '',
    imageID: run && !problem ? (spec.image ?? '') : '',
    ...(run && { containerID: run.id }),
    started: running && container.started && !isInit,
  };
}

/** A container for debugging is never ready, and its first run is the last one. */
function ephemeralStatus({ pod }: PodView, container: ContainerView): ContainerStatus {
  const { spec, run, problem } = container;
  const earlier = ephemeralStatusOf(pod, container);
  if (!run && earlier?.containerID) return earlier;
  return {
    name: spec.name,
    state: ephemeralState(run, problem),
    lastState: {},
    ready: false,
    restartCount: 0,
    image: spec.image ?? '',
    imageID: run ? (spec.image ?? '') : '',
    ...(run && { containerID: run.id }),
  };
}

function ephemeralState(run: RunView | undefined, problem: Problem | undefined): ContainerState {
  if (run?.exit) return { terminated: terminated(run) };
  if (run) return { running: { startedAt: formatTime(run.startedAt) } };
  return { waiting: problem ? { reason: problem.reason, message: problem.message } : CREATING };
}

const CREATING = { reason: 'ContainerCreating' };

function containerState(view: PodView, container: ContainerView, now: Instant): ContainerState {
  const { run, problem, spec } = container;
  if (run && !run.exit) return { running: { startedAt: formatTime(run.startedAt) } };
  if (problem && !view.ending) return { waiting: { reason: problem.reason, message: problem.message } };
  if (run?.exit?.interrupted && !view.ending) return { waiting: { reason: 'ContainerCreating' } };
  if (run?.exit) {
    const waits = !view.ending && !hasEnded(view) && !isDone(view, container);
    if (!waits) return { terminated: terminated(run) };
    if (now >= restartAt(run.exit, container.backoff)) {
      if (run.startError) return { waiting: { reason: 'RunContainerError', message: run.startError } };
      return { terminated: terminated(run) };
    }
    const { name, namespace, uid } = view.pod.metadata ?? {};
    const delay = formatDelay(container.backoff!.delayMs);
    return {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: `back-off ${delay} restarting failed container=${spec.name} pod=${name}_${namespace}(${uid})`,
      },
    };
  }
  const initializing = view.initContainers.length > 0;
  return { waiting: { reason: initializing ? 'PodInitializing' : 'ContainerCreating' } };
}

/** As Go prints a duration: `10s`, `1m20s`, `5m0s`. */
function formatDelay(ms: number): string {
  const seconds = ms / 1000;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

function terminated(run: RunView): ContainerStateTerminated {
  const { exitCode, startedAt, finishedAt, outOfMemory } = run.exit!;
  const message = run.startError || run.message;
  const reason = outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
  return {
    exitCode,
    reason: run.startError ? 'StartError' : reason,
    ...(message && { message }),
    startedAt: formatTime(startedAt),
    finishedAt: formatTime(finishedAt),
    containerID: run.id,
  };
}

/** The types of condition that the node agent owns. */
const OWN_CONDITIONS = [
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
];

type ConditionState = Pick<PodCondition, 'status' | 'reason' | 'message'>;

function conditions(view: PodView, phase: Phase, now: Instant): PodCondition[] {
  const initialized = initializedCondition(view, phase);
  const containersReady = readyCondition(view, phase);
  const states: Record<string, ConditionState> = {
    PodReadyToStartContainers: {
      status: view.lacksVolumes || (view.ending && phase !== 'Running') ? 'False' : 'True',
    },
    Initialized: initialized,
    Ready: containersReady.status === 'True' ? gatesCondition(view) : containersReady,
    ContainersReady: containersReady,
    PodScheduled: { status: 'True' },
  };
  return OWN_CONDITIONS.map((type) => {
    const state = states[type]!;
    const earlier = view.pod.status?.conditions?.find((condition) => condition.type === type);
    const unchanged = earlier?.status === state.status && earlier.lastTransitionTime;
    return { type, ...state, lastTransitionTime: unchanged || formatTime(now) };
  });
}

function initializedCondition(view: PodView, phase: Phase): ConditionState {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (view.containers.some((container) => container.run)) return { status: 'True' };
  const missing = view.initContainers.filter(
    (c) => !(isSidecar(c) ? isRunning(c) && c.started : hasSucceeded(c)),
  );
  if (missing.length === 0) return { status: 'True' };
  const reason = missing.some(failedForGood) && phase === 'Failed' ? 'PodFailed' : 'ContainersNotInitialized';
  return { status: 'False', reason, message: `containers with incomplete status: ${list(missing)}` };
}

function readyCondition(view: PodView, phase: Phase): ConditionState {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const relevant = [...view.initContainers.filter(isSidecar), ...view.containers];
  const unready = relevant.filter((c) => !(isRunning(c) && c.started && c.ready));
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: ${list(unready)}`,
  };
}

function gatesCondition({ pod }: PodView): ConditionState {
  const texts = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (found?.status === 'True') return [];
    if (!found) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`];
  });
  if (texts.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: texts.join(', ') };
}

const list = (containers: readonly ContainerView[]) => `[${containers.map((c) => c.spec.name).join(' ')}]`;

import type { Container, ContainerStatus, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Instant } from '../../../api/index.ts';
import type { Exit } from '../runtime/runtime.ts';
import type { CrashBackoff } from './backoff.ts';

/** All that is known of a pod on this node: what decisions and status are made of. */
export interface PodView {
  pod: Pod;
  podIP: string;
  hostIP: string;
  /** When the agent first saw the pod. */
  startedAt: Instant;
  initContainers: readonly ContainerView[];
  containers: readonly ContainerView[];
  /** Those that were added for debugging; they are run once and count for nothing else. */
  ephemeralContainers?: readonly ContainerView[];
  /** The pod is being ended, by its deletion or its deadline; nothing is started any more. */
  ending: boolean;
  /** Volumes are missing, and nothing has been started yet. */
  lacksVolumes?: boolean;
  /** Why the agent ended the pod, e.g. its active deadline. */
  failed?: { reason: string; message: string } | undefined;
}

/** A container of a pod with its latest run. */
export interface ContainerView {
  spec: Container;
  run?: RunView | undefined;
  /** The run before the latest. */
  previous?: RunView | undefined;
  /** Why it could not be started; undefined once it is tried again. */
  problem?: Problem | undefined;
  backoff?: CrashBackoff | undefined;
  /** The startup probe has succeeded, or there is none; of the latest run. */
  started: boolean;
  /** The readiness probe says so, or there is none; of the latest run. */
  ready: boolean;
  /** The liveness or startup probe has failed for good: the run is to be ended. */
  unhealthy?: { probe: 'liveness' | 'startup'; graceSeconds?: number | undefined } | undefined;
}

export interface RunView {
  id: string;
  /** Which run this is: 0 for the first. */
  attempt: number;
  startedAt: Instant;
  exit?: Exit | undefined;
  /** What it said of its end. */
  message?: string | undefined;
  /** Why its program could not be started. */
  startError?: string | undefined;
}

type ProblemReason =
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'InvalidImageName'
  | 'CreateContainerConfigError'
  | 'ContainerCreating';

export interface Problem {
  reason: ProblemReason;
  message: string;
  retryAt: Instant;
}

/** An init container that goes on running beside the others. */
export function isSidecar(container: ContainerView): boolean {
  return container.spec.restartPolicy === 'Always';
}

export function isRunning({ run }: ContainerView): boolean {
  return run !== undefined && run.exit === undefined;
}

/** What the pod's status says of a container for debugging, by whichever agent. */
export function ephemeralStatusOf({ status }: Pod, { spec }: ContainerView): ContainerStatus | undefined {
  return status?.ephemeralContainerStatuses?.find(({ name }) => name === spec.name);
}

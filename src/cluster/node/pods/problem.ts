import type { Container, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Instant } from '../../../api/index.ts';
import { isImageReference } from '../images/reference.ts';
import { ImagePullError, SandboxError } from '../runtime/runtime.ts';
import { ScriptError } from '../runtime/simulated/script.ts';
import { pullBackoffMs } from './backoff.ts';
import type { NodeContext } from './context.ts';
import { ContainerConfigError } from './environment.ts';
import { FieldError } from './fields.ts';
import type { ContainerSlot } from './slot.ts';
import type { Problem } from './view.ts';

/** How long a container with a wrong configuration waits until it is looked at again. */
const CONFIG_RETRY_MS = 5000;

/** What keeps a container from being run, with kubelet's words; undefined for a failure of the agent's own. */
export function problemOf(error: unknown, slot: ContainerSlot, now: Instant): Problem | undefined {
  if (error instanceof ImagePullError) {
    slot.pullFailures += 1;
    return { ...imageProblem(error.message, slot.spec), retryAt: now + pullBackoffMs(slot.pullFailures) };
  }
  if (error instanceof ContainerConfigError || error instanceof FieldError || error instanceof ScriptError) {
    return { reason: 'CreateContainerConfigError', message: error.message, retryAt: now + CONFIG_RETRY_MS };
  }
  if (error instanceof SandboxError) {
    return { reason: 'ContainerCreating', message: error.message, retryAt: now + CONFIG_RETRY_MS };
  }
  return undefined;
}

function imageProblem(why: string, { image = '', imagePullPolicy }: Container): Omit<Problem, 'retryAt'> {
  if (!isImageReference(image)) {
    const quoted = JSON.stringify(image);
    return {
      reason: 'InvalidImageName',
      message: `Failed to apply default image tag ${quoted}: couldn't parse image name ${quoted}: invalid reference format`,
    };
  }
  if (imagePullPolicy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never: ${why}`;
    return { reason: 'ErrImageNeverPull', message };
  }
  return { reason: 'ErrImagePull', message: why };
}

/** Writes the events that kubelet writes of a problem. */
export function tellProblem(
  { reason, message }: Problem,
  slot: ContainerSlot,
  pod: Pod,
  context: NodeContext,
) {
  const { image = '' } = slot.spec;
  const warn = (event: string, text: string) =>
    slot.record(pod, { type: 'Warning', reason: event, message: text });
  if (reason === 'CreateContainerConfigError') {
    warn('Failed', `Error: ${message}`);
    return;
  }
  if (reason === 'ContainerCreating') {
    const text = `Failed to create pod sandbox: ${message}`;
    context.record(pod, { type: 'Warning', reason: 'FailedCreatePodSandBox', message: text });
    return;
  }
  if (reason === 'ErrImagePull') warn('Failed', `Failed to pull image "${image}": ${message}`);
  else warn(reason === 'InvalidImageName' ? 'InspectFailed' : reason, message);
  warn('Failed', `Error: ${reason}`);
}

/** `ErrImagePull` shows for a moment; from then on the container waits in `ImagePullBackOff`. */
export function backOffPull(slot: ContainerSlot, pod: Pod): void {
  const { problem } = slot;
  if (problem?.reason !== 'ErrImagePull') return;
  const image = slot.spec.image ?? '';
  const message = `Back-off pulling image "${image}": ErrImagePull: ${problem.message}`;
  slot.problem = { ...problem, reason: 'ImagePullBackOff', message };
  slot.record(pod, { type: 'Normal', reason: 'BackOff', message: `Back-off pulling image "${image}"` });
  slot.record(pod, { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' });
}

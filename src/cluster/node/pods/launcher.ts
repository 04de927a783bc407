import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { bindablePort } from '../ports.ts';
import { type Image, ImagePullError, StartError } from '../runtime/runtime.ts';
import { ScriptError } from '../runtime/simulated/script.ts';
import { pullBackoffMs } from './backoff.ts';
import type { NodeContext } from './context.ts';
import { ContainerConfigError, commandLine, environmentOf, expandVariables } from './environment.ts';
import { FieldError, memoryLimit, type PodFacts } from './fields.ts';
import { linkMounts, rootOf, volumeVariables } from './mounts.ts';
import type { ContainerSlot } from './slot.ts';
import { clearTerminationFile, terminationFile } from './termination.ts';
import type { Problem } from './view.ts';

/** How long a container with a wrong configuration waits until it is looked at again. */
const CONFIG_RETRY_MS = 5000;

/**
 * Starts the next run of a container. What goes wrong becomes the slot's problem, with the events that kubelet writes.
 */
export async function launch(slot: ContainerSlot, facts: PodFacts, context: NodeContext): Promise<void> {
  const { pod } = facts;
  const event = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    context.record(pod, { type, reason, message });
  const { name } = slot.spec;
  const imageName = slot.spec.image ?? '';
  slot.problem = undefined;
  try {
    const runtime = context.runtimeFor(pod);
    const image = await runtime.pull(imageName, pod, name);
    event('Normal', 'Pulled', `Container image "${imageName}" already present on machine`);
    const port = portOf(slot, image);
    const podFolder = join(context.podsFolder, pod.metadata!.uid!);
    const env = buildEnvironment(slot, image, port, facts, context, podFolder);
    const workingDir = slot.spec.workingDir ?? image.workingDir;
    const key = {
      podUid: pod.metadata!.uid!,
      namespace: pod.metadata!.namespace!,
      pod: pod.metadata!.name!,
      container: name,
      attempt: slot.nextAttempt(pod),
    };
    await linkMounts(podFolder, pod, slot.spec, env);
    await clearTerminationFile(terminationFile(rootOf(podFolder, slot.spec), slot.spec));
    const run = await runtime.start(
      {
        key,
        image: imageName,
        argv: commandLine(slot.spec, image, env),
        env,
        workingDir: workingDir && expandVariables(workingDir, env),
        memoryLimitBytes: image.standsIn ? undefined : memoryLimit(slot.spec),
      },
      pod,
    );
    // What is known of the image's own program says nothing of another.
    const listens = image.listens && !slot.spec.command?.length;
    await slot.begin(run, pod, { listensOn: listens ? port : undefined });
    event('Normal', 'Created', `Created container: ${name}`);
    event('Normal', 'Started', `Started container ${name}`);
  } catch (error) {
    slot.problem = problemOf(error, slot, imageName, context.clock());
    if (!slot.problem) throw error;
    const { message, reason } = slot.problem;
    if (reason === 'ErrImagePull') {
      event('Warning', 'Failed', `Failed to pull image "${imageName}": ${message}`);
      event('Warning', 'Failed', `Error: ${reason}`);
    } else {
      event('Warning', 'Failed', `Error: ${message}`);
    }
  }
}

function portOf(slot: ContainerSlot, image: Image): number | undefined {
  return slot.spec.ports?.find(({ protocol = 'TCP' }) => protocol === 'TCP')?.containerPort ?? image.port;
}

function buildEnvironment(
  slot: ContainerSlot,
  image: Image,
  port: number | undefined,
  facts: PodFacts,
  context: NodeContext,
  podFolder: string,
): Record<string, string> {
  return environmentOf({
    facts,
    container: slot.spec,
    image,
    port: port === undefined ? undefined : bindablePort(port),
    sources: context.sources,
    services: context.servicesFor(facts.pod.metadata?.namespace ?? ''),
    base: {
      ...context.baseEnvironment,
      ...volumeVariables(podFolder, facts.pod, slot.spec),
      KANARI_TERMINATION_LOG: terminationFile(rootOf(podFolder, slot.spec), slot.spec),
    },
  });
}

function problemOf(error: unknown, slot: ContainerSlot, image: string, now: number): Problem | undefined {
  if (error instanceof ImagePullError) {
    slot.pullFailures += 1;
    return {
      reason: 'ErrImagePull',
      message: error.message,
      retryAt: now + pullBackoffMs(slot.pullFailures),
    };
  }
  if (error instanceof ContainerConfigError || error instanceof FieldError || error instanceof ScriptError) {
    return { reason: 'CreateContainerConfigError', message: error.message, retryAt: now + CONFIG_RETRY_MS };
  }
  if (error instanceof StartError) {
    slot.pullFailures += 1;
    const message = `failed to start container "${slot.spec.name}" (${image}): ${error.message}`;
    return { reason: 'RunContainerError', message, retryAt: now + pullBackoffMs(slot.pullFailures) };
  }
  return undefined;
}

/** `ErrImagePull` shows for a moment; from then on the container waits in `ImagePullBackOff`. */
export function backOffPull(slot: ContainerSlot, pod: Pod, context: NodeContext): void {
  const { problem } = slot;
  if (problem?.reason !== 'ErrImagePull') return;
  const image = slot.spec.image ?? '';
  const message = `Back-off pulling image "${image}": ErrImagePull: ${problem.message}`;
  slot.problem = { ...problem, reason: 'ImagePullBackOff', message };
  context.record(pod, { type: 'Normal', reason: 'BackOff', message: `Back-off pulling image "${image}"` });
  context.record(pod, { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' });
}

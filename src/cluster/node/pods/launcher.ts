import { join } from 'node:path';
import { bindablePort } from '../ports.ts';
import { type Image, StartError } from '../runtime/runtime.ts';
import type { NodeContext } from './context.ts';
import { commandLine, environmentOf, expandVariables } from './environment.ts';
import { FailedStart } from './failed-start.ts';
import { memoryLimit, type PodFacts } from './fields.ts';
import { linkMounts, rootOf, volumeVariables } from './mounts.ts';
import { problemOf, tellProblem } from './problem.ts';
import type { ContainerSlot } from './slot.ts';
import { clearTerminationFile, terminationFile } from './termination.ts';

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
    const starting = runtime.start(
      {
        key,
        image: imageName,
        argv: commandLine(slot.spec, image, env),
        env,
        workingDir: workingDir && expandVariables(workingDir, env),
        stdin: slot.spec.stdin,
        stdinOnce: slot.spec.stdinOnce,
        tty: slot.spec.tty,
        memoryLimitBytes: image.standsIn ? undefined : memoryLimit(slot.spec),
      },
      pod,
    );
    const run = await starting.catch((error) => {
      if (!(error instanceof StartError)) throw error;
      return new FailedStart(runtime.name, key, imageName, error.message, context.clock());
    });
    // What is known of the image's own program says nothing of another.
    const listens = image.listens && !slot.spec.command?.length;
    await slot.begin(run, pod, { listensOn: listens ? port : undefined });
    event('Normal', 'Created', `Created container: ${name}`);
    if (run instanceof FailedStart) event('Warning', 'Failed', `Error: ${run.reason}`);
    else event('Normal', 'Started', `Started container ${name}`);
  } catch (error) {
    slot.problem = problemOf(error, slot, context.clock());
    if (!slot.problem) throw error;
    tellProblem(slot.problem, slot.spec, pod, context);
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

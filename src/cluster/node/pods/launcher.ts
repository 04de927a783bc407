import { join } from 'node:path';
import type { Container, Pod } from 'kubernetes-types/core/v1.d.ts';
import { bindablePort } from '../ports.ts';
import { type Image, type PublishedPort, StartError } from '../runtime/runtime.ts';
import type { NodeContext } from './context.ts';
import { ContainerConfigError, commandLine, environmentOf, expandVariables } from './environment.ts';
import { FailedStart } from './failed-start.ts';
import { limitOf, type PodFacts } from './fields.ts';
import { linkMounts, resolveMounts, rootOf, volumeVariables } from './mounts.ts';
import { problemOf, tellProblem } from './problem.ts';
import type { ContainerSlot } from './slot.ts';
import { clearTerminationFile, terminationFile, terminationPath } from './termination.ts';

/**
 * Starts the next run of a container. `whilePulling` is called before an image is fetched, which may take long. What goes wrong becomes the slot's problem, with the events that kubelet writes.
 */
export async function launch(
  slot: ContainerSlot,
  facts: PodFacts,
  context: NodeContext,
  { whilePulling }: { whilePulling: () => Promise<void> },
): Promise<void> {
  const { pod } = facts;
  const event = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    slot.record(pod, { type, reason, message });
  const { name } = slot.spec;
  const imageName = slot.spec.image ?? '';
  slot.problem = undefined;
  try {
    const runtime = context.runtimeFor(pod);
    let pulledFrom: number | undefined;
    const image = await runtime.pull(imageName, pod, name, async () => {
      pulledFrom = context.clock();
      event('Normal', 'Pulling', `Pulling image "${imageName}"`);
      await whilePulling();
    });
    event('Normal', 'Pulled', pulledText(imageName, pulledFrom && context.clock() - pulledFrom));
    checkUser(image, pod, slot.spec);
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
    const mounts = await resolveMounts(podFolder, slot.spec, env);
    if (!image.ownRoot) await linkMounts(podFolder, pod, slot.spec, mounts);
    const lastWords = terminationFile(rootOf(podFolder, slot.spec), slot.spec);
    await clearTerminationFile(lastWords);
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
        podIP: facts.podIP,
        ports: publishedPorts(pod, image),
        mounts: [...mounts, { source: lastWords, target: terminationPath(slot.spec), readOnly: false }],
        cpuLimitCores: limitOf(slot.spec, 'cpu'),
        memoryLimitBytes: image.standsIn ? undefined : limitOf(slot.spec, 'memory'),
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
    tellProblem(slot.problem, slot, pod, context);
  }
}

/** @param pullMs how long it took; undefined: it was there */
function pulledText(image: string, pullMs: number | undefined): string {
  if (pullMs === undefined) return `Container image "${image}" already present on machine`;
  const took = `${pullMs / 1000}s`;
  return `Successfully pulled image "${image}" in ${took} (${took} including waiting).`;
}

/** The ports at which a pod is asked something: those that it or the image declares, and those of its probes. */
function publishedPorts({ spec }: Pod, image: Image): PublishedPort[] {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const ports = new Set([...containers.flatMap(portsOf), image.port]);
  return [...ports].flatMap((port) => (port ? [{ port, hostPort: bindablePort(port) }] : []));
}

function portsOf({ ports = [], ...spec }: Container): number[] {
  const probes = [spec.startupProbe, spec.livenessProbe, spec.readinessProbe];
  const asked = probes.flatMap((probe) => [probe?.httpGet?.port, probe?.tcpSocket?.port, probe?.grpc?.port]);
  const declared = ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  // A probe may name a port that the container declares.
  return [
    ...declared.map(({ containerPort }) => containerPort),
    ...asked.filter(Number.isInteger).map(Number),
  ];
}

/**
 * Holds a container with a file system of its own to `runAsNonRoot`.
 * @throws ContainerConfigError in kubelet's words
 */
function checkUser({ user = 'root', ownRoot }: Image, { metadata, spec }: Pod, container: Container): void {
  const { runAsNonRoot, runAsUser } = { ...spec?.securityContext, ...container.securityContext };
  if (!ownRoot || !runAsNonRoot) return;
  const where = `(pod: "${metadata?.name}_${metadata?.namespace}(${metadata?.uid})", container: ${container.name})`;
  const [name] = user.split(':', 1);
  if (runAsUser === 0)
    throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (runAsUser !== undefined) return;
  if (name === 'root' || Number(name) === 0) {
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  }
  if (!Number.isInteger(Number(name))) {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root ${where}`,
    );
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
    base: image.ownRoot
      ? {}
      : {
          ...context.baseEnvironment,
          ...volumeVariables(podFolder, facts.pod, slot.spec),
          KANARI_TERMINATION_LOG: terminationFile(rootOf(podFolder, slot.spec), slot.spec),
        },
  });
}

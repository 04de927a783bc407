import { realpath } from 'node:fs/promises';
import type { Container, Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Launch } from '../runtime.ts';

/** A container of a pod, of whichever kind. */
export function containerOf({ spec }: Pod, name: string): Container | undefined {
  const all: Container[] = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  return all.find((container) => container.name === name);
}

/** Of a body of `POST /containers/create`. */
interface NetworkSpec {
  Hostname: string;
  ExposedPorts: Record<string, object>;
  HostConfig: Record<string, unknown>;
}

/** The part that is about a pod's network: its ports on its address, its name, the names it knows. */
export function networkSpec({ ports, podIP, key }: Launch, { spec }: Pod): NetworkSpec {
  return {
    Hostname: (spec?.hostname ?? key.pod).slice(0, 63),
    ExposedPorts: Object.fromEntries(ports.map(({ port }) => [`${port}/tcp`, {}])),
    HostConfig: {
      PortBindings: Object.fromEntries(
        ports.map(({ port, hostPort }) => [`${port}/tcp`, [{ HostIp: podIP, HostPort: String(hostPort) }]]),
      ),
      ExtraHosts: (spec?.hostAliases ?? []).flatMap(({ ip, hostnames = [] }) =>
        hostnames.map((hostname) => `${hostname}:${ip}`),
      ),
    },
  };
}

/**
 * Body of `POST /containers/create`.
 * @param networkOf the engine's id of the container whose network is used; undefined: its own
 */
export async function containerSpec(
  launch: Launch,
  pod: Pod,
  labels: Record<string, string>,
  networkOf: string | undefined,
): Promise<object> {
  const { argv, env, workingDir, image, key, mounts, memoryLimitBytes, cpuLimitCores } = launch;
  const container = containerOf(pod, key.container);
  const { HostConfig: network, ...named } = networkSpec(launch, pod);
  return {
    Image: image,
    Entrypoint: argv,
    Cmd: [],
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(workingDir && { WorkingDir: workingDir }),
    Labels: labels,
    Tty: launch.tty ?? false,
    OpenStdin: launch.stdin ?? false,
    StdinOnce: launch.stdinOnce ?? false,
    ...userOf(pod, container),
    ...(!networkOf && named),
    HostConfig: {
      ...(networkOf ? { NetworkMode: `container:${networkOf}` } : network),
      Binds: await Promise.all(
        mounts.map(
          async ({ source, target, readOnly }) =>
            `${await realpath(source)}:${target}${readOnly ? ':ro' : ''}`,
        ),
      ),
      ...(memoryLimitBytes !== undefined && { Memory: memoryLimitBytes, MemorySwap: memoryLimitBytes }),
      ...(cpuLimitCores !== undefined && { NanoCpus: Math.round(cpuLimitCores * 1e9) }),
      ...rightsOf(pod, container),
      RestartPolicy: { Name: 'no' },
    },
  };
}

/** Who the program runs as; without a word of the pod, whom the image says. */
function userOf({ spec }: Pod, container: Container | undefined): { User?: string } {
  const { runAsUser, runAsGroup } = { ...spec?.securityContext, ...container?.securityContext };
  if (runAsUser === undefined) return {};
  return { User: runAsGroup === undefined ? `${runAsUser}` : `${runAsUser}:${runAsGroup}` };
}

/** What the program may do beyond, or not even, what the engine allows by default. */
function rightsOf({ spec }: Pod, container: Container | undefined): object {
  const { privileged, readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } =
    container?.securityContext ?? {};
  const { fsGroup, supplementalGroups = [] } = spec?.securityContext ?? {};
  const groups = [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])];
  return {
    ...(privileged && { Privileged: true }),
    ...(readOnlyRootFilesystem && { ReadonlyRootfs: true }),
    ...(allowPrivilegeEscalation === false && { SecurityOpt: ['no-new-privileges'] }),
    ...(capabilities?.add && { CapAdd: capabilities.add }),
    ...(capabilities?.drop && { CapDrop: capabilities.drop }),
    ...(groups.length > 0 && { GroupAdd: groups.map(String) }),
  };
}

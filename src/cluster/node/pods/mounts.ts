import { lstat, mkdir, readlink, rmdir, symlink, unlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Container, Pod, VolumeMount } from 'kubernetes-types/core/v1.d.ts';
import type { Mount } from '../runtime/runtime.ts';
import { ContainerConfigError, expandVariables } from './environment.ts';

/** The variables through which a container finds its mounts. */
export function volumeVariables(podFolder: string, pod: Pod, container: Container): Record<string, string> {
  if (!pod.spec?.volumes?.length) return {};
  return { KANARI_VOLUMES: join(podFolder, 'volumes'), KANARI_ROOT: rootOf(podFolder, container) };
}

/** The folder in which the mount paths of a container are. */
export const rootOf = (podFolder: string, container: Container) => join(podFolder, 'roots', container.name);

/** Where the files of a volume are, or a link to them. */
export const volumePath = (podFolder: string, volume: string) => join(podFolder, 'volumes', volume);

/** A mount of a container, and the volume that it shows. */
export interface VolumeOnPath extends Mount {
  volume: string;
}

/**
 * The mounts of a container, outer ones before those within them. Folders of `subPath` that are missing are made.
 * @param env fills in `subPathExpr`
 * @throws ContainerConfigError
 */
export async function resolveMounts(
  podFolder: string,
  container: Container,
  env: Readonly<Record<string, string>>,
): Promise<VolumeOnPath[]> {
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  const resolved: VolumeOnPath[] = [];
  for (const mount of mounts) {
    const source = join(volumePath(podFolder, mount.name), subPathOf(mount, container, env));
    // A folder that is missing is made; a file of a ConfigMap is there already.
    if (!(await lstat(source).catch(() => undefined))) await mkdir(source, { recursive: true });
    const target = posix.join('/', mount.mountPath).replace(/(?<=.)\/$/, '');
    resolved.push({ volume: mount.name, source, target, readOnly: mount.readOnly ?? false });
  }
  return resolved;
}

/**
 * Links a container's mount paths, below its root on this machine, to the volumes of its pod. A mount within another
 * one is a link in the outer volume, as a mount point is a folder in it; so the outer one has to belong to the pod
 * alone.
 * @param mounts as `resolveMounts` gives them
 * @throws ContainerConfigError
 */
export async function linkMounts(
  podFolder: string,
  pod: Pod,
  container: Container,
  mounts: readonly VolumeOnPath[],
): Promise<void> {
  const root = rootOf(podFolder, container);
  for (const [i, { source, target, volume }] of mounts.entries()) {
    const outer = mounts.slice(0, i).findLast((other) => target.startsWith(`${other.target}/`));
    const within = pod.spec?.volumes?.find(({ name }) => name === outer?.volume);
    const mount = { name: volume, mountPath: target };
    if (outer && !within?.emptyDir) {
      throw cannotMount(
        mount,
        container,
        `${target} lies within ${outer.target}; this node can mount only into emptyDir volumes`,
      );
    }
    await mkdir(dirname(join(root, target)), { recursive: true });
    if (!(await replaceLink(source, join(root, target)))) {
      throw cannotMount(mount, container, `there is something at ${target} already`);
    }
  }
}

function subPathOf(mount: VolumeMount, container: Container, env: Readonly<Record<string, string>>): string {
  const { subPath = '', subPathExpr } = mount;
  const path = subPathExpr ? expandVariables(subPathExpr, env) : subPath;
  const missing = subPathExpr && /\$\(([^()]*)\)/.exec(path)?.[1];
  if (missing) {
    throw cannotMount(mount, container, `missing value for ${JSON.stringify(missing)}`);
  }
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw cannotMount(
      mount,
      container,
      `${JSON.stringify(path)} must be relative and stay within the volume`,
    );
  }
  return path;
}

function cannotMount({ name, subPath, subPathExpr }: VolumeMount, container: Container, why: string) {
  const what = subPath || subPathExpr ? 'failed to prepare subPath for volumeMount' : 'cannot mount volume';
  return new ContainerConfigError(
    `${what} ${JSON.stringify(name)} of container ${JSON.stringify(container.name)}: ${why}`,
  );
}

/** Makes `path` a link to the target. False: something other than a link or an empty folder is there. */
export async function replaceLink(target: string, path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink()) {
    if ((await readlink(path)) === target) return true;
    await unlink(path);
  } else if (found) {
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed) return false;
  }
  await symlink(target, path);
  return true;
}

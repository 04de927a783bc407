import { lstat, mkdir, readlink, rmdir, symlink, unlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Container, Pod, VolumeMount } from 'kubernetes-types/core/v1.d.ts';
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

/**
 * Links a container's mount paths, below its root, to the volumes of its pod. A mount within another one is a link in
 * the outer volume, as a mount point is a folder in it; so the outer one has to belong to the pod alone.
 * @param env fills in `subPathExpr`
 * @throws ContainerConfigError
 */
export async function linkMounts(
  podFolder: string,
  pod: Pod,
  container: Container,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const root = rootOf(podFolder, container);
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  const linked = new Map<string, string>();
  for (const mount of mounts) {
    const path = posix.join('/', mount.mountPath).replace(/\/$/, '');
    const outer = [...linked].findLast(([other]) => path.startsWith(`${other}/`));
    const within = pod.spec?.volumes?.find(({ name }) => name === outer?.[1]);
    if (outer && !within?.emptyDir) {
      throw cannotMount(
        mount,
        container,
        `${path} lies within ${outer[0]}; this node can mount only into emptyDir volumes`,
      );
    }
    const target = join(volumePath(podFolder, mount.name), subPathOf(mount, container, env));
    // A folder that is missing is made; a file of a ConfigMap is there already.
    if (!(await lstat(target).catch(() => undefined))) await mkdir(target, { recursive: true });
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (!(await replaceLink(target, join(root, path)))) {
      throw cannotMount(mount, container, `there is something at ${path} already`);
    }
    linked.set(path, mount.name);
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

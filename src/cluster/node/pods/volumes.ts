import { lstat, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type {
  Container,
  DownwardAPIVolumeFile,
  HostPathVolumeSource,
  KeyToPath,
  Pod,
  Volume,
} from 'kubernetes-types/core/v1.d.ts';
import type { Sources } from './environment.ts';
import { fieldValue, type PodFacts, resourceValue } from './fields.ts';
import { type VolumeFile, writeVolumeFiles } from './volumefiles.ts';

/** A volume cannot be set up (yet): event FailedMount; the containers wait. */
export class VolumeError extends Error {
  override name = 'VolumeError';
  constructor(volume: string, message: string) {
    super(`MountVolume.SetUp failed for volume ${JSON.stringify(volume)} : ${message}`);
  }
}

/**
 * Sets up a pod's volumes. A process has no file system of its own, and the machine's is not touched, so mounts are
 * found through two variables: `KANARI_VOLUMES` is a folder with each volume under its name, `KANARI_ROOT` a folder in
 * which the container's mount paths are (`$KANARI_ROOT/etc/config`). Read-only mounts are not enforced.
 *
 * Called again it brings ConfigMap, Secret and downward API files up to date.
 * @throws VolumeError
 */
export async function setUpVolumes(podFolder: string, facts: PodFacts, sources: Sources): Promise<void> {
  const spec = facts.pod.spec;
  for (const volume of spec?.volumes ?? []) {
    await setUpVolume(join(podFolder, 'volumes', volume.name), volume, facts, sources);
  }
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    await linkMounts(podFolder, container);
  }
}

/** The variables through which a container finds its mounts. */
export function volumeVariables(podFolder: string, pod: Pod, container: Container): Record<string, string> {
  if (!pod.spec?.volumes?.length) return {};
  return { KANARI_VOLUMES: join(podFolder, 'volumes'), KANARI_ROOT: rootOf(podFolder, container) };
}

/** The folder in which the mount paths of a container are. */
export const rootOf = (podFolder: string, container: Container) => join(podFolder, 'roots', container.name);

async function setUpVolume(folder: string, volume: Volume, facts: PodFacts, sources: Sources): Promise<void> {
  if (volume.hostPath) return linkHostPath(folder, volume.name, volume.hostPath);
  if (volume.persistentVolumeClaim) {
    const { namespace = '' } = facts.pod.metadata ?? {};
    return linkHostPath(folder, volume.name, claimedPath(volume, namespace, sources));
  }
  if (volume.emptyDir) {
    await mkdir(folder, { recursive: true });
    return;
  }
  const files = filesOf(volume, facts, sources);
  if (!files) {
    const kinds = Object.keys(volume).filter((field) => field !== 'name');
    throw new VolumeError(
      volume.name,
      `this node does not know volumes of type ${kinds.join(', ')}; allowed: emptyDir, configMap, secret, downwardAPI, projected, hostPath, persistentVolumeClaim`,
    );
  }
  await writeVolumeFiles(folder, files);
}

/** Where the volume of a claim is on this machine. */
function claimedPath({ name, persistentVolumeClaim }: Volume, namespace: string, sources: Sources) {
  const claimName = persistentVolumeClaim?.claimName ?? '';
  const claim = sources.claim(namespace, claimName);
  if (!claim) throw new VolumeError(name, `persistentvolumeclaim ${JSON.stringify(claimName)} not found`);
  const { volumeName } = claim.spec ?? {};
  if (claim.status?.phase !== 'Bound' || !volumeName) {
    throw new VolumeError(name, `PVC ${namespace}/${claimName} is not bound`);
  }
  const spec = sources.volume(volumeName)?.spec;
  if (!spec) throw new VolumeError(name, `persistentvolume ${JSON.stringify(volumeName)} not found`);
  if (spec.hostPath) return spec.hostPath;
  if (spec.local) return { path: spec.local.path, type: 'Directory' };
  throw new VolumeError(
    name,
    `persistentvolume ${JSON.stringify(volumeName)} is of a type that this node does not know; allowed: hostPath, local`,
  );
}

/** The files of a volume that is made of objects; undefined for other types. */
function filesOf(volume: Volume, facts: PodFacts, sources: Sources): VolumeFile[] | undefined {
  const { name, configMap, secret, downwardAPI, projected } = volume;
  const mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? 0o644;
  const build = new FileBuilder(name, mode, facts, sources);
  if (configMap) return build.configMap(configMap);
  if (secret) return build.secret({ ...secret, name: secret.secretName });
  if (downwardAPI) return build.downwardAPI(downwardAPI.items);
  if (!projected) return undefined;
  return (projected.sources ?? []).flatMap((source) => {
    if (source.configMap) return build.configMap(source.configMap);
    if (source.secret) return build.secret(source.secret);
    if (source.downwardAPI) return build.downwardAPI(source.downwardAPI.items);
    throw new VolumeError(
      name,
      `projected source ${Object.keys(source).join(', ')} is not supported by this node`,
    );
  });
}

interface KeySource {
  name?: string | undefined;
  items?: KeyToPath[] | undefined;
  optional?: boolean | undefined;
}

class FileBuilder {
  readonly #volume: string;
  readonly #mode: number;
  readonly #facts: PodFacts;
  readonly #sources: Sources;

  constructor(volume: string, mode: number, facts: PodFacts, sources: Sources) {
    this.#volume = volume;
    this.#mode = mode;
    this.#facts = facts;
    this.#sources = sources;
  }

  configMap(source: KeySource): VolumeFile[] {
    const object = this.#sources.configMap(this.#namespace, source.name ?? '');
    const data = object && {
      ...mapValues(object.data, (text) => Buffer.from(text)),
      ...mapValues(object.binaryData, (text) => Buffer.from(text, 'base64')),
    };
    return this.#keys('configmap', source, data);
  }

  secret(source: KeySource): VolumeFile[] {
    const object = this.#sources.secret(this.#namespace, source.name ?? '');
    return this.#keys(
      'secret',
      source,
      object && mapValues(object.data, (text) => Buffer.from(text, 'base64')),
    );
  }

  downwardAPI(items: DownwardAPIVolumeFile[] | undefined): VolumeFile[] {
    return (items ?? []).map(({ path, fieldRef, resourceFieldRef, mode }) => {
      const container = this.#facts.pod.spec?.containers.find(
        (c) => c.name === resourceFieldRef?.containerName,
      );
      const text = fieldRef
        ? fieldValue(fieldRef.fieldPath, this.#facts)
        : resourceValue(resourceFieldRef!, container!, this.#facts.capacity);
      return { path: this.#safe(path), data: Buffer.from(text), mode: mode ?? this.#mode };
    });
  }

  get #namespace(): string {
    return this.#facts.pod.metadata?.namespace ?? '';
  }

  #keys(kind: string, source: KeySource, data: Record<string, Buffer> | undefined): VolumeFile[] {
    if (!data) {
      if (source.optional) return [];
      throw new VolumeError(this.#volume, `${kind} ${JSON.stringify(source.name ?? '')} not found`);
    }
    if (!source.items) {
      return Object.entries(data).map(([path, bytes]) => ({
        path: this.#safe(path),
        data: bytes,
        mode: this.#mode,
      }));
    }
    return source.items.flatMap(({ key, path, mode }) => {
      const bytes = data[key];
      if (bytes) return [{ path: this.#safe(path), data: bytes, mode: mode ?? this.#mode }];
      if (source.optional) return [];
      throw new VolumeError(this.#volume, `references non-existent ${kind} key: ${key}`);
    });
  }

  #safe(path: string): string {
    const parts = path.split('/');
    if (path.startsWith('/') || parts.includes('..') || parts[0]?.startsWith('..')) {
      throw new VolumeError(
        this.#volume,
        `path ${JSON.stringify(path)} must be relative and stay within the volume`,
      );
    }
    return posix.normalize(path);
  }
}

function mapValues<A, B>(record: Record<string, A> | undefined, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([key, value]) => [key, change(value)]));
}

async function linkHostPath(
  link: string,
  volume: string,
  { path, type = '' }: HostPathVolumeSource,
): Promise<void> {
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true });
  if (type === 'FileOrCreate') await writeFile(path, '', { flag: 'a' });
  const found = await stat(path).catch(() => undefined);
  const fits =
    type === '' ||
    (type.startsWith('Directory') && found?.isDirectory()) ||
    (type.startsWith('File') && found?.isFile()) ||
    (type === 'Socket' && found?.isSocket()) ||
    (type === 'CharDevice' && found?.isCharacterDevice()) ||
    (type === 'BlockDevice' && found?.isBlockDevice());
  if (!fits) throw new VolumeError(volume, `hostPath type check failed: ${path} is not of type ${type}`);
  await mkdir(dirname(link), { recursive: true });
  await replaceLink(path, link);
}

async function linkMounts(podFolder: string, container: Container): Promise<void> {
  const root = rootOf(podFolder, container);
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  const linked: string[] = [];
  for (const mount of mounts) {
    const path = posix.join('/', mount.mountPath).replace(/\/$/, '');
    const outer = linked.find((other) => path.startsWith(`${other}/`));
    if (outer)
      throw new VolumeError(mount.name, `mount path ${path} lies within ${outer}, which this node cannot do`);
    if (mount.subPathExpr) throw new VolumeError(mount.name, 'subPathExpr is not supported by this node');
    const subPath = mount.subPath ?? '';
    if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
      throw new VolumeError(mount.name, `subPath ${JSON.stringify(subPath)} must stay within the volume`);
    }
    await mkdir(dirname(join(root, path)), { recursive: true });
    await replaceLink(join(podFolder, 'volumes', mount.name, subPath), join(root, path));
    linked.push(path);
  }
}

async function replaceLink(target: string, path: string): Promise<void> {
  const exists = await lstat(path).catch(() => undefined);
  if (exists) await rm(path, { recursive: true });
  await symlink(target, path);
}

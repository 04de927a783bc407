import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import type {
  DownwardAPIVolumeFile,
  HostPathVolumeSource,
  KeyToPath,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from 'kubernetes-types/core/v1.d.ts';
import type { Instant } from '../../../api/index.ts';
import type { Sources } from './environment.ts';
import { fieldValue, type PodFacts, resourceValue } from './fields.ts';
import { replaceLink, volumePath } from './mounts.ts';
import type { PodTokens } from './tokens.ts';
import { type VolumeFile, writeVolumeFiles } from './volumefiles.ts';

/** A volume cannot be set up (yet): event FailedMount; the containers wait. */
export class VolumeError extends Error {
  override name = 'VolumeError';
  constructor(volume: string, message: string) {
    super(`MountVolume.SetUp failed for volume ${JSON.stringify(volume)} : ${message}`);
  }
}

/** What volumes are made of. */
export interface VolumeInput {
  facts: PodFacts;
  sources: Sources;
  tokens: PodTokens;
}

/**
 * Sets up a pod's volumes: a folder with each volume under its name. Called again it brings the files of ConfigMaps,
 * Secrets, tokens and the downward API up to date.
 *
 * Returns when they have to be looked at again, if ever: when a token is to be replaced.
 * @throws VolumeError
 */
export async function setUpVolumes(podFolder: string, input: VolumeInput): Promise<Instant | undefined> {
  let refreshAt: Instant | undefined;
  for (const volume of input.facts.pod.spec?.volumes ?? []) {
    const at = await setUpVolume(volumePath(podFolder, volume.name), volume, input);
    if (at !== undefined) refreshAt = Math.min(at, refreshAt ?? at);
  }
  return refreshAt;
}

async function setUpVolume(folder: string, volume: Volume, input: VolumeInput): Promise<Instant | undefined> {
  const { facts, sources } = input;
  const { name, hostPath, persistentVolumeClaim, emptyDir } = volume;
  if (hostPath ?? persistentVolumeClaim) {
    const { namespace = '' } = facts.pod.metadata ?? {};
    await linkHostPath(folder, name, hostPath ?? claimedPath(volume, namespace, sources));
    return undefined;
  }
  if (emptyDir) {
    await mkdir(folder, { recursive: true });
    // For whatever user a container runs as; the folder around it is the agent's own.
    await chmod(folder, 0o777);
    return undefined;
  }
  const builder = new FileBuilder(volume, input);
  await writeVolumeFiles(folder, await builder.files());
  return builder.refreshAt;
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

interface KeySource {
  name?: string | undefined;
  items?: KeyToPath[] | undefined;
  optional?: boolean | undefined;
}

/** Makes the files of a volume that is made of objects. */
class FileBuilder {
  /** When a token in it is to be replaced. */
  refreshAt: Instant | undefined;
  readonly #volume: Volume;
  readonly #mode: number;
  readonly #facts: PodFacts;
  readonly #sources: Sources;
  readonly #tokens: PodTokens;

  constructor(volume: Volume, { facts, sources, tokens }: VolumeInput) {
    const { configMap, secret, downwardAPI, projected } = volume;
    this.#volume = volume;
    this.#mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? 0o644;
    this.#facts = facts;
    this.#sources = sources;
    this.#tokens = tokens;
  }

  async files(): Promise<VolumeFile[]> {
    const { configMap, secret, downwardAPI, projected } = this.#volume;
    if (configMap) return this.#configMap(configMap);
    if (secret) return this.#secret({ ...secret, name: secret.secretName });
    if (downwardAPI) return this.#downwardAPI(downwardAPI.items);
    if (projected) return this.#projected(projected.sources ?? []);
    const kinds = Object.keys(this.#volume).filter((field) => field !== 'name');
    throw this.#failure(
      `this node does not know volumes of type ${kinds.join(', ')}; allowed: emptyDir, configMap, secret, downwardAPI, projected, hostPath, persistentVolumeClaim`,
    );
  }

  /** Of files with one path the last counts. */
  async #projected(sources: readonly VolumeProjection[]): Promise<VolumeFile[]> {
    const byPath = new Map<string, VolumeFile>();
    for (const source of sources) {
      for (const file of await this.#projection(source)) byPath.set(file.path, file);
    }
    return [...byPath.values()];
  }

  async #projection(source: VolumeProjection): Promise<VolumeFile[]> {
    if (source.configMap) return this.#configMap(source.configMap);
    if (source.secret) return this.#secret(source.secret);
    if (source.downwardAPI) return this.#downwardAPI(source.downwardAPI.items);
    if (source.serviceAccountToken) return [await this.#token(source.serviceAccountToken)];
    const kinds = Object.keys(source).join(', ');
    throw this.#failure(
      `this node does not know projected sources of type ${kinds}; allowed: configMap, secret, downwardAPI, serviceAccountToken`,
    );
  }

  async #token(projection: ServiceAccountTokenProjection): Promise<VolumeFile> {
    try {
      const { token, refreshAt } = await this.#tokens.get(this.#facts.pod, projection);
      this.refreshAt = Math.min(refreshAt, this.refreshAt ?? refreshAt);
      return { path: this.#safe(projection.path), data: Buffer.from(token), mode: this.#mode };
    } catch (error) {
      throw this.#failure(`failed to fetch token: ${(error as Error).message}`);
    }
  }

  #configMap(source: KeySource): VolumeFile[] {
    const object = this.#sources.configMap(this.#namespace, source.name ?? '');
    const data = object && {
      ...mapValues(object.data, (text) => Buffer.from(text)),
      ...mapValues(object.binaryData, (text) => Buffer.from(text, 'base64')),
    };
    return this.#keys('configmap', source, data);
  }

  #secret(source: KeySource): VolumeFile[] {
    const object = this.#sources.secret(this.#namespace, source.name ?? '');
    return this.#keys(
      'secret',
      source,
      object && mapValues(object.data, (text) => Buffer.from(text, 'base64')),
    );
  }

  #downwardAPI(items: DownwardAPIVolumeFile[] | undefined): VolumeFile[] {
    return (items ?? []).map(({ path, fieldRef, resourceFieldRef, mode }) => {
      const { containers = [], initContainers = [] } = this.#facts.pod.spec ?? {};
      const container = [...containers, ...initContainers].find(
        ({ name }) => name === resourceFieldRef?.containerName,
      );
      if (resourceFieldRef && !container) {
        throw this.#failure(`container ${resourceFieldRef.containerName ?? ''} not found`);
      }
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
      throw this.#failure(`${kind} ${JSON.stringify(source.name ?? '')} not found`);
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
      throw this.#failure(`references non-existent ${kind} key: ${key}`);
    });
  }

  #safe(path: string): string {
    const parts = path.split('/');
    if (path.startsWith('/') || parts.includes('..') || parts[0]?.startsWith('..')) {
      throw this.#failure(`path ${JSON.stringify(path)} must be relative and stay within the volume`);
    }
    return posix.normalize(path);
  }

  #failure(message: string): VolumeError {
    return new VolumeError(this.#volume.name, message);
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
  if (!(await replaceLink(path, link)))
    throw new VolumeError(volume, `there is something at ${link} already`);
}

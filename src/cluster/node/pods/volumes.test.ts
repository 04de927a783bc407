import { lstat, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, Pod, Volume } from 'kubernetes-types/core/v1.d.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiError, type KubeClient } from '../../../kube/index.ts';
import type { Sources } from './environment.ts';
import type { PodFacts } from './fields.ts';
import { linkMounts, resolveMounts, rootOf } from './mounts.ts';
import { PodTokens } from './tokens.ts';
import { setUpVolumes } from './volumes.ts';

const HOUR_MS = 3_600_000;
const sources: Sources = {
  configMap: (_namespace, name) => (name === 'cm' ? { data: { a: 'A', b: 'B' } } : undefined),
  secret: () => undefined,
  claim: () => undefined,
  volume: () => undefined,
};

let folder: string;
let now: number;
let requests: { name: string; spec: { audiences: string[]; expirationSeconds: number } }[];
let tokens: PodTokens;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kanari-volumes-'));
  now = 0;
  requests = [];
  const create = async (_type: unknown, { metadata, spec }: { metadata: { name: string }; spec: never }) => {
    const { name } = metadata;
    if (name === 'nobody') throw new ApiError(404, 'NotFound', `serviceaccounts "${name}" not found`);
    requests.push({ name, spec });
    const { expirationSeconds } = requests.at(-1)!.spec;
    const expirationTimestamp = new Date(now + expirationSeconds * 1000).toISOString();
    return { status: { token: `token-${requests.length}`, expirationTimestamp } };
  };
  tokens = new PodTokens({ client: { create } as unknown as KubeClient, clock: () => now });
});

afterEach(() => rm(folder, { recursive: true }));

function podWith(volumes: Volume[], mounts: Container['volumeMounts'] = [], labels = {}): Pod {
  return {
    metadata: { name: 'p', namespace: 'a', uid: 'u', labels },
    spec: { containers: [{ name: 'main', volumeMounts: mounts }], volumes },
  };
}

function setUp(pod: Pod) {
  const facts: PodFacts = { pod, podIP: '', hostIP: '', nodeName: '', capacity: { cpu: 1, memory: 1 } };
  return setUpVolumes(folder, { facts, sources, tokens });
}

async function link(pod: Pod, env = {}): Promise<void> {
  const container = pod.spec!.containers[0]!;
  await linkMounts(folder, pod, container, await resolveMounts(folder, container, env));
}

const read = (path: string) => readFile(join(folder, path), 'utf8');
const inRoot = (path: string) => join(rootOf(folder, { name: 'main' }), path);

function tokenVolume(expirationSeconds?: number): Volume {
  const serviceAccountToken = {
    path: 'token',
    audience: 'vault',
    ...(expirationSeconds && { expirationSeconds }),
  };
  return { name: 'v', projected: { sources: [{ serviceAccountToken }, { configMap: { name: 'cm' } }] } };
}

it('a projected token is bound to its pod, and replaced after four fifths of its life', async () => {
  const pod = podWith([tokenVolume()]);
  expect(await setUp(pod)).toBe(0.8 * HOUR_MS);
  expect(await read('volumes/v/token')).toBe('token-1');
  expect(await read('volumes/v/a')).toBe('A');
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
  expect(requests).toEqual([
    { name: 'default', spec: { audiences: ['vault'], expirationSeconds: 3600, boundObjectRef } },
  ]);
  now = 0.8 * HOUR_MS - 1;
  await setUp(pod);
  expect(await read('volumes/v/token')).toBe('token-1');
  now += 1;
  expect(await setUp(pod)).toBe(now + 0.8 * HOUR_MS);
  expect(await read('volumes/v/token')).toBe('token-2');
});

it('a token that lives long is replaced every day', async () => {
  expect(await setUp(podWith([tokenVolume(7 * 86_400)]))).toBe(24 * HOUR_MS);
});

it('says when the account of a token is not there, and which projected sources are known', async () => {
  const pod = podWith([tokenVolume()]);
  pod.spec!.serviceAccountName = 'nobody';
  await expect(setUp(pod)).rejects.toThrow(
    'MountVolume.SetUp failed for volume "v" : failed to fetch token: serviceaccounts "nobody" not found',
  );
  const sources = [{ clusterTrustBundle: { path: 'x' } } as object];
  await expect(setUp(podWith([{ name: 'v', projected: { sources } }]))).rejects.toThrow(
    'projected sources of type clusterTrustBundle; allowed: configMap, secret, downwardAPI, serviceAccountToken',
  );
});

it('items choose keys and modes, also of what may be missing', async () => {
  const items = [{ key: 'a', path: 'x/y', mode: 0o400 }];
  const missing = { name: 'none', secret: { secretName: 'none', optional: true } };
  await setUp(podWith([{ name: 'v', configMap: { name: 'cm', items } }, missing]));
  expect(await read('volumes/v/x/y')).toBe('A');
  expect((await lstat(join(folder, 'volumes/v/..data/x/y'))).mode & 0o777).toBe(0o400);
  await expect(
    setUp(podWith([{ name: 'v', configMap: { name: 'cm', items: [{ key: 'c', path: 'c' }] } }])),
  ).rejects.toThrow('references non-existent configmap key: c');
});

it('mounts a folder of a volume, which it makes, or a file, by a path made of variables', async () => {
  const volumes: Volume[] = [
    { name: 'work', emptyDir: {} },
    { name: 'config', configMap: { name: 'cm' } },
  ];
  const pod = podWith(volumes, [
    { name: 'work', mountPath: '/logs', subPathExpr: 'logs/$(POD_NAME)' },
    { name: 'config', mountPath: '/etc/a.conf', subPath: 'a' },
  ]);
  await setUp(pod);
  await link(pod, { POD_NAME: 'p' });
  await writeFile(inRoot('logs/x'), 'X');
  expect(await read('volumes/work/logs/p/x')).toBe('X');
  expect(await readFile(inRoot('etc/a.conf'), 'utf8')).toBe('A');
  await link(pod, { POD_NAME: 'p' });
  expect(await readFile(inRoot('logs/x'), 'utf8')).toBe('X');
  await expect(link(pod, {})).rejects.toThrow(
    'failed to prepare subPath for volumeMount "work" of container "main": missing value for "POD_NAME"',
  );
  await expect(link(pod, { POD_NAME: '../..' })).rejects.toThrow(
    '"logs/../.." must be relative and stay within the volume',
  );
});

it('mounts within an emptyDir, and nowhere else', async () => {
  const volumes: Volume[] = [
    { name: 'work', emptyDir: {} },
    { name: 'config', configMap: { name: 'cm' } },
  ];
  const inWork = podWith(volumes, [
    { name: 'config', mountPath: '/work/etc/config' },
    { name: 'work', mountPath: '/work' },
  ]);
  await setUp(inWork);
  await link(inWork);
  await link(inWork);
  expect(await readFile(inRoot('work/etc/config/b'), 'utf8')).toBe('B');
  const inConfig = podWith(volumes, [
    { name: 'config', mountPath: '/config' },
    { name: 'work', mountPath: '/config/work' },
  ]);
  await expect(link(inConfig)).rejects.toThrow(
    'cannot mount volume "work" of container "main": /config/work lies within /config; this node can mount only into emptyDir volumes',
  );
});

it('tells the resources of a container by its name, also of an init container', async () => {
  const item = (containerName: string) => ({
    path: 'cpu',
    resourceFieldRef: { containerName, resource: 'limits.cpu' },
  });
  const pod = podWith([{ name: 'v', downwardAPI: { items: [item('setup')] } }]);
  pod.spec!.initContainers = [{ name: 'setup', resources: { limits: { cpu: '3' } } }];
  await setUp(pod);
  expect(await read('volumes/v/cpu')).toBe('3');
  await expect(setUp(podWith([{ name: 'v', downwardAPI: { items: [item('other')] } }]))).rejects.toThrow(
    'MountVolume.SetUp failed for volume "v" : container other not found',
  );
});

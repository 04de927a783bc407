import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Launch, SandboxError, StartError } from '../runtime.ts';
import { EngineClient } from './engine.ts';
import { ContainerRuntime } from './runtime.ts';
import { FakeEngine } from './testing/fake-engine.ts';

let folder: string;
let engine: FakeEngine;
let runtime: ContainerRuntime;

const createRuntime = () =>
  new ContainerRuntime({
    engine: new EngineClient(join(folder, 'engine.sock')),
    podsFolder: join(folder, 'pods'),
    sandboxImage: 'pause:1',
    clock: Date.now,
    log: pino({ level: 'silent' }),
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kanari-engine-'));
  await mkdir(join(folder, 'pods', 'uid-of-the-pod'), { recursive: true });
  engine = new FakeEngine();
  await engine.listen(join(folder, 'engine.sock'));
  runtime = createRuntime();
});

afterEach(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

const podOf = (image: string, imagePullPolicy?: string): Pod => ({
  metadata: { name: 'web', namespace: 'default', uid: 'uid-of-the-pod' },
  spec: { containers: [{ name: 'main', image, ...(imagePullPolicy && { imagePullPolicy }) }] },
});

const pull = (image: string, policy?: string) => {
  const pulled: string[] = [];
  const done = runtime.pull(image, podOf(image, policy), 'main', async () => void pulled.push(image));
  return done.then((config) => ({ config, pulled: pulled.length > 0 }));
};

const launch = (more: Partial<Launch> = {}): Launch => ({
  key: { podUid: 'uid-of-the-pod', namespace: 'default', pod: 'web', container: 'main', attempt: 0 },
  image: 'shop:1',
  argv: ['/serve', '--fast'],
  env: { COLOR: 'blue' },
  podIP: '127.49.0.1',
  ports: [{ port: 80, hostPort: 8080 }],
  mounts: [],
  ...more,
});

describe('images', () => {
  it('are pulled when they are not there, and always with the policy or the tag that says so', async () => {
    engine.images.set('shop:1', {});
    engine.images.set('shop:latest', {});
    expect(await pull('shop:1')).toMatchObject({ pulled: false });
    expect(await pull('shop:2')).toMatchObject({ pulled: true });
    expect(await pull('shop')).toMatchObject({ pulled: true });
    expect(await pull('shop', 'IfNotPresent')).toMatchObject({ pulled: false });
    expect(await pull('shop:1', 'Always')).toMatchObject({ pulled: true });
    await expect(pull('shop:3', 'Never')).rejects.toThrow('the container engine does not have it');
  });

  it('that cannot be pulled are told in the words of the engine', async () => {
    engine.pullError = 'manifest unknown';
    await expect(pull('shop:2')).rejects.toThrow(
      'failed to pull and unpack image "shop:2": manifest unknown',
    );
  });

  it('bring their command, variables, folder and port', async () => {
    engine.images.set('shop:1', {
      Entrypoint: ['/serve'],
      Cmd: ['--fast'],
      Env: ['PATH=/bin', 'OPTIONS=a=b'],
      WorkingDir: '/srv',
      ExposedPorts: { '53/udp': {}, '8080/tcp': {} },
    });
    expect((await pull('shop:1')).config).toEqual({
      command: ['/serve'],
      args: ['--fast'],
      env: { PATH: '/bin', OPTIONS: 'a=b' },
      workingDir: '/srv',
      port: 8080,
      listens: false,
      ownRoot: true,
    });
  });
});

describe('a container', () => {
  it('gets its command, limits, mounts, and its ports on the address of the pod', async () => {
    const source = join(folder, 'pods');
    const mounts = [{ source, target: '/data', readOnly: true }];
    await runtime.start(
      launch({ mounts, cpuLimitCores: 0.5, memoryLimitBytes: 64 * 2 ** 20 }),
      podOf('shop:1'),
    );
    expect(engine.only.spec).toMatchObject({
      Image: 'shop:1',
      Entrypoint: ['/serve', '--fast'],
      Env: ['COLOR=blue'],
      Hostname: 'web',
      HostConfig: {
        PortBindings: { '80/tcp': [{ HostIp: '127.49.0.1', HostPort: '8080' }] },
        Binds: [`${source}:/data:ro`],
        Memory: 64 * 2 ** 20,
        MemorySwap: 64 * 2 ** 20,
        NanoCpus: 5e8,
        RestartPolicy: { Name: 'no' },
      },
    });
  });

  it('tells how it ended, and whether for want of memory', async () => {
    const run = await runtime.start(launch(), podOf('shop:1'));
    engine.end(engine.only, 137, true);
    expect(await run.ended).toEqual({
      exitCode: 137,
      outOfMemory: true,
      interrupted: false,
      startedAt: Date.parse('2026-03-02T09:00:00.123Z'),
      finishedAt: Date.parse('2026-03-02T09:00:05Z'),
    });
  });

  it('that cannot be started leaves nothing behind', async () => {
    engine.startError = 'exec: "/serve": no such file or directory';
    const started = runtime.start(launch(), podOf('shop:1'));
    await expect(started).rejects.toThrow(StartError);
    await expect(started).rejects.toThrow(engine.startError);
    expect(engine.containers.size).toBe(0);
  });

  it('is waited for through a restart of the engine', async () => {
    const run = await runtime.start(launch(), podOf('shop:1'));
    await expect.poll(() => engine.asked).toContain('POST /containers/c0/wait');
    engine.breakOff();
    await expect.poll(() => engine.asked.filter((what) => what.endsWith('/wait')).length).toBe(2);
    engine.end(engine.only, 0);
    expect(await run.ended).toMatchObject({ exitCode: 0 });
  });

  it('is found again by the next agent of the same state folder, running or ended', async () => {
    await runtime.start(launch(), podOf('shop:1'));
    const other = { ...launch().key, container: 'other', attempt: 3 };
    await runtime.start(launch({ key: other }), podOf('shop:1'));
    engine.end([...engine.containers.values()][1]!, 2);
    const found = await createRuntime().recover();
    expect(found.map(({ key, image, exit }) => [key, image, exit?.exitCode])).toEqual([
      [launch().key, 'shop:1', undefined],
      [other, 'shop:1', 2],
    ]);
    engine.end([...engine.containers.values()][0]!, 1);
    expect(await found[0]!.ended).toMatchObject({ exitCode: 1 });
  });

  it('that the agent stopped for its own end is known as interrupted by the next one', async () => {
    const run = await runtime.start(launch(), podOf('shop:1'));
    expect(await run.stop({ graceMs: 1000, interrupted: true })).toMatchObject({
      exitCode: 143,
      interrupted: true,
    });
    const [found] = await createRuntime().recover();
    expect(found?.exit).toMatchObject({ exitCode: 143, interrupted: true });
  });

  it('is stopped even if the engine fails at first', async () => {
    const run = await runtime.start(launch(), podOf('shop:1'));
    engine.failingStops = 1;
    expect(await run.stop({ graceMs: 1000 })).toMatchObject({ exitCode: 143, interrupted: false });
    expect(engine.asked.filter((what) => what.endsWith('/stop'))).toHaveLength(2);
  });

  it('is left to the next agent when the engine fails as the agent ends', async () => {
    const run = await runtime.start(launch(), podOf('shop:1'));
    engine.failingStops = 1;
    await expect(run.stop({ graceMs: 1000, interrupted: true })).rejects.toThrow('the engine is busy');
  });

  it('that somebody removed counts as killed', async () => {
    const run = await runtime.start(launch(), podOf('shop:1'));
    await expect.poll(() => engine.asked).toContain('POST /containers/c0/wait');
    engine.containers.clear();
    engine.breakOff();
    expect(await run.ended).toMatchObject({ exitCode: 137 });
  });
});

describe('the containers of a pod', () => {
  const pair: Pod = {
    metadata: { name: 'web', namespace: 'default', uid: 'uid-of-the-pod' },
    spec: {
      hostAliases: [{ ip: '10.0.0.9', hostnames: ['db'] }],
      containers: [
        { name: 'main', image: 'shop:1' },
        { name: 'side', image: 'shop:1' },
      ],
    },
  };
  const side = { key: { ...launch().key, container: 'side' } };
  const sandboxes = () => [...engine.containers.values()].filter(({ spec }) => spec.Image === 'pause:1');

  it('share the network of a sandbox, which is made once and holds their ports', async () => {
    await Promise.all([runtime.start(launch(), pair), runtime.start(launch(side), pair)]);
    const [sandbox, ...more] = sandboxes();
    expect(more).toEqual([]);
    expect(engine.images.has('pause:1')).toBe(true);
    expect(sandbox?.spec).toMatchObject({
      Hostname: 'web',
      HostConfig: {
        PortBindings: { '80/tcp': [{ HostIp: '127.49.0.1', HostPort: '8080' }] },
        ExtraHosts: ['db:10.0.0.9'],
      },
    });
    const others = [...engine.containers.values()].filter((container) => container !== sandbox);
    for (const { spec } of others) {
      expect(spec.HostConfig).toMatchObject({ NetworkMode: `container:${sandbox?.id}` });
      expect(spec.HostConfig).not.toHaveProperty('PortBindings');
      expect(spec).not.toHaveProperty('Hostname');
    }
  });

  it('find their sandbox again after a restart of the agent, which does not take it for one of them', async () => {
    await runtime.start(launch(), pair);
    const next = createRuntime();
    expect((await next.recover()).map(({ key }) => key.container)).toEqual(['main']);
    await next.start(launch(side), pair);
    expect(sandboxes()).toHaveLength(1);
    await next.removePod('another');
    expect(sandboxes()).toHaveLength(1);
    await next.stopPod('uid-of-the-pod');
    expect(sandboxes()).toMatchObject([{ running: false }]);
    await next.start(launch(side), pair);
    expect(sandboxes()).toMatchObject([{ running: true }]);
    await next.removePod('uid-of-the-pod');
    expect(sandboxes()).toHaveLength(0);
  });

  it('are joined by ephemeral ones, in the network of the only one where there is no sandbox', async () => {
    const single: Pod = {
      ...podOf('shop:1'),
      spec: { ...podOf('shop:1').spec!, ephemeralContainers: [{ name: 'debug', image: 'shop:1' }] },
    };
    await runtime.start(launch(), single);
    const { id } = engine.only;
    await runtime.start(launch({ key: { ...launch().key, container: 'debug' } }), single);
    const debug = [...engine.containers.values()][1];
    expect(debug?.spec.HostConfig).toMatchObject({ NetworkMode: `container:${id}` });
    expect(sandboxes()).toEqual([]);
  });

  it('wait when the image of the sandbox cannot be had', async () => {
    engine.pullError = 'no such host';
    const started = runtime.start(launch(), pair);
    await expect(started).rejects.toThrow(SandboxError);
    await expect(started).rejects.toThrow('failed to get sandbox image "pause:1": failed to pull');
    expect(engine.containers.size).toBe(0);
  });

  it('run as who, and with the rights, that their security contexts say', async () => {
    const secured: Pod = {
      ...podOf('shop:1'),
      spec: {
        securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000 },
        containers: [
          {
            name: 'main',
            image: 'shop:1',
            securityContext: {
              runAsUser: 7,
              readOnlyRootFilesystem: true,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
            },
          },
        ],
      },
    };
    await runtime.start(launch(), secured);
    expect(engine.only.spec).toMatchObject({
      User: '7:1000',
      HostConfig: {
        ReadonlyRootfs: true,
        SecurityOpt: ['no-new-privileges'],
        CapAdd: ['NET_BIND_SERVICE'],
        CapDrop: ['ALL'],
        GroupAdd: ['2000'],
      },
    });
    expect(engine.only.spec.HostConfig).not.toHaveProperty('Privileged');
  });
});

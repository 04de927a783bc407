import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConfigMaps,
  Events,
  Leases,
  Nodes,
  PersistentVolumeClaims,
  PersistentVolumes,
  Pods,
  Secrets,
  Services,
} from '../../api/index.ts';
import { isAlive } from './runtime/process/processes.ts';
import { isReady, mainStatus, NodeHarness, until } from './testing/harness.ts';

let harness: NodeHarness;

beforeEach(async () => {
  harness = await NodeHarness.create('127.70.0.0/16');
});
afterEach(() => harness.dispose());

const problemOf = (name: string) => {
  const waiting = mainStatus(harness.pod(name))?.state?.waiting;
  return waiting?.message ? waiting : undefined;
};
const shell = (script: string) => ({ command: ['sh', '-c', script] });

describe('the node', () => {
  it('registers itself as ready, with a lease', async () => {
    await harness.start();
    const node = harness.api.find(Nodes, undefined, 'kanari');
    expect(node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    expect(node?.status?.daemonEndpoints?.kubeletEndpoint?.Port).toBe(harness.node?.kubeletPort);
    expect(harness.api.find(Leases, 'kube-node-lease', 'kanari')).toBeDefined();
  });
});

describe('a pod with the process runtime', () => {
  it('runs the stand-in of post 1 on an address of its own, ready once it answers, and ends when deleted', async () => {
    await harness.start();
    await harness.run('colorapi', {
      image: 'particule/simplecolorapi:1.0',
      ports: [{ containerPort: 5000 }],
    });
    await until(() => isReady(harness.pod('colorapi')));
    const { phase, podIP } = harness.pod('colorapi').status!;
    expect(phase).toBe('Running');
    const answer = await fetch(`http://${podIP}:5000/any`);
    expect(await answer.json()).toEqual({ color: 'red', status: 'ok' });
    expect(answer.headers.get('x-pod-name')).toBe('colorapi');

    await harness.api.delete({ type: Pods, namespace: 'default', name: 'colorapi' });
    await until(() => harness.api.objects(Pods).length === 0);
    await expect(fetch(`http://${podIP}:5000/`)).rejects.toThrow();
    const parts = harness.api
      .objects(Events)
      .filter(({ involvedObject }) => involvedObject.name === 'colorapi')
      .map(({ involvedObject }) => involvedObject.fieldPath);
    expect(new Set(parts)).toEqual(new Set(['spec.containers{main}']));
    expect(harness.events('colorapi').map((text) => text.split(':')[0])).toEqual(
      expect.arrayContaining(['Pulled', 'Created', 'Started', 'Killing']),
    );
  });

  it('reports Completed, Error and exit codes, and honours restartPolicy', async () => {
    await harness.start();
    await harness.run('done', shell('exit 0'), { restartPolicy: 'OnFailure' });
    await harness.run('failed', shell('exit 3'), { restartPolicy: 'Never' });
    await until(() => harness.pod('done').status?.phase === 'Succeeded');
    await until(() => harness.pod('failed').status?.phase === 'Failed');
    expect(mainStatus(harness.pod('done'))?.state?.terminated).toMatchObject({
      exitCode: 0,
      reason: 'Completed',
    });
    expect(mainStatus(harness.pod('failed'))?.state?.terminated).toMatchObject({
      exitCode: 3,
      reason: 'Error',
    });
  });

  it('ends a container beyond its memory limit as OOMKilled', async () => {
    await harness.start();
    const script = 'const held = Buffer.alloc(150e6, 1); setInterval(() => held, 1000)';
    await harness.run(
      'hungry',
      { command: [process.execPath, '-e', script], resources: { limits: { memory: '100Mi' } } },
      { restartPolicy: 'Never' },
    );
    await until(() => harness.pod('hungry').status?.phase === 'Failed');
    expect(mainStatus(harness.pod('hungry'))?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    });
  });

  it('tells what a container said of its end, or its last lines', async () => {
    await harness.start();
    const once = { restartPolicy: 'Never' };
    await harness.run('said', shell('echo from the file > $KANARI_TERMINATION_LOG; exit 1'), once);
    const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' };
    await harness.run('logged', { ...shell('echo from the log; exit 1'), ...fallback }, once);
    await harness.run('quiet', { ...shell('echo all is well'), ...fallback }, once);
    const message = (name: string) => mainStatus(harness.pod(name))?.state?.terminated?.message;
    await until(() => message('said') === 'from the file\n');
    await until(() => message('logged') === 'from the log\n');
    await until(() => harness.pod('quiet').status?.phase === 'Succeeded');
    expect(message('quiet')).toBeUndefined();
  });

  it('restarts at once, then waits in CrashLoopBackOff; the log of the run before is kept', async () => {
    await harness.start();
    await harness.run('crash', shell('echo run; exit 1'));
    const status = await until(() => {
      const found = mainStatus(harness.pod('crash'));
      return found?.state?.waiting?.reason === 'CrashLoopBackOff' && found;
    });
    expect(status.restartCount).toBe(1);
    expect(status.lastState?.terminated?.exitCode).toBe(1);
    expect(status.state?.waiting?.message).toMatch(
      /^back-off 10s restarting failed container=main pod=crash_default/,
    );
    await until(() =>
      harness.events('crash').some((text) => text.startsWith('BackOff: Back-off restarting')),
    );
    expect(await harness.logs('default/crash/main?previous=true')).toBe('run\n');
  });

  it('waits in ImagePullBackOff for an unknown image, says how to map it, and starts once it is mapped', async () => {
    const node = await harness.start();
    await harness.run('unknown', { image: 'example.com/mine:1' });
    const waiting = await until(() => {
      const state = mainStatus(harness.pod('unknown'))?.state?.waiting;
      return state?.reason === 'ImagePullBackOff' && state;
    });
    expect(waiting.message).toContain(node.imagesPath);
    expect(waiting.message).toContain('- image: example.com/mine:1\n  command: [');
    await writeFile(node.imagesPath, 'images:\n- image: example.com/mine\n  command: [sh, -c, "sleep 60"]\n');
    await until(() => isReady(harness.pod('unknown')));
  });

  it('says that a name is no image, or that an image may not be pulled', async () => {
    await harness.start();
    await harness.run('invalid', { image: 'Shop:1:2' });
    await harness.run('never', { image: 'example.com/mine:1', imagePullPolicy: 'Never' });
    const invalid =
      'Failed to apply default image tag "Shop:1:2": couldn\'t parse image name "Shop:1:2": invalid reference format';
    expect(await until(() => problemOf('invalid'))).toEqual({ reason: 'InvalidImageName', message: invalid });
    expect(harness.events('invalid')).toEqual(
      expect.arrayContaining([`InspectFailed: ${invalid}`, 'Failed: Error: InvalidImageName']),
    );
    const never = await until(() => problemOf('never'));
    expect(never.reason).toBe('ErrImageNeverPull');
    expect(never.message).toMatch(
      /^Container image "example.com\/mine:1" is not present with pull policy of Never: no program/,
    );
    expect(harness.events('never')).toContain('Failed: Error: ErrImageNeverPull');
  });

  it('gives a program its environment', async () => {
    await harness.api.create(ConfigMaps, {
      metadata: { name: 'cm', namespace: 'default' },
      data: { A: 'a', B: 'b' },
    });
    await harness.api.create(Secrets, {
      metadata: { name: 'key', namespace: 'default' },
      data: { token: Buffer.from('s3cret').toString('base64') },
    });
    await harness.api.create(Services, {
      metadata: { name: 'color-api', namespace: 'default' },
      spec: { clusterIP: '127.96.0.9', ports: [{ name: 'http', port: 8080 }] },
    });
    await harness.start();
    await harness.run(
      'env',
      {
        ...shell('env; echo "$0 $1"'),
        args: ['$(GREETING)', '$$(GREETING)'],
        ports: [{ containerPort: 5000 }],
        envFrom: [{ prefix: 'CM_', configMapRef: { name: 'cm' } }],
        env: [
          { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'GREETING', value: 'hello $(NAME) $(MISSING)' },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'key', key: 'token' } } },
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
        ],
        resources: { limits: { cpu: '250m' } },
      },
      { restartPolicy: 'Never' },
    );
    await until(() => harness.pod('env').status?.phase === 'Succeeded');
    const lines = (await harness.logs('default/env/main')).split('\n');
    const { podIP } = harness.pod('env').status!;
    for (const line of [
      `HOST=${podIP}`,
      'PORT=5000',
      'HOSTNAME=env',
      'NAME=env',
      'CM_A=a',
      'CM_B=b',
      'TOKEN=s3cret',
      'CPU=250',
      'GREETING=hello env $(MISSING)',
      'COLOR_API_SERVICE_HOST=127.96.0.9',
      'COLOR_API_SERVICE_PORT=8080',
      'COLOR_API_SERVICE_PORT_HTTP=8080',
      'hello env $(MISSING) $(GREETING)',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('names a missing ConfigMap and starts once it is there', async () => {
    await harness.start();
    await harness.run('waits', { ...shell('sleep 60'), envFrom: [{ configMapRef: { name: 'late' } }] });
    const waiting = await until(() => problemOf('waits'));
    expect(waiting).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: 'configmap "late" not found',
    });
    await harness.api.create(ConfigMaps, { metadata: { name: 'late', namespace: 'default' }, data: {} });
    await until(() => isReady(harness.pod('waits')));
  });

  it('mounts the volume of a claim once it is bound, keeps it for the next pod, and removes it with the volume', async () => {
    const volumesFolder = join(harness.stateDir, 'volumes');
    await harness.start({ volumesFolder });
    const claimed = {
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    };
    const spec = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };
    await harness.run(
      'writer',
      { ...shell('echo kept > $KANARI_ROOT/data/file; sleep 60'), ...claimed },
      spec,
    );
    await until(() =>
      harness
        .events('writer')
        .some((text) =>
          text.includes(
            'MountVolume.SetUp failed for volume "data" : persistentvolumeclaim "data" not found',
          ),
        ),
    );
    const hostPath = { path: join(volumesFolder, 'pv'), type: 'DirectoryOrCreate' };
    await harness.api.create(PersistentVolumes, {
      metadata: { name: 'pv' },
      spec: { hostPath, persistentVolumeReclaimPolicy: 'Delete' },
    });
    await harness.api.create(PersistentVolumeClaims, {
      metadata: { name: 'data', namespace: 'default' },
      spec: { volumeName: 'pv' },
      status: { phase: 'Bound' },
    });
    await until(
      async () => (await readFile(join(hostPath.path, 'file'), 'utf8').catch(() => '')) === 'kept\n',
    );
    await harness.api.delete({ type: Pods, namespace: 'default', name: 'writer' });
    await until(() => harness.api.objects(Pods).length === 0);
    await harness.run(
      'reader',
      { ...shell('cat $KANARI_ROOT/data/file'), ...claimed },
      { ...spec, restartPolicy: 'Never' },
    );
    await until(() => harness.pod('reader').status?.phase === 'Succeeded');
    expect(await harness.logs('default/reader/main')).toBe('kept\n');
    await harness.api.delete({ type: PersistentVolumes, name: 'pv' });
    await until(() => !existsSync(hostPath.path));
  });

  it('sets up volumes and follows changes of a ConfigMap', async () => {
    await harness.start();
    await harness.api.create(ConfigMaps, {
      metadata: { name: 'cm', namespace: 'default' },
      data: { color: 'red\n' },
    });
    await harness.run(
      'volumes',
      {
        ...shell('cat $KANARI_ROOT/etc/config/color; echo x > $KANARI_VOLUMES/scratch/file; sleep 60'),
        volumeMounts: [{ name: 'config', mountPath: '/etc/config' }],
      },
      {
        volumes: [
          { name: 'config', configMap: { name: 'cm' } },
          { name: 'scratch', emptyDir: {} },
        ],
      },
    );
    await until(async () => (await harness.logs('default/volumes/main')) === 'red\n');
    const uid = harness.pod('volumes').metadata!.uid!;
    const file = join(harness.stateDir, 'node/pods', uid, 'volumes/config/color');
    await harness.api.patch({ type: ConfigMaps, namespace: 'default', name: 'cm' }, 'merge', {
      data: { color: 'blue' },
    });
    await until(async () => (await readFile(file, 'utf8')) === 'blue');
  });

  it('runs init containers in order before the others', async () => {
    await harness.start();
    const write = (text: string) => ({
      image: 'busybox',
      ...shell(`echo ${text} >> $KANARI_VOLUMES/out/order`),
    });
    await harness.run(
      'init',
      { ...shell('cat $KANARI_VOLUMES/out/order; sleep 60') },
      {
        volumes: [{ name: 'out', emptyDir: {} }],
        initContainers: [
          { name: 'one', ...write('one') },
          { name: 'two', ...write('two') },
        ],
      },
    );
    await until(async () => (await harness.logs('default/init/main')) === 'one\ntwo\n');
    expect(harness.pod('init').status?.initContainerStatuses?.map(({ ready }) => ready)).toEqual([
      true,
      true,
    ]);
  });

  it('kills a program that ignores SIGTERM when its grace is over, with what it started', async () => {
    await harness.start();
    await harness.run('stubborn', shell("trap '' TERM; sleep 1000 & echo up; while :; do sleep 0.1; done"));
    await until(async () => (await harness.logs('default/stubborn/main')) === 'up\n');
    await harness.api.delete(
      { type: Pods, namespace: 'default', name: 'stubborn' },
      { gracePeriodSeconds: 1 },
    );
    await until(() => harness.api.objects(Pods).length === 0);
  });

  it('reports a program that cannot be started', async () => {
    await harness.start();
    await harness.run('missing', { command: ['/no/such/program'] });
    await harness.run('once', { command: ['/no/such/program'] }, { restartPolicy: 'Never' });
    const message =
      'failed to start container "main" (busybox): exec: "/no/such/program": no such file or directory';
    const status = await until(() => {
      const main = mainStatus(harness.pod('missing'));
      return main?.state?.waiting?.reason === 'CrashLoopBackOff' && main;
    });
    const ended = { reason: 'StartError', exitCode: 128, message, startedAt: '1970-01-01T00:00:00Z' };
    expect(status).toMatchObject({ restartCount: 1, lastState: { terminated: ended } });
    expect(harness.events('missing')).toContain(`Failed: Error: ${message}`);
    await until(() => harness.pod('once').status?.phase === 'Failed');
    expect(mainStatus(harness.pod('once'))).toMatchObject({ restartCount: 0, state: { terminated: ended } });
  });
});

describe('probes', () => {
  it('make a pod unready and restart it', async () => {
    await harness.start();
    const exec = (command: string) => ({
      exec: { command: ['sh', '-c', command] },
      periodSeconds: 1,
      failureThreshold: 1,
    });
    await harness.run(
      'probed',
      {
        ...shell('sleep 60'),
        readinessProbe: exec('test ! -e $KANARI_VOLUMES/v/unready'),
        livenessProbe: exec('test ! -e $KANARI_VOLUMES/v/dead'),
        volumeMounts: [],
      },
      { volumes: [{ name: 'v', emptyDir: {} }], terminationGracePeriodSeconds: 1 },
    );
    await until(() => isReady(harness.pod('probed')));
    const folder = join(harness.stateDir, 'node/pods', harness.pod('probed').metadata!.uid!, 'volumes/v');
    await writeFile(join(folder, 'unready'), '');
    await until(() => !isReady(harness.pod('probed')));
    await writeFile(join(folder, 'dead'), '');
    await until(() => mainStatus(harness.pod('probed'))?.restartCount === 1);
    expect(harness.events('probed')).toContain(
      'Killing: Container main failed liveness probe, will be restarted',
    );
  });
});

describe('lifecycle hooks', () => {
  const hook = (script: string) => ({ exec: { command: ['sh', '-c', script] } });

  it('run after the start and before the end', async () => {
    await harness.start();
    const notes = join(harness.stateDir, 'notes');
    await harness.run('hooked', {
      ...shell(`trap 'echo term >> ${notes}; exit 0' TERM; while :; do sleep 0.05; done`),
      lifecycle: { postStart: hook(`echo start >> ${notes}`), preStop: hook(`echo stop >> ${notes}`) },
    });
    await until(() => isReady(harness.pod('hooked')));
    await harness.api.delete({ type: Pods, namespace: 'default', name: 'hooked' });
    await until(() => harness.api.objects(Pods).length === 0);
    expect(await readFile(notes, 'utf8')).toBe('start\nstop\nterm\n');
  });

  it('that fail are told, and a failing postStart ends the container', async () => {
    await harness.start();
    await harness.run('fails', { ...shell('sleep 60'), lifecycle: { postStart: hook('exit 1') } });
    await until(() => (mainStatus(harness.pod('fails'))?.restartCount ?? 0) > 0);
    expect(harness.events('fails')).toContain('FailedPostStartHook: PostStartHook failed: ');
  });
});

describe('what a program starts', () => {
  it('ends with it, even in a session of its own', async () => {
    await harness.start();
    const file = join(harness.stateDir, 'stray');
    const stray = shell(
      `setsid sh -c 'echo $$$$ > ${file}; exec sleep 1000' & while [ ! -s ${file} ]; do sleep 0.02; done`,
    );
    await harness.run('parent', stray, { restartPolicy: 'Never' });
    await until(() => harness.pod('parent').status?.phase === 'Succeeded');
    const pid = Number(await readFile(file, 'utf8'));
    await until(() => !isAlive(pid));
  });
});

describe('the simulated runtime', () => {
  const simulate = (script: string) => ({ 'kanari.dev/simulate': script });

  it('plays readiness, image pull errors, failing starts and exits', async () => {
    await harness.start();
    await harness.run('slow', {}, {}, simulate('readyAfter: 100ms'));
    await harness.run('pull', {}, {}, simulate('{"imagePullError": "no such host"}'));
    await harness.run('fails', {}, {}, simulate('startFails: out of luck'));
    await harness.run('job', {}, { restartPolicy: 'Never' }, simulate('{exitAfter: 50ms, exitCode: 7}'));
    await until(() => isReady(harness.pod('slow')));
    await until(() => mainStatus(harness.pod('pull'))?.state?.waiting?.reason === 'ImagePullBackOff');
    const failed = await until(() => mainStatus(harness.pod('fails'))?.lastState?.terminated);
    expect(failed).toMatchObject({ reason: 'StartError', exitCode: 128 });
    expect(failed.message).toContain('out of luck');
    await until(() => harness.pod('job').status?.phase === 'Failed');
    expect(mainStatus(harness.pod('job'))?.state?.terminated?.exitCode).toBe(7);
  });

  it('gets a pod ready also when a timer fires before the clock has come so far', async () => {
    const begin = Date.now();
    await harness.start({ clock: () => begin + (Date.now() - begin) * 0.8 });
    await harness.run('late', {}, {}, simulate('readyAfter: 100ms'));
    await until(() => isReady(harness.pod('late')));
  });

  it('explains a script that it does not understand', async () => {
    await harness.start();
    await harness.run('typo', {}, {}, simulate('redyAfter: 3s'));
    await harness.run('unit', {}, {}, simulate('readyAfter: 3 parsecs'));
    const message = (name: string) => until(() => mainStatus(harness.pod(name))?.state?.waiting?.message);
    expect(await message('typo')).toContain('unknown field "redyAfter"; allowed: readyAfter, neverReady');
    expect(await message('unit')).toContain('"readyAfter" must be a duration such as 3s');
  });
});

import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kanari } from './harness/kanari.ts';
import { BUSYBOX_IMAGE, Podman, SANDBOX_IMAGE } from './harness/podman.ts';

/** Pods as containers of an engine, seen with kubectl. */

const podman = await Podman.start();

describe.skipIf(!podman)('pods whose images no program stands for', () => {
  let kanari: Kanari;
  const args = ['--no-example', '--sandbox-image', SANDBOX_IMAGE];

  beforeAll(async () => {
    args.push('--container-engine', podman?.socket ?? '');
    kanari = await Kanari.up({ args });
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    expect(await kanari.apply(JSON.stringify(list))).toMatchObject({ code: 0 });
  }, 60_000);

  afterAll(async () => {
    await kanari?.cleanUp();
    await podman?.stop();
  });

  const kubectl = async (command: string) => {
    const { stdout, stderr } = await kanari.kubectl(...command.split(' '));
    return stdout + stderr;
  };
  const until = <T>(probe: () => Promise<T>) => expect.poll(probe, { timeout: 30_000, interval: 200 });
  /** A path below the status of a pod's first container. */
  const status = (pod: string, path: string) =>
    kubectl(`get pod ${pod} -o jsonpath={.status.containerStatuses[0].${path}}`);
  const containersOf = async (pod: string) => {
    const filter = `label=kanari.dev/pod=${pod}`;
    return (await podman!.command('ps', '--all', '--filter', filter, '--format', '{{.ID}}')).stdout.trim();
  };

  test('answer at their addresses and through a Service, once they are ready', async () => {
    expect(await kubectl('rollout status deployment/web --timeout 30s')).toContain('successfully rolled out');
    const ip = await kubectl('get service web -o jsonpath={.spec.clusterIP}');
    const { body } = await request(`http://${ip}/hello`);
    expect(await body.text()).toBe('from the map');
    expect(await kubectl('exec deploy/web -- cat /sys/class/net/lo/operstate')).toBe('unknown\n');
  });

  test('are debugged from within their network', async () => {
    const [name] = (await kubectl('get pods -l app=web -o name')).split('\n');
    await kubectl(`debug ${name} --image ${BUSYBOX_IMAGE} -c debug -- wget -qO- localhost:8080/hello`);
    await until(() => kubectl(`logs ${name} -c debug`)).toBe('from the map');
    await kubectl(`delete ${name}`);
    await until(() => containersOf(name!.slice('pod/'.length))).toBe('');
  });

  test('with several containers share localhost and volumes, also within each other', async () => {
    await until(() => kubectl('get pod pair --no-headers')).toMatch(/2\/2\s+Running\s+0/);
    await until(() => kubectl('logs pair -c side')).toContain('from main');
    expect(await kubectl('exec pair -c main -- cat /work/inner/file')).toBe('from init\n');
    expect(await kubectl('exec pair -c main -- id -u')).toBe('1000\n');
    await kubectl('exec pair -c main -- touch /work/made');
    expect(await kubectl('exec pair -c main -- ls /work')).toBe('inner\nmade\n');
    expect(await kanari.kubectl('exec', 'pair', '-c', 'main', '--', 'sh', '-c', 'exit 7')).toMatchObject({
      code: 7,
    });
    expect(await kubectl('exec pair -c main -- /no/such')).toContain('no such file or directory');
  });

  test('say how they ended and what keeps them from running', async () => {
    await until(() => status('said', 'state.terminated')).toMatch(
      /"exitCode":3,.*"message":"out of paper\\n"/,
    );
    await until(() => status('missing', 'state.terminated.reason')).toBe('StartError');
    expect(await status('missing', 'state.terminated.exitCode')).toBe('128');
    await until(() => status('unpulled', 'state.waiting.reason')).toBe('ImagePullBackOff');
    expect(await kubectl('describe pod unpulled')).toMatch(
      /Failed to pull image "localhost:1\/none:1": .*refused/,
    );
    await until(() => status('rooted', 'state.waiting.message')).toContain(
      'container has runAsNonRoot and image will run as root',
    );
    await until(() => status('never', 'state.waiting.reason')).toBe('ErrImageNeverPull');
  });

  test('run beside images that a program stands for, which need no engine', async () => {
    await until(() => status('program', 'containerID')).toMatch(/^process:/);
    await until(() => status('program', 'ready')).toBe('true');
  });

  test('go on running when Kanari is killed, are taken over, and get their grace in the end', async () => {
    const before = await status('pair', 'containerID');
    expect(before).toMatch(/^docker:/);
    await kanari.kill9();
    kanari = await Kanari.up({ args, stateDir: kanari.stateDir });
    await until(() => kubectl('get pod pair --no-headers')).toMatch(/2\/2\s+Running\s+0/);
    expect(await status('pair', 'containerID')).toBe(before);
    expect(await kubectl('exec pair -c side -- wget -qO- localhost:8080/file')).toBe('from main\n');
    const following = kubectl('logs pair -c main --follow');
    await kubectl('delete pod pair');
    expect(await following).toContain('asked to end');
    await until(() => containersOf('pair')).toBe('');
  });
});

const container = (script: string, more: object = {}) => ({
  name: 'main',
  image: BUSYBOX_IMAGE,
  command: ['/bin/sh', '-c', script],
  ...more,
});
const pod = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { terminationGracePeriodSeconds: 5, ...spec },
});
const mounts = [
  { name: 'work', mountPath: '/work' },
  { name: 'inner', mountPath: '/work/inner' },
];

const objects = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'pages' }, data: { hello: 'from the map' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          terminationGracePeriodSeconds: 0,
          volumes: [{ name: 'pages', configMap: { name: 'pages' } }],
          containers: [
            container('exec /bin/httpd -f -p 8080 -h /pages', {
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/hello', port: 8080 } },
              resources: { limits: { memory: '64Mi', cpu: '500m' } },
              volumeMounts: [{ name: 'pages', mountPath: '/pages', readOnly: true }],
            }),
          ],
        },
      },
    },
  },
  pod('pair', {
    volumes: [
      { name: 'work', emptyDir: {} },
      { name: 'inner', emptyDir: {} },
    ],
    initContainers: [container('echo from init > /work/inner/file', { name: 'init', volumeMounts: mounts })],
    containers: [
      container(
        'trap "echo asked to end; exit 0" TERM; mkdir /tmp/pages; echo from main > /tmp/pages/file; ' +
          '/bin/httpd -p 8080 -h /tmp/pages; while :; do sleep 0.1; done',
        { volumeMounts: mounts, securityContext: { runAsUser: 1000 } },
      ),
      container('while :; do wget -qO- localhost:8080/file; sleep 0.2; done', { name: 'side' }),
    ],
  }),
  pod('said', {
    restartPolicy: 'Never',
    containers: [container('echo out of paper > /dev/termination-log; exit 3')],
  }),
  pod('missing', {
    restartPolicy: 'Never',
    containers: [container('', { command: ['/no/such/program'] })],
  }),
  pod('unpulled', { containers: [{ name: 'main', image: 'localhost:1/none:1' }] }),
  pod('never', { containers: [{ name: 'main', image: 'localhost/none:1', imagePullPolicy: 'Never' }] }),
  pod('rooted', { containers: [container('true', { securityContext: { runAsNonRoot: true } })] }),
  pod('program', { containers: [{ name: 'main', image: 'particule/simplecolorapi:1.0' }] }),
];

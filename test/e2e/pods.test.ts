import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kanari } from './harness/kanari.ts';

/** The states of pods that run as processes, as `kubectl get pods`, `describe` and `logs` show them. */

let kanari: Kanari;

beforeAll(async () => {
  kanari = await Kanari.up({ args: ['--no-example'] });
  const manifests = Object.entries(pods).map(([name, spec]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  }));
  const list = { apiVersion: 'v1', kind: 'List', items: manifests };
  expect(await kanari.apply(JSON.stringify(list))).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => kanari?.cleanUp());

const kubectl = async (...args: string[]) => {
  const { stdout, stderr } = await kanari.kubectl(...args);
  return stdout + stderr;
};
const until = <T>(probe: () => Promise<T>) => expect.poll(probe, { timeout: 30_000, interval: 200 });
/** READY and STATUS of a pod. */
const row = async (pod: string) => {
  const [, ready = '', status = ''] = (await kubectl('get', 'pod', pod, '--no-headers')).split(/\s+/);
  return `${ready} ${status}`;
};
const describePod = (pod: string) => kubectl('describe', 'pod', pod);

const sh = (script: string) => ({ image: 'busybox', command: ['sh', '-c', script] });
const main = (script: string, more: object = {}) => ({ name: 'main', ...sh(script), ...more });
const init = (script: string, more: object = {}) => ({ name: 'setup', ...sh(script), ...more });
const fromConfig = { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } };

const pods: Record<string, object> = {
  completed: { restartPolicy: 'Never', containers: [main('echo bye > $KANARI_TERMINATION_LOG')] },
  failed: {
    restartPolicy: 'Never',
    containers: [main('echo out of paper; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
  },
  crashing: { containers: [main('echo attempt; exit 1')] },
  missing: { containers: [{ name: 'main', image: 'busybox', command: ['/no/such/program'] }] },
  greedy: {
    restartPolicy: 'Never',
    containers: [
      main(`exec "${process.execPath}" -e "const b = Buffer.alloc(2e8, 1); setTimeout(() => b, 3e4)"`, {
        resources: { limits: { memory: '64Mi' } },
      }),
    ],
  },
  unknown: { containers: [{ name: 'main', image: 'registry.example/none:1' }] },
  misnamed: { containers: [{ name: 'main', image: 'Shop:1:2' }] },
  unconfigured: { containers: [main('echo $COLOR; sleep 300', { env: [fromConfig] })] },
  unmounted: {
    volumes: [{ name: 'config', configMap: { name: 'settings' } }],
    containers: [main('sleep 300', { volumeMounts: [{ name: 'config', mountPath: '/etc/config' }] })],
  },
  starting: { initContainers: [init('sleep 300')], containers: [main('sleep 300')] },
  unprepared: { restartPolicy: 'Never', initContainers: [init('exit 2')], containers: [main('true')] },
  accompanied: {
    initContainers: [init('sleep 300', { name: 'proxy', restartPolicy: 'Always' })],
    containers: [main('sleep 300')],
  },
  late: { activeDeadlineSeconds: 2, containers: [main('sleep 300')] },
  unhealthy: {
    containers: [
      main('sleep 300', {
        livenessProbe: {
          exec: { command: ['sh', '-c', 'echo no pulse; false'] },
          periodSeconds: 1,
          failureThreshold: 1,
        },
      }),
    ],
  },
  entitled: {
    volumes: [
      {
        name: 'token',
        projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] },
      },
    ],
    containers: [
      main('cut -c1-2 $KANARI_ROOT/run/token/token; sleep 300', {
        volumeMounts: [{ name: 'token', mountPath: '/run/token' }],
      }),
    ],
  },
};

test.each([
  ['completed', '0/1 Completed', [/Reason: +Completed/, /Message: +bye/, /Exit Code: +0/]],
  ['failed', '0/1 Error', [/Message: +out of paper/, /Exit Code: +3/]],
  [
    'crashing',
    '0/1 CrashLoopBackOff',
    [
      /Last State: +Terminated\s+Reason: +Error/,
      /BackOff .* Back-off restarting failed container main in pod/,
    ],
  ],
  [
    'missing',
    '0/1 CrashLoopBackOff',
    [/Reason: +StartError/, /Exit Code: +128/, /no such file or directory/],
  ],
  ['greedy', '0/1 OOMKilled', [/Reason: +OOMKilled/, /Exit Code: +137/]],
  ['unknown', '0/1 ImagePullBackOff', [/Back-off pulling image "registry.example\/none:1"/, /images\.yaml/]],
  ['misnamed', '0/1 InvalidImageName', [/InspectFailed .* invalid reference format/]],
  ['starting', '0/1 Init:0/1', [/Reason: +PodInitializing/]],
  ['unprepared', '0/1 Init:Error', [/Initialized +False/]],
  ['accompanied', '2/2 Running', [/Ready +True/]],
  ['late', '0/1 Error', [/Status: +Failed\nReason: +DeadlineExceeded/]],
  [
    'unhealthy',
    '0/1 CrashLoopBackOff',
    [
      /Unhealthy .* Liveness probe failed: no pulse/,
      /Container main failed liveness probe, will be restarted/,
    ],
  ],
] as const)('%s: %s', { timeout: 40_000 }, async (pod, shown, told) => {
  await until(() => row(pod)).toBe(shown);
  for (const text of told) await until(() => describePod(pod)).toMatch(text);
});

test('what waits for a ConfigMap says so, and starts once it is there', { timeout: 60_000 }, async () => {
  await until(() => row('unconfigured')).toBe('0/1 CreateContainerConfigError');
  await until(() => row('unmounted')).toBe('0/1 ContainerCreating');
  await until(() => describePod('unconfigured')).toContain('Error: configmap "settings" not found');
  const unmounted = 'MountVolume.SetUp failed for volume "config" : configmap "settings" not found';
  await until(() => describePod('unmounted')).toContain(unmounted);
  expect(await describePod('unmounted')).toMatch(/PodReadyToStartContainers +False/);
  await kubectl('create', 'configmap', 'settings', '--from-literal=color=blue');
  await until(() => row('unconfigured')).toBe('1/1 Running');
  await until(() => row('unmounted')).toBe('1/1 Running');
  await until(() => kubectl('logs', 'unconfigured')).toBe('blue\n');
});

test('logs of the run before, of a container that has not begun, and of a token that was mounted', async () => {
  await until(() => row('crashing')).toBe('0/1 CrashLoopBackOff');
  expect(await kubectl('logs', 'crashing', '--previous')).toBe('attempt\n');
  expect(await kubectl('logs', 'starting', '-c', 'main')).toContain(
    'container "main" in pod "starting" is waiting to start: PodInitializing',
  );
  await until(() => kubectl('logs', 'entitled')).toBe('ey\n');
});

test('a pod is deleted by force at once', async () => {
  await until(() => row('accompanied')).toBe('2/2 Running');
  expect(await kubectl('delete', 'pod', 'accompanied', '--force', '--grace-period=0')).toContain(
    'force deleted',
  );
  await until(() => kubectl('get', 'pods')).not.toContain('accompanied');
});

test('the node is described completely', async () => {
  const described = await kubectl('describe', 'node', 'kanari');
  for (const field of ['Kernel Version', 'OS Image', 'Operating System', 'Architecture', 'Kubelet Version']) {
    expect(described).toMatch(new RegExp(`${field}: +\\S`));
  }
  expect(described).toMatch(/Ready +True .* KubeletReady/);
});

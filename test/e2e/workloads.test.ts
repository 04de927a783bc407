import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kanari } from './harness/kanari.ts';

/** Workload controllers as kubectl's user sees them. The pods are simulated: what is tested is what is done with them. */

let kanari: Kanari;

beforeAll(async () => {
  kanari = await Kanari.up({ args: ['--no-example'] });
}, 60_000);
afterAll(() => kanari?.cleanUp());

const until = <T>(probe: () => Promise<T> | T, timeoutMs = 20_000) =>
  expect.poll(probe, { timeout: timeoutMs, interval: 100 });
const kubectl = (...args: string[]) => kanari.kubectl(...args);
const succeed = async (...args: string[]) => {
  const ran = await kubectl(...args);
  expect(ran, args.join(' ')).toMatchObject({ code: 0 });
  return ran.stdout;
};
const apply = async (manifest: object) => {
  const ran = await kanari.apply(JSON.stringify(manifest));
  expect(ran).toMatchObject({ code: 0 });
};
const list = (...args: string[]) => succeed('get', ...args, '-o', 'name');
const conditions = async (kind: string, name: string) =>
  succeed(
    'get',
    kind,
    name,
    '-o',
    'jsonpath={range .status.conditions[?(@.status=="True")]}{.type}={.reason} {end}',
  );

interface PodOptions {
  /** What the pods do, as the annotation for simulated pods has it. */
  script?: object;
  spec?: object;
  container?: object;
}

function template(name: string, { script = {}, spec = {}, container = {} }: PodOptions = {}) {
  return {
    metadata: { labels: { app: name }, annotations: { 'kanari.dev/simulate': JSON.stringify(script) } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: 'registry.example/x:1', ...container }],
      ...spec,
    },
  };
}

const job = (name: string, script: object, spec: object = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: { template: template(name, { script, spec: { restartPolicy: 'Never' } }), ...spec },
});

const workload = (kind: string, name: string, spec: object = {}, options: PodOptions = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: { selector: { matchLabels: { app: name } }, template: template(name, options), ...spec },
});

describe('a Job', () => {
  test('runs to its end, is counted, and looks as it should', async () => {
    await apply(job('counts', { exitAfter: '100ms' }, { completions: 4, parallelism: 2 }));
    await succeed('wait', '--for=condition=Complete', 'job/counts', '--timeout=20s');
    const { status } = await kanari.json<Job>('job', 'counts');
    expect(status).toMatchObject({ succeeded: 4, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
    expect(await succeed('get', 'job', 'counts')).toMatch(/counts\s+Complete\s+4\/4/);
    const described = await succeed('describe', 'job', 'counts');
    expect(described).toContain('Pods Statuses:    0 Active (0 Ready) / 4 Succeeded / 0 Failed');
    expect(described).toMatch(/Normal\s+SuccessfulCreate\s+.*job-controller\s+Created pod: counts-/);
    expect(described).toMatch(/Normal\s+Completed\s+.*Job completed/);
    const { items } = await kanari.json<{ items: Pod[] }>('pods', '-l', 'job-name=counts');
    expect(items.flatMap(({ metadata }) => metadata?.finalizers ?? [])).toEqual([]);
  });

  test('ends by its failure policy at once, and by its limit after the back-off', async () => {
    const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }];
    await apply(job('fatal', { crashAfter: '50ms', exitCode: 42 }, { podFailurePolicy: { rules } }));
    await until(() => conditions('job', 'fatal')).toBe(
      'FailureTarget=PodFailurePolicy Failed=PodFailurePolicy ',
    );
    await apply(job('limited', { crashAfter: '50ms' }, { backoffLimit: 0 }));
    await until(() => conditions('job', 'limited')).toBe(
      'FailureTarget=BackoffLimitExceeded Failed=BackoffLimitExceeded ',
    );
    expect(await succeed('get', 'events', '--field-selector', 'involvedObject.name=limited')).toContain(
      'Job has reached the specified backoff limit',
    );
  });

  test('is suspended and resumed', async () => {
    await apply(job('held', {}, { completions: 2, parallelism: 2 }));
    await until(() => list('pods', '-l', 'job-name=held')).toMatch(/(pod\S+\n){2}/);
    await succeed('patch', 'job', 'held', '-p', '{"spec":{"suspend":true}}');
    await until(() => list('pods', '-l', 'job-name=held')).toBe('');
    expect(await conditions('job', 'held')).toBe('Suspended=JobSuspended ');
    await succeed('patch', 'job', 'held', '-p', '{"spec":{"suspend":false}}');
    await until(() => list('pods', '-l', 'job-name=held')).toMatch(/(pod\S+\n){2}/);
    // Its pods have a finalizer; nothing may be left of it.
    await succeed('delete', 'job', 'held');
    await until(() => list('pods', '-l', 'job-name=held')).toBe('');
  });

  test('counts each of its pods once, although Kanari is killed meanwhile', async () => {
    await apply(job('survivor', { exitAfter: '300ms' }, { completions: 12, parallelism: 4 }));
    for (let kills = 0; kills < 2; kills++) {
      const before = Number(await succeed('get', 'job', 'survivor', '-o', 'jsonpath={.status.succeeded}'));
      await until(async () =>
        Number(await succeed('get', 'job', 'survivor', '-o', 'jsonpath={.status.succeeded}')),
      ).toBeGreaterThan(before);
      await kanari.kill9();
      kanari = await Kanari.up({ stateDir: kanari.stateDir, args: ['--no-example'] });
    }
    await succeed('wait', '--for=condition=Complete', 'job/survivor', '--timeout=20s');
    const { status } = await kanari.json<Job>('job', 'survivor');
    expect(status).toMatchObject({ succeeded: 12, uncountedTerminatedPods: {} });
    expect(status?.failed).toBeUndefined();
  }, 60_000);

  test('is made of a CronJob by hand; a bad schedule is refused in the words of Kubernetes', async () => {
    const bad = await kubectl('create', 'cronjob', 'bad', '--image=x', '--schedule=* * * *');
    expect(bad.stderr).toContain(
      'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]',
    );
    await succeed('create', 'cronjob', 'yearly', '--image=x', '--schedule=@yearly');
    await succeed('create', 'job', 'by-hand', '--from=cronjob/yearly');
    const { metadata } = await kanari.json<Job>('job', 'by-hand');
    expect(metadata?.ownerReferences).toMatchObject([{ kind: 'CronJob', name: 'yearly' }]);
    await succeed('delete', 'cronjob', 'yearly');
    await until(() => list('jobs', '--field-selector', 'metadata.name=by-hand')).toBe('');
  });
});

describe('a StatefulSet', () => {
  test('rolls, remembers, and goes back', async () => {
    await apply(workload('StatefulSet', 'db', { serviceName: 'db', replicas: 2 }));
    await succeed('rollout', 'status', 'sts/db', '--timeout=20s');
    await succeed('set', 'image', 'sts/db', 'main=registry.example/x:2');
    await succeed('rollout', 'status', 'sts/db', '--timeout=20s');
    expect(await succeed('rollout', 'history', 'sts/db')).toMatch(/\n1\s.*\n2\s/);
    await succeed('rollout', 'undo', 'sts/db');
    await succeed('rollout', 'status', 'sts/db', '--timeout=20s');
    const images = ['get', 'pods', '-l', 'app=db', '-o', 'jsonpath={.items[*].spec.containers[0].image}'];
    expect(await succeed(...images)).toBe('registry.example/x:1 registry.example/x:1');
    expect(await succeed('describe', 'sts', 'db')).toContain('create Pod db-1 in StatefulSet db successful');
  });

  test('has volumes that outlive its pods, and go with their claims', async () => {
    const volumeClaimTemplates = [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ];
    const persistentVolumeClaimRetentionPolicy = { whenScaled: 'Delete', whenDeleted: 'Retain' };
    await apply(
      workload('StatefulSet', 'kept', {
        serviceName: 'kept',
        replicas: 2,
        podManagementPolicy: 'Parallel',
        volumeClaimTemplates,
        persistentVolumeClaimRetentionPolicy,
      }),
    );
    const claims = () =>
      succeed('get', 'pvc', '--no-headers', '-o', 'custom-columns=N:.metadata.name,P:.status.phase');
    await until(claims).toMatch(/data-kept-0\s+Bound\ndata-kept-1\s+Bound\n/);
    expect(await succeed('get', 'sc')).toMatch(/standard \(default\)\s+\S+\s+Delete\s+WaitForFirstConsumer/);
    await succeed('scale', 'sts/kept', '--replicas=1');
    await until(claims).toMatch(/^data-kept-0\s+Bound\n$/);
    await succeed('delete', 'sts', 'kept');
    expect(await claims()).toMatch(/data-kept-0\s+Bound/);
    await until(() => list('pods', '-l', 'app=kept')).toBe('');
    await succeed('delete', 'pvc', 'data-kept-0');
    await until(() => list('pv')).toBe('');
  });
});

describe('nodes', () => {
  test('a pod without room says what is missing', async () => {
    const container = { resources: { requests: { cpu: '1000' } } };
    const pod = { apiVersion: 'v1', kind: 'Pod', ...template('big', { container }) };
    await apply({ ...pod, metadata: { ...pod.metadata, name: 'big' } });
    await until(() => succeed('describe', 'pod', 'big')).toMatch(
      /FailedScheduling\s+.*default-scheduler\s+0\/1 nodes are available: 1 Insufficient cpu\. preemption: /,
    );
    await succeed('delete', 'pod', 'big');
  });

  test('a node is drained as far as budgets let it, and daemons stay', async () => {
    await apply(workload('Deployment', 'web', { replicas: 2 }, { script: { readyAfter: '10ms' } }));
    await apply(workload('DaemonSet', 'agent'));
    await succeed('create', 'pdb', 'web', '--selector=app=web', '--min-available=2');
    await succeed('rollout', 'status', 'deploy/web', '--timeout=20s');
    await succeed('rollout', 'status', 'ds/agent', '--timeout=20s');
    await until(() => succeed('get', 'pdb', 'web', '-o', 'jsonpath={.status.currentHealthy}')).toBe('2');
    const drain = ['drain', 'kanari', '--ignore-daemonsets', '--force', '--pod-selector=app=web'];
    const refused = await kubectl(...drain, '--timeout=2s');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    await succeed('patch', 'pdb', 'web', '-p', '{"spec":{"minAvailable":0}}');
    await until(() => succeed('get', 'pdb', 'web', '-o', 'jsonpath={.status.disruptionsAllowed}')).toBe('2');
    await succeed(...drain, '--timeout=20s');
    expect(await succeed('get', 'node', 'kanari')).toMatch(/Ready,SchedulingDisabled/);
    expect(await succeed('describe', 'node', 'kanari')).toContain(
      'node.kubernetes.io/unschedulable:NoSchedule',
    );
    await until(() => succeed('get', 'pods', '-l', 'app=web', '--no-headers')).toMatch(
      /^(\S+\s+0\/1\s+Pending.*\n){2}$/,
    );
    expect(await succeed('get', 'pods', '-l', 'app=agent')).toMatch(/1\/1\s+Running/);
    await succeed('uncordon', 'kanari');
    await succeed('rollout', 'status', 'deploy/web', '--timeout=20s');
  });
});

describe('deletion', () => {
  test('takes dependents along, before it or not at all, as it is told', async () => {
    const replicas = () => list('rs,pods', '-l', 'app=owned');
    const owned = workload('Deployment', 'owned', { replicas: 1 });
    await apply(owned);
    await succeed('rollout', 'status', 'deploy/owned', '--timeout=20s');
    const before = await replicas();
    await succeed('delete', 'deploy', 'owned', '--cascade=orphan');
    expect(await replicas()).toBe(before);
    await apply(owned);
    await succeed('rollout', 'status', 'deploy/owned', '--timeout=20s');
    expect(await replicas()).toBe(before);
    await succeed('delete', 'deploy', 'owned', '--cascade=foreground');
    expect(await replicas()).toBe('');
  });

  test('of a namespace says what holds it', async () => {
    await succeed('create', 'namespace', 'held');
    await succeed('create', 'configmap', 'a', '-n', 'held');
    const hold = '{"metadata":{"finalizers":["example.com/hold"]}}';
    await succeed('patch', 'configmap', 'a', '-n', 'held', '-p', hold);
    await succeed('delete', 'namespace', 'held', '--wait=false');
    await until(() => succeed('describe', 'namespace', 'held')).toContain(
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
    await succeed(
      'patch',
      'configmap',
      'a',
      '-n',
      'held',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    );
    await until(async () => (await kubectl('get', 'namespace', 'held')).code).toBe(1);
  });
});

describe('every namespace', () => {
  test('has its account and the root certificates, which come back', async () => {
    await succeed('create', 'namespace', 'new');
    const there = async (...names: string[]) => (await kubectl('get', '-n', 'new', ...names)).code;
    await until(() => there('serviceaccount/default', 'configmap/kube-root-ca.crt')).toBe(0);
    await succeed('delete', '-n', 'new', 'serviceaccount/default', 'configmap/kube-root-ca.crt');
    await until(() => there('serviceaccount/default', 'configmap/kube-root-ca.crt')).toBe(0);
  });

  test('has tokens for secrets that ask for them', async () => {
    const annotations = { 'kubernetes.io/service-account.name': 'default' };
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'robot', annotations },
      type: 'kubernetes.io/service-account-token',
    });
    const token = () =>
      succeed('get', 'secret', 'robot', '-o', 'go-template={{with .data.token}}{{.|base64decode}}{{end}}');
    await until(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const who = await kubectl(
      '--token',
      await token(),
      'auth',
      'whoami',
      '-o',
      'jsonpath={.status.userInfo.username}',
    );
    expect(who.stdout).toBe('system:serviceaccount:default:default');
  });
});

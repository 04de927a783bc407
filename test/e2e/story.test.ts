import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnalysisRun, Rollout } from '../../src/api/index.ts';
import { get, Kanari, processesMentioning, REPOSITORY, Visitor } from './harness/kanari.ts';

/** The README's story, as a new user goes through it: one machine, real kubectl, real processes, real HTTP. */

let kanari: Kanari;
let service: string;

const rollout = (name = 'colorapi') => kanari.json<Rollout>('rollout', name);
const runs = async () => (await kanari.json<{ items: AnalysisRun[] }>('analysisruns')).items;
const phaseOf = async (name: string) => {
  const { status, metadata } = await rollout(name);
  return Number(status?.observedGeneration) === metadata.generation ? status?.phase : 'unobserved';
};
const phase = () => phaseOf('colorapi');
const podsOf = async (selector: string) =>
  (await kanari.json<{ items: Pod[] }>('pods', '-l', selector)).items;
const livePods = async (selector: string) =>
  (await podsOf(selector)).filter((pod) => !pod.metadata?.deletionTimestamp);
const versionOf = (pod: Pod) => pod.spec?.containers[0]?.image?.split(':')[1];
const until = <T>(probe: () => Promise<T> | T, timeoutMs = 60_000) =>
  expect.poll(probe, { timeout: timeoutMs, interval: 100 });
const example = (path: string) => readFile(join(REPOSITORY, 'examples', path), 'utf8');
const setImage = (tag: string, name = 'colorapi') =>
  kanari.kanari('set', 'image', name, `*=particule/simplecolorapi:${tag}`);

beforeAll(async () => {
  kanari = await Kanari.up({ npm: true });
  service = kanari.url('Example');
});
afterAll(() => kanari?.cleanUp());

describe('what is up', () => {
  test('CAN-037 the example is Healthy at once', () => until(phase).toBe('Healthy'));

  test('the terminal says what runs where, and what to type next', () => {
    expect(kanari.output).toContain(kanari.kubeconfig);
    expect(kanari.output).toMatch(/API server\s+https:\/\/127\.0\.0\.1:\d+/);
    expect(kanari.output).toContain('kanari get rollout colorapi -w');
    expect(kanari.output).toContain('set image colorapi "*=particule/simplecolorapi:2.0"');
  });

  test('kubectl reads the example', async () => {
    const all = await kanari.kubectl('get', 'rollouts,rs,pods,svc,analysisruns');
    expect(all.code).toBe(0);
    expect(all.stdout).toMatch(
      /NAME\s+DESIRED\s+CURRENT\s+UP-TO-DATE\s+AVAILABLE\s+AGE\n\S*colorapi\s+5\s+5\s+5\s+5/,
    );
    expect(all.stdout.match(/pod\/colorapi-\S+\s+1\/1\s+Running/g)).toHaveLength(5);
    expect((await kanari.kubectl('describe', 'rollout', 'colorapi')).stdout).toMatch(/Phase:\s+Healthy/);
    expect((await kanari.kubectl('describe', 'pods', '-l', 'app=colorapi')).stdout).toMatch(
      /Reason:?\s|Started/,
    );
  });

  test('kubectl waits, scales, logs, applies and deletes', async () => {
    const ready = await kanari.kubectl(
      'wait',
      '--for=condition=Ready',
      'pod',
      '-l',
      'app=colorapi',
      '--timeout=20s',
    );
    expect(ready.code).toBe(0);
    await get(service);
    const [pod] = await livePods('app=colorapi');
    const logs = await kanari.kubectl('logs', pod?.metadata?.name ?? '');
    expect(logs).toMatchObject({ code: 0 });
    expect(logs.stdout.length).toBeGreaterThan(0);

    expect((await kanari.kubectl('scale', 'rollout', 'colorapi', '--replicas=6')).code).toBe(0);
    await until(async () => (await rollout()).status?.availableReplicas).toBe(6);
    expect((await kanari.kubectl('scale', 'rollout', 'colorapi', '--replicas=5')).code).toBe(0);
    await until(async () => (await livePods('app=colorapi')).length).toBe(5);

    const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: scratch}\ndata: {a: "1"}\n';
    expect((await kanari.apply(map)).stdout).toContain('configmap/scratch created');
    expect((await kanari.apply(map)).stdout).toContain('configmap/scratch unchanged');
    expect((await kanari.apply(map.replace('1"', '2"'))).stdout).toContain('configmap/scratch configured');
    expect((await kanari.kubectl('delete', 'configmap', 'scratch')).stdout).toContain('deleted');
    await until(phase).toBe('Healthy');
  });

  test.each(['Service', 'gateway'])('the %s answers red from five different pods', async (which) => {
    const url = which === 'Service' ? service : kanari.gateway;
    const answers = await Promise.all(Array.from({ length: 50 }, () => get(url)));
    expect(new Set(answers.map(({ color }) => color))).toEqual(new Set(['red']));
    expect(new Set(answers.map(({ pod }) => pod)).size).toBe(5);
  });
});

describe('a good version', () => {
  test('CAN-042 it gets a fifth, then half, then all; no request fails; the tree of post 1 shows it', async () => {
    const visitors = [new Visitor(service), new Visitor(kanari.gateway)];
    expect((await setImage('2.0')).stdout).toBe('rollout "colorapi" image updated\n');
    await until(phase).toBe('Paused');
    const paused = Date.now();
    const tree = (await kanari.kanari('get', 'rollout', 'colorapi')).stdout;
    expect(tree).toMatch(
      /Status:\s+॥ Paused\nMessage:\s+CanaryPauseStep\nStrategy:\s+Canary\n\s+Step:\s+1\/4\n\s+SetWeight:\s+20\n\s+ActualWeight:\s+20/,
    );
    expect(tree).toMatch(/simplecolorapi:1.0 \(stable\)\n\s+\S+simplecolorapi:2.0 \(canary\)/);
    expect(tree).toMatch(/# revision:2\n.*⧉ colorapi-\w+\s+ReplicaSet\s+✔ Healthy\s+\S+\s+canary\n/);
    expect(tree).toMatch(/α colorapi-\w+-2\s+AnalysisRun\s+◌ Running/);

    await until(async () => (await rollout()).status?.currentStepIndex).toBeGreaterThanOrEqual(2);
    for (const visitor of visitors) expect(visitor.share('blue', paused)).toBeGreaterThan(12);
    for (const visitor of visitors) expect(visitor.share('blue', paused)).toBeLessThan(28);
    await until(async () => (await rollout()).status?.currentStepIndex).toBe(3);
    const half = Date.now();
    await until(phase, 90_000).toBe('Healthy');
    const done = Date.now();
    for (const visitor of visitors) expect(visitor.share('blue', half, half + 25_000)).toBeGreaterThan(40);
    for (const visitor of visitors) expect(visitor.share('blue', half, half + 25_000)).toBeLessThan(65);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    for (const visitor of visitors) {
      await visitor.stop();
      expect(visitor.share('blue', done + 2000)).toBe(100);
      expect(visitor.failed).toEqual([]);
    }
    const healthy = (await kanari.kanari('get', 'rollout', 'colorapi')).stdout;
    expect(healthy).toMatch(
      /Status:\s+✔ Healthy\nStrategy:\s+Canary\n\s+Step:\s+4\/4\n\s+SetWeight:\s+100\n\s+ActualWeight:\s+100/,
    );
    expect((await kanari.kanari('status', 'colorapi')).code).toBe(0);
  });
});

describe('a bad version', () => {
  test('CAN-088 the second failed measurement aborts it, and only the stable colour is left', async () => {
    const visitor = new Visitor(kanari.gateway);
    await setImage('3.0');
    await until(phase, 90_000).toBe('Degraded');
    await until(async () => (await podsOf('app=colorapi')).map(versionOf)).toEqual(Array(5).fill('2.0'));
    const degraded = await rollout();
    expect(degraded.status?.message).toMatch(
      /^RolloutAborted: Rollout aborted update to revision 3: .*Metric "webcheck" assessed Failed due to failed \(2\) > failureLimit \(1\)/,
    );
    const failed = (await runs()).find((run) => run.status?.phase === 'Failed');
    expect(failed?.status?.metricResults?.[0]).toMatchObject({ failed: 2, phase: 'Failed' });
    const stable = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await visitor.stop();
    expect(visitor.share('black', 0)).toBeGreaterThan(0);
    expect(visitor.share('blue', stable)).toBe(100);
    expect(visitor.failed).toEqual([]);

    const failedAt = Date.parse(failed?.status?.metricResults?.[0]?.measurements?.at(-1)?.finishedAt ?? '');
    const lastBlack = visitor.answers.filter(({ color }) => color === 'black').at(-1)?.at ?? 0;
    console.log(
      `from the failing measurement to stable-only traffic: ${Math.max(lastBlack - failedAt, 0)} ms`,
    );
  });

  test('CLI status ends with 1 and the text of post 3; the tree shows what failed', async () => {
    const status = await kanari.kanari('status', 'colorapi');
    expect(status.code).toBe(1);
    expect(status.stdout).toContain('Degraded - RolloutAborted');
    expect(status.stderr).toMatch(
      /^Error: The rollout is in a degraded state with message: RolloutAborted: Rollout aborted update to revision 3: /,
    );
    const tree = (await kanari.kanari('get', 'rollout', 'colorapi')).stdout;
    expect(tree).toMatch(/Status:\s+✖ Degraded/);
    expect(tree).toMatch(/Step:\s+0\/4\n\s+SetWeight:\s+0\n\s+ActualWeight:\s+0/);
    expect(tree).toMatch(/AnalysisRun\s+✖ Failed\s+\S+\s+(✔ \d+,)?✖ 2/);
    expect(tree).toMatch(/ReplicaSet\s+• ScaledDown\s+\S+\s+canary/);
  });

  test('CAN-091 retry starts again, abort ends it, undo goes back, and the rollout is Healthy', async () => {
    expect((await kanari.kanari('retry', 'rollout', 'colorapi')).stdout).toBe("rollout 'colorapi' retried\n");
    await until(phase).toBe('Paused');
    expect((await rollout()).status?.currentStepIndex).toBe(1);
    expect((await kanari.kanari('abort', 'colorapi')).stdout).toBe("rollout 'colorapi' aborted\n");
    await until(phase).toBe('Degraded');
    expect((await kanari.kanari('undo', 'colorapi')).stdout).toBe("rollout 'colorapi' undo\n");
    await until(phase).toBe('Healthy');
    expect((await rollout()).spec.template?.spec?.containers[0]?.image).toBe('particule/simplecolorapi:2.0');
  });
});

describe('driving a rollout by hand', () => {
  test('CAN-075 CAN-077 CAN-079 pause holds it, promote skips a step, promote --full goes to the end', async () => {
    await setImage('1.0');
    await until(phase).toBe('Paused');
    expect((await kanari.kanari('promote', 'colorapi')).stdout).toBe("rollout 'colorapi' promoted\n");
    await until(async () => (await rollout()).status?.currentStepIndex).toBe(3);
    expect((await kanari.kanari('pause', 'colorapi')).stdout).toBe("rollout 'colorapi' paused\n");
    await until(async () => (await rollout()).status?.message).toBe('manually paused');
    expect((await kanari.kanari('promote', '--full', 'colorapi')).stdout).toBe(
      "rollout 'colorapi' fully promoted\n",
    );
    await until(phase).toBe('Healthy');
    expect((await get(service)).color).toBe('red');
  });

  test('CAN-115 restart replaces every pod, and no request fails', async () => {
    const before = new Set((await livePods('app=colorapi')).map((pod) => pod.metadata?.uid));
    const visitor = new Visitor(service);
    // Pods count as old when they were created before this second.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await kanari.kanari('restart', 'colorapi')).stdout).toBe("rollout 'colorapi' restarts in 0s\n");
    await until(
      async () => (await livePods('app=colorapi')).some((pod) => before.has(pod.metadata?.uid)),
      150_000,
    ).toBe(false);
    await until(phase).toBe('Healthy');
    await visitor.stop();
    expect(visitor.failed).toEqual([]);
  });
});

describe('a canary at the Ingress', () => {
  test('TRF §12.1 §13.2 the gateway honours weight and header; the measured split is within two points', async () => {
    for (const file of ['services', 'rollout']) {
      expect((await kanari.apply(await example(`canary-nginx/${file}.yaml`))).code).toBe(0);
    }
    await until(() => phaseOf('shop')).toBe('Healthy');
    const host = { host: 'shop.localhost' };
    await until(async () => (await get(kanari.gateway, host)).color).toBe('red');
    await setImage('2.0', 'shop');
    await until(() => phaseOf('shop')).toBe('Paused');
    expect((await rollout('shop')).status?.canary?.weights).toMatchObject({
      canary: { weight: 20, serviceName: 'shop-canary' },
      stable: { weight: 80, serviceName: 'shop-stable' },
    });
    const answers = [];
    for (let i = 0; i < 2000; i += 50) {
      answers.push(...(await Promise.all(Array.from({ length: 50 }, () => get(kanari.gateway, host)))));
    }
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const blue = answers.filter(({ color }) => color === 'blue').length / 20;
    expect(Math.abs(blue - 20)).toBeLessThanOrEqual(2);
    expect((await get(kanari.gateway, { ...host, 'x-canary': 'always' })).color).toBe('blue');
    expect((await get(kanari.gateway, { ...host, 'x-canary': 'never' })).color).toBe('red');

    const metrics = await (await fetch(kanari.url('Gateway metrics'))).text();
    expect(metrics).toMatch(
      /nginx_ingress_controller_requests\{[^}]*service="shop-stable",canary="default-shop-canary-80"/,
    );

    await kanari.kanari('promote', 'shop');
    await until(async () => (await rollout('shop')).status?.canary?.weights?.canary.weight).toBe(50);
    await until(() => phaseOf('shop')).toBe('Healthy');
    await until(async () => (await rollout('shop')).status?.canary?.weights?.canary.weight).toBe(0);
    expect((await get(kanari.gateway, host)).color).toBe('blue');
  });
});

describe('a killed Kanari', () => {
  test('CAN-134 goes on where it was; no pod process is left behind or doubled', async () => {
    await setImage('2.0');
    await until(async () => (await rollout()).status?.currentStepIndex).toBe(2);
    const before = await rollout();
    await kanari.kill9();
    kanari = await Kanari.up({ stateDir: kanari.stateDir });
    const after = await rollout();
    expect(after.status?.currentPodHash).toBe(before.status?.currentPodHash);
    expect(after.status?.currentStepIndex).toBeGreaterThanOrEqual(2);
    expect((await runs()).filter((run) => run.status?.phase === 'Failed')).toHaveLength(1);
    await until(phase, 120_000).toBe('Healthy');
    expect((await get(kanari.gateway)).color).toBe('blue');
    await until(async () => (await livePods('app=colorapi')).length).toBe(5);
    for (const pod of await livePods('app=colorapi')) {
      const programs = (await processesMentioning(pod.metadata?.name ?? '')).filter(
        ({ command }) => command.includes('programs/') && !/^(\/bin\/)?sh /.test(command),
      );
      expect(programs).toHaveLength(1);
    }
  });

  test.each([
    ['Ctrl-C', 'SIGINT'],
    ['a closed terminal', 'SIGHUP'],
  ] as const)('%s stops everything, and the next start finds the state as it was', async (_, signal) => {
    const { stateDir } = kanari;
    await kanari.stop(signal);
    await until(() => processesMentioning(stateDir), 10_000).toEqual([]);
    kanari = await Kanari.up({ stateDir });
    await until(phase).toBe('Healthy');
    await until(async () => (await get(kanari.gateway)).color).toBe('blue');
  });

  test('--fresh begins again, and ends what an earlier one left running', async () => {
    const { stateDir } = kanari;
    await kanari.kill9();
    kanari = await Kanari.up({ stateDir, args: ['--fresh'] });
    await until(phase).toBe('Healthy');
    expect((await rollout()).metadata.annotations?.['rollout.argoproj.io/revision']).toBe('1');
    await until(async () => (await get(kanari.gateway)).color).toBe('red');
    const programs = (await processesMentioning(stateDir)).filter(
      ({ command }) => command.includes('programs/') && !/^(\/bin\/)?sh /.test(command),
    );
    expect(programs).toHaveLength(5);
  });
});

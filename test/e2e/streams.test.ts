import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Attach, Cp, Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { get, Kanari, processesMentioning } from './harness/kanari.ts';

/** exec, attach, port-forward and cp, as users and programs do them. */

let kanari: Kanari;
let config: KubeConfig;
let folder: string;

const PODS = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "particule/simplecolorapi:1.0", ports: [{containerPort: 5000, name: http}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: box
  annotations: {kubectl.kubernetes.io/default-container: second}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: first, image: busybox, command: [sh, -c, "while :; do echo tick; sleep 0.2; done"]}
    - {name: second, image: busybox, command: [sleep, "1000"], env: [{name: COLOR, value: green}]}
---
apiVersion: v1
kind: Pod
metadata: {name: waiting}
spec: {containers: [{name: main, image: registry.example/none}]}
`;

beforeAll(async () => {
  kanari = await Kanari.up({ args: ['--no-example'] });
  folder = await mkdtemp(join(tmpdir(), 'kanari-streams-'));
  config = new KubeConfig();
  config.loadFromFile(kanari.kubeconfig);
  expect(await kanari.apply(PODS)).toMatchObject({ code: 0 });
  expect(await kanari.kubectl('rollout', 'status', 'deployment/web')).toMatchObject({ code: 0 });
  expect(await kanari.kubectl('wait', '--for=condition=Ready', 'pod/box')).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await kanari?.cleanUp();
  await rm(folder, { recursive: true, force: true });
});

/** A kubectl that goes on until it is killed. */
function start(args: string[], env: Record<string, string> = {}): ChildProcess & { output: () => string } {
  const child = spawn('kubectl', ['--kubeconfig', kanari.kubeconfig, ...args], {
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return Object.assign(child, { output: () => output });
}

const exitCode = async (child: ChildProcess) =>
  child.exitCode ?? ((await once(child, 'exit'))[0] as number | null);

/** kubectl with the protocol of today, and with the one of those before 1.31. */
const protocols = [
  ['WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
] as [string, Record<string, string>][];

describe.each(protocols)('kubectl over %s', (protocol, env) => {
  const exec = async (args: string[], input?: string | Buffer) => {
    const child = spawn('kubectl', ['--kubeconfig', kanari.kubeconfig, 'exec', ...args], {
      env: { ...process.env, ...env },
    });
    child.stdin.end(input ?? '');
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      exitCode(child),
    ]);
    return { stdout, stderr, code };
  };

  test('exec: output, exit code, the container', async () => {
    expect(await exec(['box', '--', 'sh', '-c', 'echo $COLOR; echo oops >&2; exit 42'])).toEqual({
      stdout: 'green\n',
      stderr: 'oops\ncommand terminated with exit code 42\n',
      code: 42,
    });
    expect(await exec(['box', '-c', 'first', '--', 'sh', '-c', 'echo "[$COLOR]"'])).toMatchObject({
      stdout: '[]\n',
      code: 0,
    });
    expect(await exec(['deploy/web', '--', 'sh', '-c', 'echo $HOSTNAME'])).toMatchObject({
      stdout: expect.stringMatching(/^web-/),
      code: 0,
    });
  });

  test('exec -i: the input, to its end', async () => {
    const input = randomBytes(500_000).toString('hex');
    const { stdout, code } = await exec(['-i', 'box', '--', 'cat'], input);
    expect(code).toBe(0);
    expect(stdout === input).toBe(true);
  });

  test('exec: what goes wrong', async () => {
    expect(await exec(['box', '--', 'nowhere'])).toMatchObject({
      stderr: expect.stringContaining('exec: "nowhere": executable file not found in $PATH'),
      code: 127,
    });
    expect(await exec(['nobody', '--', 'ls'])).toMatchObject({
      stderr: 'Error from server (NotFound): pods "nobody" not found\n',
      code: 1,
    });
    expect((await exec(['box', '-c', 'third', '--', 'ls'])).stderr).toContain(
      'container third is not valid for pod box',
    );
    const prefix = protocol === 'WebSocket' ? 'Internal error occurred: ' : '';
    expect(await exec(['waiting', '--', 'ls'])).toMatchObject({
      stderr: `error: ${prefix}unable to upgrade connection: container not found ("main")\n`,
      code: 1,
    });
  });

  test('exec -it: a terminal', async () => {
    // script gives kubectl a terminal of its own to pass on.
    const inner = `stty rows 31 cols 97; kubectl --kubeconfig ${kanari.kubeconfig} exec -it box -- sh -c 'until test "$(stty size)" = "31 97"; do sleep 0.05; done; tty; exit 7'`;
    const child = spawn('script', ['-qec', inner, '/dev/null'], {
      env: { ...process.env, ...env, SHELL: '/bin/sh' },
    });
    child.stdin.write('');
    const [stdout, code] = await Promise.all([text(child.stdout), exitCode(child)]);
    expect(stdout).toContain('/dev/pts/');
    expect(code).toBe(7);
  });

  test('attach: what is written from then on', async () => {
    const child = start(['attach', 'box', '-c', 'first'], env);
    await expect.poll(() => child.output(), { timeout: 10_000 }).toContain('tick\ntick\n');
    child.kill();
    await exitCode(child);
  });

  test('port-forward: a Service, many connections, broken ones', async () => {
    const child = start(['port-forward', 'svc/web', ':80', ':80'], env);
    const ports = () =>
      [...child.output().matchAll(/127\.0\.0\.1:(\d+) -> 5000/g)].map(([, port]) => Number(port));
    await expect.poll(() => ports().length, { timeout: 10_000 }).toBe(2);
    const [first, second] = ports();
    const broken = connect(first!, '127.0.0.1');
    await once(broken, 'connect');
    broken.write('GET / HT');
    broken.resetAndDestroy();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => get(`http://127.0.0.1:${i % 2 ? first : second}/`)),
    );
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    child.kill();
    await exitCode(child);
  });
});

describe('kubectl run', () => {
  test('-i --rm: the input to its end, then the pod is gone', async () => {
    const args = ['run', 'brief-run', '--rm', '-i', '--image=busybox', '--restart=Never', '--', 'cat'];
    const child = start(args);
    child.stdin!.end('hello\n');
    expect(await exitCode(child)).toBe(0);
    expect(child.output()).toContain('hello\n');
    expect((await kanari.kubectl('get', 'pod', 'brief-run')).code).toBe(1);
  });
});

test('run -i: what a program that ends at once has written', async () => {
  const run = (i: number) =>
    kanari.kubectl('run', `echo-${i}`, '-i', '--image=busybox', '--restart=Never', '--', 'echo', 'hi');
  const results = await Promise.all([1, 2, 3, 4].map(run));
  expect(results.map(({ stdout }) => stdout)).toEqual(['hi\n', 'hi\n', 'hi\n', 'hi\n']);
});

test('debug: a container beside those that run, joined and looked at', async () => {
  const args = ['debug', 'box', '--image=busybox', '--profile=general', '-c', 'helper', '-i', '--', 'sh'];
  const child = start(args);
  child.stdin!.end('echo here is $HOSTNAME; exit\n');
  expect(await exitCode(child)).toBe(0);
  expect(child.output()).toContain('here is box\n');
  expect((await kanari.kubectl('logs', 'box', '-c', 'helper')).stdout).toBe('here is box\n');
  expect((await kanari.kubectl('describe', 'pod', 'box')).stdout).toMatch(
    /Ephemeral Containers:\n {2}helper:[\s\S]*State: +Terminated\n +Reason: +Completed/,
  );
});

describe('kubectl cp', () => {
  test('carries a folder there and back', async () => {
    const data = randomBytes(3_000_000);
    await writeFile(join(folder, 'data'), data);
    const copied = join(folder, 'copied');
    expect(await kanari.kubectl('cp', join(folder, 'data'), `box:${copied}`)).toMatchObject({ code: 0 });
    expect(await kanari.kubectl('cp', `box:${copied}`, join(folder, 'back'))).toMatchObject({ code: 0 });
    expect((await readFile(join(folder, 'back'))).equals(data)).toBe(true);
  });
});

describe('100 MB', () => {
  const BYTES = 100_000_000;

  /** Memory of Kanari in bytes. */
  const memory = async () =>
    1024 * Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${kanari.pid}/status`, 'utf8'))?.[1]);

  test('through exec, while a client that does not read holds up nobody', async () => {
    const stuck = start(['exec', 'box', '--', 'cat', '/dev/zero']);
    stuck.stdout!.pause();
    const before = await memory();
    const child = spawn('kubectl', [
      ...['--kubeconfig', kanari.kubeconfig, 'exec', 'box', '--'],
      ...['head', '-c', String(BYTES), '/dev/zero'],
    ]);
    let read = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    expect(await exitCode(child)).toBe(0);
    expect(read).toBe(BYTES);
    expect((await memory()) - before).toBeLessThan(150_000_000);
    stuck.kill();
    await exitCode(stuck);
    await expect
      .poll(
        async () =>
          (await processesMentioning('/dev/zero')).filter(({ command }) => /^\S*cat /.test(command)),
        {
          timeout: 10_000,
        },
      )
      .toEqual([]);
  });
});

describe('@kubernetes/client-node', () => {
  test('Exec', async () => {
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const done = Promise.withResolvers<V1Status>();
    const script = ['sh', '-c', 'cat; echo oops >&2; exit 5'];
    await new Exec(config).exec(
      'default',
      'box',
      'second',
      script,
      stdout,
      stderr,
      stdin,
      false,
      done.resolve,
    );
    stdin.end('hello');
    expect(await done.promise).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '5' }] },
    });
    expect(stdout.read()?.toString()).toBe('hello');
    expect(stderr.read()?.toString()).toBe('oops\n');
  });

  test('Attach', async () => {
    const stdout = new PassThrough();
    const socket = await new Attach(config).attach('default', 'box', 'first', stdout, null, null, false);
    const [chunk] = await once(stdout, 'data');
    expect(chunk.toString()).toContain('tick');
    socket.close();
  });

  test('PortForward', async () => {
    const { items } = await kanari.json<{ items: Pod[] }>('pods', '-l', 'app=web');
    const [input, output] = [new PassThrough(), new PassThrough()];
    const name = items[0]?.metadata?.name ?? '';
    await new PortForward(config).portForward('default', name, [5000], output, null, input);
    input.write('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n');
    let answer = '';
    output.on('data', (chunk) => {
      answer += chunk;
    });
    await expect.poll(() => answer, { timeout: 10_000 }).toContain('"color":"red"');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test('Cp', async () => {
    const source = await mkdtemp(join(folder, 'source-'));
    const target = await mkdtemp(join(folder, 'target-'));
    await writeFile(join(source, 'small'), 'hello');
    await new Cp(config).cpToPod('default', 'box', 'second', source, target);
    await expect
      .poll(() => readFile(join(target, 'small'), 'utf8').catch(() => ''), { timeout: 10_000 })
      .toBe('hello');
  });
});

describe('ends', () => {
  test('a client that is killed takes its command with it', async () => {
    const child = start(['exec', 'box', '--', 'sleep', '98765']);
    const sleeping = async () =>
      (await processesMentioning('98765')).filter(({ command }) => /^\S*sleep /.test(command)).length;
    await expect.poll(sleeping, { timeout: 10_000 }).toBe(1);
    child.kill('SIGKILL');
    await expect.poll(sleeping, { timeout: 10_000 }).toBe(0);
  });

  test('a pod that is deleted ends what was open to it', async () => {
    await kanari.apply(PODS.replace('name: box', 'name: brief'));
    await kanari.kubectl('wait', '--for=condition=Ready', 'pod/brief');
    const forward = start(['port-forward', 'pod/brief', ':5000']);
    const exec = start(['exec', 'brief', '--', 'sleep', '98765']);
    await expect.poll(() => forward.output(), { timeout: 10_000 }).toContain('Forwarding from');
    expect(await kanari.kubectl('delete', 'pod', 'brief')).toMatchObject({ code: 0 });
    expect(await exitCode(exec)).toBe(137);
    expect(await exitCode(forward)).toBe(1);
    expect(forward.output()).toContain('lost connection to pod');
  });

  test('nothing outlives a killed Kanari but the pods', async () => {
    const exec = start(['exec', 'box', '--', 'sleep', '98765']);
    const sleeping = async () =>
      (await processesMentioning('98765')).filter(({ command }) => /^\S*sleep /.test(command)).length;
    await expect.poll(sleeping, { timeout: 10_000 }).toBe(1);
    await kanari.kill9();
    await exitCode(exec);
    await expect.poll(sleeping, { timeout: 10_000 }).toBe(0);
    kanari = await Kanari.up({ stateDir: kanari.stateDir, args: ['--no-example'] });
    expect(await kanari.kubectl('exec', 'box', '--', 'echo', 'back')).toMatchObject({ stdout: 'back\n' });
  });

  test('Ctrl-C ends open sessions', async () => {
    const child = start(['exec', 'box', '--', 'sleep', '98765']);
    await expect
      .poll(async () => (await processesMentioning('98765')).length, { timeout: 10_000 })
      .toBeGreaterThan(1);
    expect(await kanari.stop()).toBe(0);
    expect(await exitCode(child)).not.toBe(0);
  });
});

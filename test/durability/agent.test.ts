import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { killPodProcesses } from '../../src/cluster/node/index.ts';
import { isReady, mainStatus, until } from '../../src/cluster/node/testing/harness.ts';

const AGENT = join(import.meta.dirname, 'agent-process.ts');

let stateDir: string;
let agent: ChildProcess | undefined;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'kanari-crash-'));
});
afterEach(async () => {
  await kill('SIGKILL');
  await killPodProcesses(stateDir);
  await rm(stateDir, { recursive: true, force: true, maxRetries: 3 });
});

/** Starts an agent; resolves when it has said this. */
async function start(word: 'begin' | 'started' = 'started'): Promise<void> {
  agent = spawn(process.execPath, [AGENT, stateDir, '127.72.0.0/16'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const stdout = agent.stdout!;
  await new Promise<void>((resolve) => {
    stdout.on('data', (chunk) => {
      said += chunk;
      if (said.includes(`${word}\n`)) resolve();
    });
  });
}

async function kill(signal: NodeJS.Signals): Promise<void> {
  if (!agent || agent.exitCode !== null || agent.signalCode !== null) return;
  const exited = once(agent, 'exit');
  agent.kill(signal);
  await exited;
}

/** A pod whose program notes each of its starts, says so, and ends with code 7 on SIGUSR1. */
function pod(name: string): Pod {
  // `$$$$`: what Kubernetes makes of `$$` is `$`.
  const script = `trap 'exit 7' USR1; echo $$$$ >> "$OUT"; echo started; while :; do sleep 0.05; done`;
  return {
    metadata: { name, namespace: 'default', uid: randomUUID() },
    spec: {
      nodeName: 'kanari',
      containers: [
        {
          name: 'main',
          image: 'busybox',
          command: ['sh', '-c', script],
          env: [{ name: 'OUT', value: join(stateDir, `${name}.pids`) }],
        },
      ],
    },
  };
}

const writePods = (pods: Pod[]) => writeFileSync(join(stateDir, 'pods.json'), JSON.stringify(pods));
const readPods = () => JSON.parse(readFileSync(join(stateDir, 'pods.json'), 'utf8')) as Pod[];
const find = (name: string) => readPods().find((each) => each.metadata?.name === name)!;
const allReady = () =>
  until(() => readPods().every((each) => isReady(each) && hasStarted(each.metadata!.name!)));
const hasStarted = (name: string) =>
  existsSync(join(stateDir, `${name}.pids`)) && startsOf(name).every((pid) => pid > 0);

function startsOf(name: string): number[] {
  return readFileSync(join(stateDir, `${name}.pids`), 'utf8')
    .trim()
    .split('\n')
    .map(Number);
}

/**
 * Programs of a pod that are alive: processes whose environment names the pod's own file, but for what a program has
 * forked and not yet turned into another.
 */
function aliveOf(name: string): number[] {
  const found = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isProgramOf(pid, name));
  return found.filter((pid) => !found.includes(parentOf(pid)));
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

function isProgramOf(pid: number, name: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    return (
      command.includes('exit 7') && !command.includes('kanari-shim') && environment.includes(`${name}.pids`)
    );
  } catch {
    return false;
  }
}

describe.runIf(process.platform === 'linux')('an agent killed with SIGKILL', () => {
  it('leaves its pods running, and the next one takes them over as they are', async () => {
    writePods([pod('a'), pod('b')]);
    await start();
    await allReady();
    const before = [startsOf('a'), startsOf('b')];
    await kill('SIGKILL');
    expect([aliveOf('a'), aliveOf('b')]).toEqual(before);
    await start();
    await allReady();
    expect([startsOf('a'), startsOf('b')]).toEqual(before);
    expect(mainStatus(find('a'))?.restartCount).toBe(0);
  });

  it('learns how a program ended meanwhile, and ends what belongs to no pod any more', async () => {
    writePods([pod('a'), pod('b')]);
    await start();
    await allReady();
    const [first] = startsOf('a');
    await kill('SIGKILL');
    process.kill(first!, 'SIGUSR1');
    await until(() => aliveOf('a').length === 0);
    writePods(readPods().filter(({ metadata }) => metadata?.name === 'a'));
    await start();
    await until(() => mainStatus(find('a'))?.restartCount === 1 && isReady(find('a')));
    expect(mainStatus(find('a'))?.lastState?.terminated).toMatchObject({ exitCode: 7, reason: 'Error' });
    // Without a probe a pod is ready before its program has said anything.
    await until(() => startsOf('a').length === 2);
    expect(aliveOf('a')).toEqual([startsOf('a')[1]]);
    await until(() => aliveOf('b').length === 0);
  });

  it('neither loses nor doubles a program, whenever it is killed', async () => {
    writePods([pod('a'), pod('b'), pod('c')]);
    for (let delayMs = 0; delayMs <= 60; delayMs += 10) {
      await start('begin');
      await sleep(delayMs);
      await kill('SIGKILL');
    }
    await start();
    await allReady();
    for (const name of ['a', 'b', 'c']) {
      expect(aliveOf(name), name).toHaveLength(1);
      expect(startsOf(name), name).toEqual(aliveOf(name));
    }
  }, 30_000);

  it('ended in order, stops all programs within moments, keeps the pods and runs them again', async () => {
    writePods([pod('a'), pod('b')]);
    await start();
    await allReady();
    await kill('SIGTERM');
    expect([...aliveOf('a'), ...aliveOf('b')]).toEqual([]);
    expect(readPods()).toHaveLength(2);
    await start();
    await until(() => readPods().every((each) => mainStatus(each)?.restartCount === 1 && isReady(each)));
    await until(() => startsOf('a').length === 2);
    expect(aliveOf('a')).toHaveLength(1);
  });
});

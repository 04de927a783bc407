import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Experiments, Rollouts } from '../../api/index.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { experiment, rollout } from '../testing/objects.ts';
import { type Ran, run } from '../testing/run.ts';

const canary = (steps: number) => ({
  strategy: { canary: { steps: Array.from({ length: steps }, (_, i) => ({ setWeight: (i + 1) * 30 })) } },
});

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
});
afterEach(() => cluster[Symbol.asyncDispose]());

const list = (...args: string[]) => run(['list', ...args], { cluster });

function addThree(): void {
  cluster.add(
    Rollouts,
    rollout('billing', {
      spec: { strategy: { canary: null, blueGreen: { activeService: 'a' } } as never },
      status: { phase: 'Paused', readyReplicas: 4, replicas: 4, updatedReplicas: 2, availableReplicas: 2 },
    }),
    rollout('checkout', {
      spec: { replicas: 3, ...canary(5) },
      status: {
        phase: 'Paused',
        currentStepIndex: 0,
        readyReplicas: 3,
        replicas: 3,
        updatedReplicas: 1,
        availableReplicas: 3,
      },
    }),
    rollout('search', { spec: { strategy: {} } as never, status: { phase: 'Progressing' } }),
  );
  cluster.change(Rollouts, 'search', {
    spec: { strategy: { canary: null } },
    status: { observedGeneration: '9' },
  });
}

describe('list rollouts', () => {
  it('CLI-053 CLI-055 prints the columns', async () => {
    addThree();
    const { stdout, stderr, code } = await list('rollouts');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(`\n${stdout}`).toBe(`
NAME        STRATEGY   STATUS        STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE
billing     BlueGreen  Paused        -     -           4/4    2        2           2
checkout    Canary     Paused        0/5   30          3/3    3        1           3
search      unknown    Progressing   -     -           0/0    2        0           0
`);
  });

  it('CLI-053 -A and --timestamps add their columns', async () => {
    addThree();
    const { stdout } = await list('ro', '-A', '--timestamps', '--name', 'checkout');
    expect(`\n${stdout}`).toBe(`
TIMESTAMP             NAMESPACE  NAME        STRATEGY   STATUS        STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE
2026-03-02T09:14:07Z  shop       checkout    Canary     Paused        0/5   30          3/3    3        1           3
`);
    expect(cluster.requests[0]).toMatchObject({
      path: '/apis/argoproj.io/v1alpha1/rollouts',
      query: { fieldSelector: 'metadata.name=checkout' },
    });
  });

  it('CLI-054 nothing to list', async () => {
    expect(await list('rollouts')).toEqual({ code: 0, stdout: '', stderr: 'No resources found.\n' });
  });

  it('CLI-056 -w prints one row for each change that shows', async () => {
    addThree();
    const { stdout } = await watching(async (seen) => {
      await seen('search');
      cluster.change(Rollouts, 'checkout', { metadata: { labels: { irrelevant: 'yes' } } });
      cluster.change(Rollouts, 'checkout', { status: { phase: 'Progressing' } });
      await seen('Progressing   0/5');
      cluster.remove(Rollouts, 'checkout');
      cluster.change(Rollouts, 'billing', { status: { phase: 'Healthy' } });
      await seen('Healthy');
    });
    expect(stdout.split('\n').slice(4)).toEqual([
      'checkout    Canary     Progressing   0/5   30          3/3    3        1           3',
      'billing     BlueGreen  Healthy       -     -           4/4    2        2           2',
      '',
    ]);
  });

  it('CLI-054 -w of nothing prints the header only', async () => {
    const { stdout, stderr } = await watching((seen) => seen('NAME'));
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).toBe('');
  });

  it('CLI-057 an expired watch begins with a new list', async () => {
    addThree();
    const { stdout } = await watching(async (seen) => {
      await seen('search');
      cluster.refuse({ path: '/apis', code: 410, reason: 'Expired', message: 'too old', times: 1 });
      cluster.endWatches();
      cluster.change(Rollouts, 'billing', { status: { phase: 'Healthy' } });
      await seen('Healthy');
    });
    expect(stdout).toContain('\nbilling     BlueGreen  Healthy ');
  });

  it('CLI-057 seven failures in a row end the watch', async () => {
    addThree();
    const ran = watching(async (seen) => {
      await seen('search');
      cluster.refuse({ path: '/apis', code: 500, reason: 'InternalError', message: 'on fire' });
      cluster.endWatches();
      return await new Promise(() => {});
    });
    const { code, stderr } = await ran;
    expect(code).toBe(1);
    expect(stderr.match(/Warning: watching rollouts: on fire; trying again/g)).toHaveLength(6);
    expect(stderr).toMatch(/Error: on fire\n$/);
  });

  /** Runs the watch until the script is through. */
  async function watching(script: (seen: (text: string) => Promise<void>) => Promise<unknown>): Promise<Ran> {
    const interruption = new AbortController();
    let printed = '';
    let wake = () => {};
    const seen = async (text: string) => {
      while (!printed.includes(text)) await new Promise<void>((resolve) => (wake = resolve));
    };
    const ran = run(['list', 'rollouts', '-w'], {
      cluster,
      signal: interruption.signal,
      onOutput: (all) => {
        printed = all;
        wake();
      },
    });
    void script(seen).then(() => interruption.abort());
    return await ran;
  }
});

describe('list experiments', () => {
  it('CLI-058 prints durations, and - where there is none', async () => {
    cluster.add(
      Experiments,
      experiment(undefined, 'search-84f6d7b9c5-2-0', {
        spec: { duration: '20m' },
        status: { availableAt: '2026-03-02T09:12:37Z' },
      }),
      experiment(undefined, 'soak-test', {
        metadata: { creationTimestamp: '2026-02-28T04:14:07Z' as never },
        status: { phase: 'Successful', availableAt: '2026-03-02T09:12:37Z' },
      }),
    );
    expect(`\n${(await list('exp')).stdout}`).toBe(`
NAME                   STATUS      DURATION  REMAINING  AGE
search-84f6d7b9c5-2-0  Running     20m       18m        95s
soak-test              Successful  -         -          2d5h
`);
  });
});

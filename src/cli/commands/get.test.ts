import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AnalysisRuns, Experiments, Pods, ReplicaSets, Rollouts } from '../../api/index.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { analysisRun, experiment, pod, replicaSet, rollout } from '../testing/objects.ts';
import { type Ran, type RunOptions, run } from '../testing/run.ts';

let cluster: FakeCluster;
const owner = rollout('r', { status: { stableRS: 'a', availableReplicas: 1, phase: 'Healthy' } });
const set = replicaSet(owner, 'a', { revision: 1 });
beforeEach(async () => {
  cluster = await fakeCluster();
  cluster.add(Rollouts, owner, rollout('other'));
  cluster.add(ReplicaSets, set, replicaSet(rollout('other'), 'z'));
  cluster.add(Pods, pod(set, 'p'));
  cluster.add(AnalysisRuns, analysisRun(owner, 'run', { revision: 1 }));
});
afterEach(() => cluster[Symbol.asyncDispose]());

const get = (args: string[], options: RunOptions = {}) => run(['get', ...args], { cluster, ...options });

describe('get rollout', () => {
  it('shows what belongs to it, and asks for no more than it needs', async () => {
    const { code, stdout, stderr } = await get(['ro', 'r']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('□ r-a-p');
    expect(stdout).toContain('α r-run');
    expect(stdout).not.toContain('other');
    const asked = cluster.requests.map(({ path, query }) => [path.split('/').at(-1), query]);
    expect(asked).toContainEqual(['rollouts', { fieldSelector: 'metadata.name=r' }]);
    expect(asked).toContainEqual(['replicasets', { labelSelector: 'app=r' }]);
    expect(asked).toContainEqual(['pods', { labelSelector: 'app=r' }]);
  });

  it('CLI-008 a missing rollout is named in the singular', async () => {
    expect(await get(['rollout', 'x'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: rollout.argoproj.io "x" not found\n',
    });
  });

  it('CLI-078 a missing experiment, too', async () => {
    expect((await get(['experiment', 'x'])).stderr).toBe('Error: experiment.argoproj.io "x" not found\n');
  });

  it("finds an experiment's pods by the selectors of its templates", async () => {
    const trial = experiment(owner, 'trial', {
      spec: { templates: [{ name: 't', selector: { matchLabels: { app: 'trial' } }, template: {} }] },
    });
    const ofTrial = replicaSet(trial, 't');
    cluster.add(Experiments, trial);
    cluster.add(ReplicaSets, ofTrial);
    cluster.add(Pods, pod(ofTrial, 'p'));
    expect((await get(['rollout', 'r'])).stdout).toContain('□ trial-t-p');
    expect((await get(['exp', 'trial'])).stdout).toContain('□ trial-t-p');
  });

  it('CLI-080 what may not be listed is left out and told of', async () => {
    cluster.refuse({
      path: '/api/v1/namespaces/shop/pods',
      code: 403,
      reason: 'Forbidden',
      message: 'pods is forbidden',
    });
    const { code, stdout, stderr } = await get(['rollout', 'r']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'warning: cannot list pods: pods is forbidden\n' });
    expect(stdout).toContain('⧉ r-a');
    cluster.refuse({
      path: '/apis/argoproj.io',
      code: 403,
      reason: 'Forbidden',
      message: 'rollouts is forbidden',
    });
    expect(await get(['rollout', 'r'])).toMatchObject({ code: 1, stderr: 'Error: rollouts is forbidden\n' });
  });

  it.each(['Deployment', 'ReplicaSet', 'PodTemplate', 'Unheard'])(
    'CLI-079 a workloadRef to a missing %s does no harm',
    async (kind) => {
      cluster.add(
        Rollouts,
        rollout('w', { spec: { template: null, workloadRef: { kind, name: 'gone' } } as never }),
      );
      expect(await get(['rollout', 'w'])).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('-o json and -o yaml print what is shown, without what is empty', async () => {
    const json = JSON.parse((await get(['rollout', 'r', '-o', 'json'])).stdout);
    expect(json).toMatchObject({
      status: 'Healthy',
      icon: '✔',
      strategy: 'Canary',
      setWeight: '100',
      desired: 2,
      restartedAt: 'Never',
      replicaSets: [{ revision: 1, stable: true, pods: [{ ready: '1/1', status: 'Running' }] }],
    });
    expect(json).not.toHaveProperty('ready');
    expect(json).not.toHaveProperty('experiments');
    expect(parse((await get(['rollout', 'r', '--output=yaml'])).stdout)).toEqual(json);
    expect((await get(['rollout', 'r', '-o', 'xml'])).stderr).toBe(
      'Error: invalid argument "xml" for "-o, --output" flag: must be one of json, yaml\n',
    );
  });

  it('CLI-076 no escape codes in a pipe, colours on a terminal', async () => {
    expect((await get(['rollout', 'r'])).stdout).not.toContain('\u001b');
    const terminal = { columns: 200, rows: 50 };
    expect((await get(['rollout', 'r'], { terminal })).stdout).toContain('\u001b[32m✔\u001b[0m');
    expect((await get(['rollout', 'r', '--no-color'], { terminal })).stdout).not.toContain('\u001b');
    expect((await get(['rollout', 'r', '--color=always'])).stdout).toContain('\u001b[32m');
  });
});

describe('get rollout -w', () => {
  const terminal = { columns: 200, rows: 50 };

  it('CLI-077 shows changes until it is interrupted, then leaves the last frame', async () => {
    const { code, stdout, stderr } = await watching(
      ['rollout', 'r', '-w', '--no-color'],
      { terminal },
      async (seen) => {
        await seen('✔ Healthy');
        cluster.change(Rollouts, 'r', { status: { phase: 'Paused', message: 'CanaryPauseStep' } });
        await seen('॥ Paused');
        cluster.add(Pods, pod(set, 'late'));
        await seen('r-a-late');
      },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.startsWith('\u001b[?1049h')).toBe(true);
    const left = stdout.split('\u001b[?1049l')[1] ?? '';
    expect(left).toContain('॥ Paused');
    expect(left).toContain('r-a-late');
  });

  it('CLI-077 redraws each second, so that ages grow', async () => {
    let now = Date.parse('2026-03-02T09:14:07Z');
    const { stdout } = await watching(
      ['rollout', 'r', '-w', '--no-color'],
      { terminal, now: () => now },
      async (seen) => {
        await seen('60s');
        now += 1000;
        await seen('61s');
      },
    );
    expect(stdout).toContain('61s');
  });

  it('CLI-077 --timeout-seconds ends it with 0', async () => {
    expect(await get(['rollout', 'r', '-w', '--timeout-seconds', '1'])).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('in a pipe prints a frame for each change, without escape codes', async () => {
    const { stdout } = await watching(['rollout', 'r', '-w'], {}, async (seen) => {
      await seen('✔ Healthy');
      cluster.change(Rollouts, 'r', { status: { phase: 'Paused', message: 'CanaryPauseStep' } });
      await seen('॥ Paused');
    });
    expect(stdout).not.toContain('\u001b');
    expect(stdout.match(/^Name: /gm)).toHaveLength(2);
  });

  it('a frame that does not fit is cut, but not when it is left behind', async () => {
    const rows = 12;
    const { stdout } = await watching(['rollout', 'r', '-w'], { terminal: { columns: 200, rows } }, (seen) =>
      seen('more lines'),
    );
    const [frame = '', left = ''] = stdout.split('\u001b[?1049l');
    expect(frame.split('\n').length).toBeLessThanOrEqual(rows);
    expect(left).toContain('α');
  });

  it('ends with not found when the rollout is deleted', async () => {
    const ran = await watching(['rollout', 'r', '-w'], {}, async (seen) => {
      await seen('✔ Healthy');
      cluster.remove(Rollouts, 'r');
      await new Promise(() => {});
    });
    expect(ran).toMatchObject({ code: 1, stderr: 'Error: rollout.argoproj.io "r" not found\n' });
  });

  async function watching(
    args: string[],
    options: RunOptions,
    script: (seen: (text: string) => Promise<void>) => Promise<unknown>,
  ): Promise<Ran> {
    const interruption = new AbortController();
    let printed = '';
    let wake = () => {};
    const seen = async (text: string) => {
      while (!printed.includes(text)) await new Promise<void>((resolve) => (wake = resolve));
    };
    const ran = get(args, {
      ...options,
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

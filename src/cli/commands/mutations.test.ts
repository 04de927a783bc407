import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnalysisRuns, Experiments, Rollouts } from '../../api/index.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { analysisRun, experiment, rollout } from '../testing/objects.ts';
import { run } from '../testing/run.ts';

const API = '/apis/argoproj.io/v1alpha1/namespaces/shop';
const MERGE = 'application/merge-patch+json';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
  cluster.add(Rollouts, rollout('a'), rollout('b'));
});
afterEach(() => cluster[Symbol.asyncDispose]());

const kubectl = (...args: string[]) => run(args, { cluster });

describe('abort and retry', () => {
  it('CLI-011 abort patches the status and says so', async () => {
    expect(await kubectl('abort', 'a')).toEqual({ code: 0, stdout: "rollout 'a' aborted\n", stderr: '' });
    expect(cluster.writes()).toEqual([
      {
        method: 'PATCH',
        path: `${API}/rollouts/a/status`,
        contentType: MERGE,
        body: { status: { abort: true } },
      },
    ]);
  });

  it('CLI-010 abort acts in order and stops at the first failure', async () => {
    expect(await kubectl('abort', 'a', 'b')).toMatchObject({
      code: 0,
      stdout: "rollout 'a' aborted\nrollout 'b' aborted\n",
    });
    cluster.requests.length = 0;
    const { code, stdout, stderr } = await kubectl('abort', 'missing', 'b');
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: rollouts.argoproj.io "missing" not found\n',
    });
    expect(cluster.requests.some(({ path }) => path.includes('/rollouts/b'))).toBe(false);
  });

  it.each([
    ['abort', ['abort', 'a'], { status: { abort: true } }],
    ['retry', ['retry', 'rollout', 'a'], { status: { abort: false } }],
  ])('CLI-012 %s falls back to the object itself on 404 only', async (_, args, body) => {
    cluster.refuse({
      path: `${API}/rollouts/a/status`,
      code: 404,
      reason: 'NotFound',
      message: 'gone',
      times: 1,
    });
    expect((await kubectl(...args)).code).toBe(0);
    expect(cluster.writes().at(-1)).toEqual({
      method: 'PATCH',
      path: `${API}/rollouts/a`,
      contentType: MERGE,
      body,
    });
    cluster.requests.length = 0;
    cluster.refuse({ path: `${API}/rollouts/a/status`, code: 403, reason: 'Forbidden', message: 'not you' });
    expect(await kubectl(...args)).toEqual({ code: 1, stdout: '', stderr: 'Error: not you\n' });
    expect(cluster.writes()).toHaveLength(1);
  });

  it('warns when an abort or a retry can have no effect', async () => {
    cluster.add(Rollouts, rollout('done', { status: { currentPodHash: 'x', stableRS: 'x' } }));
    expect(await kubectl('abort', 'done')).toMatchObject({
      code: 0,
      stdout: "rollout 'done' aborted\n",
      stderr: "Warning: rollout 'done' is fully promoted; there is no update to abort\n",
    });
    expect((await kubectl('retry', 'rollout', 'a')).stderr).toBe(
      "Warning: rollout 'a' was not aborted; there is nothing to retry\n",
    );
    cluster.add(Rollouts, rollout('aborted', { status: { abort: true, abortedAt: '2026-03-02T09:00:00Z' } }));
    expect(await kubectl('retry', 'rollouts', 'aborted')).toEqual({
      code: 0,
      stdout: "rollout 'aborted' retried\n",
      stderr: '',
    });
  });

  it('CLI-013 retry experiment wipes the status', async () => {
    cluster.add(Experiments, experiment(undefined, 'x'));
    expect(await kubectl('retry', 'exp', 'x')).toEqual({
      code: 0,
      stdout: "experiment 'x' retried\n",
      stderr: '',
    });
    expect(cluster.writes()).toEqual([
      { method: 'PATCH', path: `${API}/experiments/x`, contentType: MERGE, body: { status: null } },
    ]);
  });
});

describe('pause, restart, terminate', () => {
  it('CLI-014 pause', async () => {
    expect((await kubectl('pause', 'a')).stdout).toBe("rollout 'a' paused\n");
    expect(cluster.writes()).toMatchObject([
      { path: `${API}/rollouts/a`, contentType: MERGE, body: { spec: { paused: true } } },
    ]);
  });

  it.each([
    [[], '2026-03-02T09:14:07Z', '0s'],
    [['--in', '10m'], '2026-03-02T09:24:07Z', '10m'],
    [['-i', '-1h'], '2026-03-02T08:14:07Z', '-1h'],
  ])('CLI-015 restart %j', async (flags, restartAt, shown) => {
    expect((await kubectl('restart', 'a', ...flags)).stdout).toBe(`rollout 'a' restarts in ${shown}\n`);
    expect(cluster.writes()).toMatchObject([{ path: `${API}/rollouts/a`, body: { spec: { restartAt } } }]);
  });

  it.each(['junk', '10', ''])('CLI-016 restart --in %j is refused before any request', async (junk) => {
    expect(await kubectl('restart', 'a', '--in', junk)).toEqual({
      code: 1,
      stdout: '',
      stderr: `Error: invalid duration ${JSON.stringify(junk)}\n`,
    });
    expect(cluster.requests).toEqual([]);
  });

  it('CLI-017 terminate', async () => {
    cluster.add(AnalysisRuns, analysisRun(rollout('a'), 'r'));
    cluster.add(Experiments, experiment(undefined, 'x'));
    expect((await kubectl('terminate', 'ar', 'a-r')).stdout).toBe("analysisRun 'a-r' terminated\n");
    expect((await kubectl('terminate', 'experiments', 'x')).stdout).toBe("experiment 'x' terminated\n");
    expect(cluster.writes()).toMatchObject([
      { path: `${API}/analysisruns/a-r`, contentType: MERGE, body: { spec: { terminate: true } } },
      { path: `${API}/experiments/x`, contentType: MERGE, body: { spec: { terminate: true } } },
    ]);
  });

  it('CLI-008 a missing object is named in the plural', async () => {
    expect((await kubectl('pause', 'x')).stderr).toBe('Error: rollouts.argoproj.io "x" not found\n');
    expect((await kubectl('terminate', 'ar', 'x')).stderr).toBe(
      'Error: analysisruns.argoproj.io "x" not found\n',
    );
  });

  it('CLI-005 works in the namespace that is given', async () => {
    await kubectl('pause', 'a', '-n', 'elsewhere');
    expect(cluster.requests[0]?.path).toBe('/apis/argoproj.io/v1alpha1/namespaces/elsewhere/rollouts/a');
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Rollouts } from '../../api/index.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { rollout } from '../testing/objects.ts';
import { run } from '../testing/run.ts';

const API = '/apis/argoproj.io/v1alpha1/namespaces/shop';
const STATUS = `${API}/rollouts/r/status`;
const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }, { pause: {} }, { setWeight: 80 }];
const paused = [{ reason: 'CanaryPauseStep' as const, startTime: '2026-03-02T09:00:00Z' }];

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
});
afterEach(() => cluster[Symbol.asyncDispose]());

const promote = (...flags: string[]) => run(['promote', 'r', ...flags], { cluster });
/** The writes without the precondition, which every status patch carries. */
const sent = () =>
  cluster.writes().map(({ path, body }) => {
    const { metadata: _, ...rest } = body as { metadata?: unknown };
    return { path, body: rest };
  });
const updating = { currentPodHash: 'new', stableRS: 'old' };

const add = (status: object, spec: object = {}) =>
  cluster.add(
    Rollouts,
    rollout('r', { spec: { strategy: { canary: { steps } }, ...spec }, status: { ...updating, ...status } }),
  );

describe('promote', () => {
  it('CLI-018 ends a pause, and the step stays', async () => {
    add({ currentStepIndex: 1, pauseConditions: paused, controllerPause: true });
    expect(await promote()).toEqual({ code: 0, stdout: "rollout 'r' promoted\n", stderr: '' });
    expect(sent()).toEqual([{ path: STATUS, body: { status: { pauseConditions: null } } }]);
  });

  it.each([
    ['CLI-019', 2, 3],
    ['CLI-020', 5, 5],
    ['CLI-019', undefined, 1],
  ])('%s without a pause skips from step %s to %s', async (_, index, next) => {
    add(index === undefined ? {} : { currentStepIndex: index });
    await promote();
    expect(sent()).toEqual([
      { path: STATUS, body: { status: { pauseConditions: null, currentStepIndex: next } } },
    ]);
  });

  it('CLI-021 an inconclusive step analysis is skipped', async () => {
    add({
      currentStepIndex: 1,
      pauseConditions: paused,
      controllerPause: true,
      canary: { currentStepAnalysisRunStatus: { name: 'x', status: 'Inconclusive' } },
    });
    await promote();
    expect(sent()[0]?.body).toEqual({
      status: { pauseConditions: null, controllerPause: false, currentStepIndex: 2 },
    });
  });

  it('CLI-022 a manual pause is ended, too, and alone costs no step', async () => {
    add({ currentStepIndex: 1, pauseConditions: paused }, { paused: true });
    await promote();
    expect(sent()).toEqual([
      { path: STATUS, body: { status: { pauseConditions: null } } },
      { path: `${API}/rollouts/r`, body: { spec: { paused: false } } },
    ]);
    cluster.requests.length = 0;
    cluster.change(Rollouts, 'r', { spec: { paused: true } });
    await promote();
    expect(sent()).toEqual([{ path: `${API}/rollouts/r`, body: { spec: { paused: false } } }]);
  });

  it.each([{ canary: {} }, { blueGreen: { activeService: 's' }, canary: null }])(
    'CLI-023 nothing is sent for %j',
    async (strategy) => {
      cluster.add(Rollouts, rollout('r', { spec: { strategy } as never, status: updating }));
      expect((await promote()).stdout).toBe("rollout 'r' promoted\n");
      expect(cluster.writes()).toEqual([]);
    },
  );

  it('CLI-024 --full', async () => {
    add({ currentStepIndex: 1 }, { paused: true });
    expect((await promote('--full')).stdout).toBe("rollout 'r' fully promoted\n");
    expect(sent()).toEqual([
      { path: STATUS, body: { status: { promoteFull: true } } },
      { path: `${API}/rollouts/r`, body: { spec: { paused: false } } },
    ]);
  });

  it('CLI-024 --full of the stable version sends nothing and says so', async () => {
    add({ currentStepIndex: 5, stableRS: 'new' });
    expect(await promote('--full')).toEqual({
      code: 0,
      stdout: "rollout 'r' fully promoted\n",
      stderr: "Warning: rollout 'r' already runs the desired version; there is nothing to promote\n",
    });
    expect(cluster.writes()).toEqual([]);
  });

  it('CLI-024 --full waits until the controller has seen the newest spec', async () => {
    add({ currentStepIndex: 5, stableRS: 'new' });
    cluster.change(Rollouts, 'r', { spec: { replicas: 3 } });
    cluster.onRequest = ({ query }) => {
      if (!query.watch) return;
      setImmediate(() =>
        cluster.change(Rollouts, 'r', { status: { observedGeneration: '2', currentPodHash: 'newer' } }),
      );
    };
    expect(await promote('--full')).toMatchObject({ code: 0, stderr: '' });
    expect(sent()).toEqual([{ path: STATUS, body: { status: { promoteFull: true } } }]);
  });

  it('CLI-025 without a status sub-resource one patch does all', async () => {
    add({ currentStepIndex: 2 }, { paused: false });
    cluster.refuse({ path: STATUS, code: 404, reason: 'NotFound', message: 'no such thing' });
    await promote();
    expect(sent()[1]).toEqual({
      path: `${API}/rollouts/r`,
      body: { spec: { paused: false }, status: { pauseConditions: null, currentStepIndex: 3 } },
    });
  });

  it('CLI-026 refuses skip flags that do not fit', async () => {
    add({});
    expect(await promote('--skip-current-step', '-a')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /Error: Cannot use skip-current-step and skip-all-steps flags at the same time\n$/,
      ),
    });
    expect(cluster.requests).toEqual([]);
    cluster.add(
      Rollouts,
      rollout('r', { spec: { strategy: { canary: null, blueGreen: { activeService: 's' } } as never } }),
    );
    expect((await promote('-c')).stderr).toContain(
      'Error: Cannot skip steps of a bluegreen rollout. Run without a flags\n',
    );
    cluster.add(Rollouts, rollout('r'));
    expect((await promote('-c')).stderr).toContain('Error: Cannot skip steps of a rollout without steps\n');
  });

  it('CLI-027 deprecated flags work, tell of it, and are not in the help', async () => {
    add({ currentStepIndex: 2 });
    const { stderr } = await promote('--skip-all-steps');
    expect(stderr).toBe('Flag --skip-all-steps has been deprecated, use --full instead\n');
    expect(sent()).toEqual([{ path: STATUS, body: { status: { currentStepIndex: 5 } } }]);
    expect((await promote('-c')).stderr).toMatch(
      /^Flag shorthand -c has been deprecated, use without the flag/,
    );
    expect((await run(['promote', '--help'])).stdout).not.toContain('--skip-');
  });

  it('CLI-028 a step that has moved on is neither moved back nor skipped', async () => {
    add({ currentStepIndex: 2 });
    let interfered = false;
    cluster.onRequest = ({ method }) => {
      if (method !== 'PATCH' || interfered) return;
      interfered = true;
      cluster.change(Rollouts, 'r', { status: { currentStepIndex: 3, pauseConditions: paused } });
    };
    expect(await promote()).toMatchObject({ code: 0, stdout: "rollout 'r' promoted\n" });
    expect(cluster.get(Rollouts, 'r').status).toMatchObject({ currentStepIndex: 3 });
    expect(cluster.get(Rollouts, 'r').status?.pauseConditions).toBeUndefined();
  });

  it('warns when the rollout is aborted', async () => {
    add({ currentStepIndex: 0, abort: true });
    expect((await promote()).stderr).toBe(
      "Warning: rollout 'r' is aborted; use retry to start its update again\n",
    );
  });
});

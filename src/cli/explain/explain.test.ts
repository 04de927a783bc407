import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnalysisRuns, Pods, ReplicaSets, Rollouts } from '../../api/index.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { analysisRun, pod, replicaSet, rollout } from '../testing/objects.ts';
import { run } from '../testing/run.ts';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
});
afterEach(() => cluster[Symbol.asyncDispose]());

const explain = (name = 'r') => run(['explain', name], { cluster });
/** The text behind a label. */
const said = (stdout: string, label: string) =>
  new RegExp(`^${label}: +(.*(?:\\n {11}.*)*)`, 'm').exec(stdout)?.[1]?.replaceAll(/\n +/g, '\n');

describe('explain', () => {
  it('tells what keeps a rollout, changes nothing', async () => {
    const broken = rollout('r', {
      spec: { strategy: { canary: { steps: [{ setWeight: 50 }, { pause: { duration: '10m' } }] } } },
      status: { phase: 'Progressing', message: 'more replicas need to be updated', currentStepIndex: 0 },
    });
    const set = replicaSet(broken, 'a', { revision: 1, replicas: 2 });
    const pods = ['x', 'y'].map((suffix) => pod(set, suffix));
    for (const each of pods) {
      Object.assign(each.status?.containerStatuses?.[0] ?? {}, {
        ready: false,
        state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } },
      });
    }
    cluster.add(Rollouts, broken);
    cluster.add(ReplicaSets, set);
    cluster.add(Pods, ...pods);
    const { code, stdout, stderr } = await explain();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(said(stdout, 'Rollout')).toBe('shop/r');
    expect(said(stdout, 'Phase')).toBe('Progressing - more replicas need to be updated');
    expect(said(stdout, 'Step')).toBe('0/2  setWeight 50');
    expect(said(stdout, 'Pods')).toBe('r-a-x and 1 more: ImagePullBackOff, ready 0/1: no such image');
    expect(said(stdout, 'Next')).toBeDefined();
    expect(cluster.writes()).toEqual([]);
  });

  it('tells how the current analysis does', async () => {
    const owner = rollout('r', {
      status: { canary: { currentBackgroundAnalysisRunStatus: { name: 'r-run', status: 'Running' } } },
    });
    cluster.add(Rollouts, owner);
    cluster.add(
      AnalysisRuns,
      analysisRun(owner, 'run', {
        status: {
          phase: 'Running',
          metricResults: [
            {
              name: 'rate',
              phase: 'Running',
              successful: 3,
              failed: 1,
              measurements: [{ phase: 'Failed', value: '"nok"' }],
            },
          ],
        },
      }),
    );
    expect(said((await explain()).stdout, 'Analysis')).toBe(
      'r-run, metric rate is Running: 3 successful, 1 failed (failureLimit 0); last measured "nok"',
    );
  });

  it('CLI-080 goes on without what may not be read', async () => {
    cluster.add(Rollouts, rollout('r'));
    cluster.refuse({
      path: '/api/v1/namespaces/shop/services',
      code: 403,
      reason: 'Forbidden',
      message: 'no',
    });
    expect(await explain()).toMatchObject({ code: 0, stderr: 'Warning: cannot list services: no\n' });
  });

  it('CLI-008 a missing rollout', async () => {
    expect(await explain('x')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: rollout.argoproj.io "x" not found\n',
    });
  });
});

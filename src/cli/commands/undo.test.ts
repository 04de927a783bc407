import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Deployments, ReplicaSets, Rollouts } from '../../api/index.ts';
import { PodTemplates } from '../objects/workload.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { replicaSet, rollout } from '../testing/objects.ts';
import { run } from '../testing/run.ts';

const API = '/apis/argoproj.io/v1alpha1/namespaces/shop';
const owner = rollout('r', {
  spec: { template: { spec: { containers: [{ name: 'app', image: 'app:31' }] } } } as never,
});
const revision = (number: number, options: object = {}) =>
  replicaSet(owner, `h${number}`, { revision: number, image: `app:${number}`, ...options });

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
  cluster.add(Rollouts, owner);
  cluster.add(ReplicaSets, revision(30), revision(31), revision(29));
});
afterEach(() => cluster[Symbol.asyncDispose]());

const undo = (...flags: string[]) => run(['undo', 'r', ...flags], { cluster });
const patched = () => cluster.writes()[0];

describe('undo', () => {
  it('CLI-034 restores the second highest revision without the hash label', async () => {
    expect(await undo()).toEqual({ code: 0, stdout: "rollout 'r' undo\n", stderr: '' });
    expect(patched()).toEqual({
      method: 'PATCH',
      path: `${API}/rollouts/r`,
      contentType: 'application/json-patch+json',
      body: [
        {
          op: 'replace',
          path: '/spec/template',
          value: {
            metadata: { labels: { app: 'r' } },
            spec: { containers: [{ name: 'app', image: 'app:30' }] },
          },
        },
      ],
    });
    expect(cluster.requests.find(({ path }) => path.endsWith('/replicasets'))?.query).toEqual({
      labelSelector: 'app=r',
    });
  });

  it('CLI-035 --to-revision', async () => {
    await undo('--to-revision=29');
    expect(JSON.stringify(patched()?.body)).toContain('app:29');
    expect(await undo('--to-revision=1')).toMatchObject({
      code: 1,
      stderr: 'Error: unable to find specified revision 1 in history\n',
    });
    expect((await undo('--to-revision', 'x')).stderr).toBe(
      'Error: invalid argument "x" for "--to-revision" flag: strconv.ParseInt: parsing "x": invalid syntax\n',
    );
  });

  it('CLI-036 an equal template is skipped', async () => {
    expect(await undo('--to-revision=31')).toEqual({
      code: 0,
      stdout: 'skipped rollback (current template already matches revision 31)\n',
      stderr: '',
    });
    expect(cluster.writes()).toEqual([]);
  });

  it('CLI-037 without an earlier revision', async () => {
    cluster.remove(ReplicaSets, 'r-h30');
    cluster.remove(ReplicaSets, 'r-h29');
    expect((await undo()).stderr).toBe('Error: no revision found for rollout "r"\n');
    expect((await undo('--to-revision', '-2')).stderr).toBe('Error: no revision found for rollout "r"\n');
  });

  it.each([
    ['Deployment', Deployments, '/apis/apps/v1/namespaces/shop/deployments/w', '/spec/template'],
    ['ReplicaSet', ReplicaSets, '/apis/apps/v1/namespaces/shop/replicasets/w', '/spec/template'],
    ['PodTemplate', PodTemplates, '/api/v1/namespaces/shop/podtemplates/w', '/template'],
  ])('CLI-038 a %s is restored in its place', async (kind, type, path, pointer) => {
    cluster.add(
      Rollouts,
      rollout('r', { spec: { template: null, workloadRef: { kind, name: 'w' } } as never }),
    );
    cluster.add(type, { metadata: { name: 'w' }, spec: { template: {} }, template: {} } as never);
    await undo();
    expect(patched()).toMatchObject({ path, body: [{ op: 'replace', path: pointer }] });
  });

  it('CLI-038 other workloads are refused', async () => {
    cluster.add(
      Rollouts,
      rollout('r', { spec: { template: null, workloadRef: { kind: 'Job', name: 'w' } } as never }),
    );
    expect((await undo()).stderr).toBe(
      'Error: failed restoring revision 30: workload of type Job is not supported\n',
    );
  });

  it('CLI-039 ignores ReplicaSets of others and revisions that are no numbers', async () => {
    const foreign = replicaSet(rollout('other'), 'x', { revision: 40, labels: { app: 'r' } });
    const odd = revision(50, { annotations: { 'rollout.argoproj.io/revision': 'fifty' } });
    cluster.add(ReplicaSets, foreign, odd);
    await undo();
    expect(JSON.stringify(patched()?.body)).toContain('app:30');
  });

  it('leaves out what the controller has injected', async () => {
    const set = revision(30, {
      annotations: { 'rollout.argoproj.io/ephemeral-metadata': '{"labels":{"role":"stable"}}' },
    });
    Object.assign(set.spec?.template?.metadata?.labels ?? {}, { role: 'stable' });
    cluster.add(ReplicaSets, set);
    await undo();
    expect(patched()?.body).toMatchObject([{ value: { metadata: { labels: { app: 'r' } } } }]);
    expect(JSON.stringify(patched()?.body)).not.toContain('role');
  });

  it('tells what could not be listed or written', async () => {
    cluster.refuse({
      path: '/apis/apps/v1',
      code: 403,
      reason: 'Forbidden',
      message: 'no lists for you',
      times: 1,
    });
    expect((await undo()).stderr).toBe(
      'Error: failed to retrieve replica sets from rollout r: no lists for you\n',
    );
    cluster.refuse({
      path: `${API}/rollouts/r`,
      method: 'PATCH',
      code: 403,
      reason: 'Forbidden',
      message: 'no',
    });
    expect((await undo()).stderr).toBe('Error: failed restoring revision 30: no\n');
  });
});

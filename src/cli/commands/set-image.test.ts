import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Deployments, Rollouts } from '../../api/index.ts';
import { PodTemplates } from '../objects/workload.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { rollout } from '../testing/objects.ts';
import { run } from '../testing/run.ts';

const API = '/apis/argoproj.io/v1alpha1/namespaces/shop';
const template = {
  spec: {
    initContainers: [{ name: 'setup', image: 'setup:1' }],
    containers: [
      { name: 'app', image: 'app:1' },
      { name: 'sidecar', image: 'sidecar:1' },
    ],
    ephemeralContainers: [{ name: 'app', image: 'debug:1' }],
    fieldOfTheFuture: { kept: true },
  },
};

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
  cluster.add(Rollouts, rollout('r', { spec: { template } as never }));
});
afterEach(() => cluster[Symbol.asyncDispose]());

const setImage = (...args: string[]) => run(['set', 'image', ...args], { cluster });
const images = (spec: object | undefined) =>
  Object.values(spec ?? {})
    .filter(Array.isArray)
    .flat()
    .map(({ image }: { image: string }) => image);

describe('set image', () => {
  it('CLI-029 changes the containers of the name in all three lists', async () => {
    expect(await setImage('r', 'app=app:2')).toEqual({
      code: 0,
      stdout: 'rollout "r" image updated\n',
      stderr: '',
    });
    const [put] = cluster.writes();
    expect(put).toMatchObject({ method: 'PUT', path: `${API}/rollouts/r`, contentType: 'application/json' });
    expect(put?.body).toMatchObject({ metadata: { resourceVersion: '101' } });
    const { spec } = cluster.get(Rollouts, 'r').spec.template ?? {};
    expect(spec).toMatchObject({
      initContainers: [{ image: 'setup:1' }],
      containers: [{ image: 'app:2' }, { image: 'sidecar:1' }],
      ephemeralContainers: [{ image: 'app:2' }],
      fieldOfTheFuture: { kept: true },
    });
  });

  it('CLI-030 * means all containers; an unknown one is refused', async () => {
    await setImage('r', '*=app:3');
    expect(images(cluster.get(Rollouts, 'r').spec.template?.spec)).toEqual([
      'app:3',
      'app:3',
      'app:3',
      'app:3',
    ]);
    expect(await setImage('r', 'other=x')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: unable to find container named "other"\n',
    });
  });

  it.each(['a=b=c', 'novalue', '=x', 'x='])('CLI-031 %s is misuse', async (assignment) => {
    const { code, stdout, stderr } = await setImage('r', assignment);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      'must be CONTAINER=IMAGE\nUsage:\n  kubectl-argo-rollouts set image ROLLOUT_NAME CONTAINER=IMAGE',
    );
    expect(cluster.requests).toEqual([]);
  });

  it('CLI-032 with a workloadRef the workload is changed', async () => {
    const refer = (kind: string) => rollout('r', { spec: { workloadRef: { kind, name: 'w' } } });
    cluster.add(Rollouts, refer('Deployment'));
    cluster.add(Deployments, { metadata: { name: 'w' }, spec: { template } } as never);
    expect((await setImage('r', 'app=app:2')).stdout).toBe('deployment "w" image updated\n');
    expect(images(cluster.get(Deployments, 'w').spec?.template.spec)).toContain('app:2');

    cluster.add(Rollouts, refer('PodTemplate'));
    cluster.add(PodTemplates, { metadata: { name: 'w' }, template } as never);
    expect((await setImage('r', 'app=app:2')).stdout).toBe('podtemplate "w" image updated\n');
    expect(cluster.writes().at(-1)?.body).toMatchObject({
      template: { spec: { containers: [{ image: 'app:2' }, {}] } },
    });

    cluster.add(Rollouts, refer('StatefulSet'));
    expect((await setImage('r', 'app=x')).stderr).toBe(
      'Error: workload of type StatefulSet is not supported\n',
    );
  });

  it('CLI-033 a conflict is tried again, five times at most', async () => {
    const conflict = {
      path: `${API}/rollouts/r`,
      method: 'PUT',
      code: 409,
      reason: 'Conflict',
      message: 'it has moved on',
    };
    cluster.refuse({ ...conflict, times: 4 });
    expect((await setImage('r', 'app=app:2')).code).toBe(0);
    cluster.refuse(conflict);
    cluster.requests.length = 0;
    expect(await setImage('r', 'app=app:2')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: it has moved on\n',
    });
    expect(cluster.writes()).toHaveLength(5);
  });
});

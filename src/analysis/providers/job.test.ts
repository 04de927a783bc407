import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { type Instant, Jobs, type Measurement, Pods } from '../../api/index.ts';
import { metric, run } from '../testing/build.ts';
import { START } from '../testing/simulate.ts';
import { fakeCluster } from './testing/fake-cluster.ts';
import { measurementOf, take } from './testing/take.ts';

const UID = '0c9b4a56-1111-2222-3333-444455556666';
const NAME = `${UID}.smoke-test.1`;

const jobRun = (name = 'smoke-test') =>
  run({
    metrics: [
      metric({
        name,
        provider: {
          job: {
            metadata: { labels: { team: 'a' }, annotations: { note: 'b' } },
            spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } } },
          },
        },
      }),
    ],
  });

const running: Measurement = {
  phase: 'Running',
  startedAt: '2026-03-02T09:00:00Z',
  metadata: { 'job-name': NAME, 'job-namespace': 'ns' },
  resumeAt: '2026-03-02T09:00:00Z',
};

async function resume(status: Job['status'], { pods = [] as object[], now = START as Instant } = {}) {
  const cluster = fakeCluster();
  const spec = { selector: { matchLabels: { job: 'x' } }, template: {} };
  cluster.put({ type: Jobs, namespace: 'ns', name: NAME }, { metadata: { name: NAME }, spec, status } as Job);
  for (const [i, pod] of pods.entries()) {
    cluster.put(
      { type: Pods, namespace: 'ns', name: `p${i}` },
      { metadata: { name: `p${i}`, labels: { job: 'x' } }, ...pod },
    );
  }
  const task = { mode: 'resume' as const, measurement: running };
  return measurementOf(await take(jobRun(), { client: cluster.client, task, clock: () => now }));
}

describe('job', () => {
  it('ANA-013 finds its Job again though the name holds the characters of a Secret', async () => {
    const cluster = fakeCluster();
    const secretRun = jobRun();
    secretRun.spec.args = [{ name: 'digit', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    const readSecret = async () => ({ k: '0' });
    expect(measurementOf(await take(secretRun, { client: cluster.client, readSecret })).metadata).toEqual(
      running.metadata,
    );
  });

  it('ANA-072 makes a Job that belongs to the run', async () => {
    const cluster = fakeCluster();
    const measurement = measurementOf(await take(jobRun(), { client: cluster.client }));
    expect(measurement).toEqual(running);
    expect(cluster.objects.get(`jobs/ns/${NAME}`)).toMatchObject({
      metadata: {
        labels: { team: 'a', 'analysisrun.argoproj.io/uid': UID },
        annotations: {
          note: 'b',
          'analysisrun.argoproj.io/name': 'run',
          'analysisrun.argoproj.io/namespace': 'ns',
          'analysisrun.argoproj.io/metric-name': 'smoke-test',
        },
        ownerReferences: [{ kind: 'AnalysisRun', name: 'run', uid: UID, controller: true }],
      },
      spec: { template: { metadata: { labels: { 'analysisrun.argoproj.io/uid': UID } } } },
    });
  });

  it('ANA-072 in another namespace or cluster it has no owner', async () => {
    const env = { ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE: 'jobs' };
    const cluster = fakeCluster();
    await take(jobRun(), { client: cluster.client, env });
    const [made] = [...cluster.objects.values()];
    expect(made?.metadata).toMatchObject({ namespace: 'jobs' });
    expect(made?.metadata?.ownerReferences).toBeUndefined();
    const elsewhere = fakeCluster();
    await take(jobRun(), { client: cluster.client, jobClient: elsewhere.client });
    expect([...elsewhere.objects.values()][0]?.metadata?.ownerReferences).toBeUndefined();
  });

  it('ANA-072 a name of at most 63 characters that a Job may have', async () => {
    const cluster = fakeCluster();
    await take(jobRun(`Über_Latency.${'x'.repeat(60)}`), { client: cluster.client });
    const [name = ''] = [...cluster.objects.values()].map((object) => object.metadata?.name);
    expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
    expect(name.length).toBeLessThanOrEqual(63);
  });

  it.each<[string, Job['status'], string]>([
    ['Complete', { conditions: [{ type: 'Complete', status: 'True' }] }, 'Successful'],
    ['Failed', { conditions: [{ type: 'Failed', status: 'True' }] }, 'Failed'],
  ])('ANA-073 %s', async (_, status, phase) => {
    const measurement = await resume(status);
    expect(measurement).toMatchObject({ phase, finishedAt: '2026-03-02T09:00:00Z' });
    expect(measurement.resumeAt).toBeUndefined();
  });

  it('ANA-073 an image that cannot be pulled is Inconclusive', async () => {
    const waiting = { reason: 'ImagePullBackOff', message: 'no such image' };
    const pods = [{ status: { containerStatuses: [{ name: 'c', state: { waiting } }] } }];
    expect(await resume({}, { pods })).toMatchObject({
      phase: 'Inconclusive',
      message: 'Pod p0, container c has terminal error (ImagePullBackOff): no such image\n',
    });
  });

  it('ANA-073 while it runs it is looked at less and less often', async () => {
    expect(await resume({}, { now: START + 50_000 })).toMatchObject({
      phase: 'Running',
      resumeAt: '2026-03-02T09:01:00Z',
    });
  });

  it('ANA-073 a Job that is gone is an Error, and so is one that is not named', async () => {
    const { client } = fakeCluster();
    const gone = { mode: 'resume' as const, measurement: running };
    expect(measurementOf(await take(jobRun(), { client, task: gone }))).toMatchObject({
      phase: 'Error',
      message: `jobs "${NAME}" not found`,
    });
    const unnamed = { mode: 'resume' as const, measurement: { ...running, metadata: {} } };
    expect(measurementOf(await take(jobRun(), { client, task: unnamed })).message).toBe(
      'job metadata reference missing',
    );
  });

  it('ANA-048 terminating deletes it in the foreground', async () => {
    const cluster = fakeCluster();
    const task = { mode: 'terminate' as const, measurement: running };
    expect(measurementOf(await take(jobRun(), { client: cluster.client, task })).phase).toBe('Inconclusive');
    expect(cluster.deleted).toEqual([{ name: NAME, propagationPolicy: 'Foreground' }]);
  });

  it('ANA-074 repeating an attempt makes no second Job; a foreign one of the name is an Error', async () => {
    const cluster = fakeCluster();
    await take(jobRun(), { client: cluster.client });
    expect(measurementOf(await take(jobRun(), { client: cluster.client })).phase).toBe('Running');
    expect(cluster.objects.size).toBe(1);
    cluster.put(
      { type: Jobs, namespace: 'ns', name: NAME },
      { metadata: { name: NAME, ownerReferences: [] } },
    );
    expect(measurementOf(await take(jobRun(), { client: cluster.client }))).toMatchObject({ phase: 'Error' });
  });

  it('ANA-074 the oldest Jobs of the metric are deleted, those of others stay', async () => {
    const cluster = fakeCluster();
    const old = (name: string, metricName: string, hour: number) =>
      cluster.put(
        { type: Jobs, namespace: 'ns', name },
        {
          metadata: {
            name,
            namespace: 'ns',
            creationTimestamp: `2026-03-02T0${hour}:00:00Z`,
            labels: { 'analysisrun.argoproj.io/uid': UID },
            annotations: { 'analysisrun.argoproj.io/metric-name': metricName },
          },
        },
      );
    old('first', 'smoke-test', 1);
    old('second', 'smoke-test', 2);
    old('other', 'other', 1);
    await take(jobRun(), { client: cluster.client, task: { attempt: 3, retention: 2 } });
    expect(cluster.deleted).toEqual([{ name: 'first', propagationPolicy: 'Background' }]);
  });
});

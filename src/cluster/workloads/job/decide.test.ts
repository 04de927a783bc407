import type { Job, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { ago, NOW, pod } from '../testing/objects.ts';
import { decideJob } from './decide.ts';

function job(spec: Partial<JobSpec> = {}, status: Job['status'] = {}): Job {
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: { containers: [{ name: 'main' }], restartPolicy: 'Never' },
  };
  return {
    metadata: { name: 'j', namespace: 'a', uid: 'uid-j' },
    spec: { completions: 1, template, ...spec },
    status,
  };
}
const failedPod = (name: string, secondsAgo: number) =>
  pod(name, { phase: 'Failed', metadata: { name, creationTimestamp: ago(secondsAgo) } });
const succeeded = (name: string) => pod(name, { phase: 'Succeeded' });
const decide = (of: Job, ...pods: ReturnType<typeof pod>[]) => decideJob({ job: of, pods }, NOW);
const kinds = ({ effects }: ReturnType<typeof decide>) => effects.map((effect) => effect.kind);
const conditions = ({ status }: ReturnType<typeof decide>) =>
  status?.conditions?.map(({ type, reason }) => `${type} ${reason}`);

describe('a Job', () => {
  it('starts its pods under its control and labels', () => {
    const { effects, status, events } = decide(job({ completions: 3, parallelism: 2 }));
    expect(effects).toHaveLength(2);
    expect(effects[0]).toMatchObject({
      kind: 'create',
      object: {
        metadata: {
          labels: {
            app: 'x',
            'job-name': 'j',
            'batch.kubernetes.io/job-name': 'j',
            'batch.kubernetes.io/controller-uid': 'uid-j',
          },
          ownerReferences: [{ kind: 'Job', uid: 'uid-j', controller: true }],
        },
      },
    });
    expect(status).toMatchObject({ startTime: ago(0), ready: 0 });
    expect(events).toMatchObject([{ reason: 'SuccessfulCreate' }, { reason: 'SuccessfulCreate' }]);
  });

  it('runs no more pods than successes are missing', () => {
    expect(kinds(decide(job({ completions: 3, parallelism: 5 }), succeeded('a'), succeeded('b')))).toEqual([
      'create',
    ]);
    expect(kinds(decide(job({ completions: 3, parallelism: 1 }), pod('a'), pod('b')))).toEqual(['delete']);
  });

  it('is complete when enough have succeeded', () => {
    const decision = decide(job({ completions: 2 }), succeeded('a'), succeeded('b'));
    expect(conditions(decision)).toEqual([
      'SuccessCriteriaMet CompletionsReached',
      'Complete CompletionsReached',
    ]);
    expect(decision.status).toMatchObject({ succeeded: 2, completionTime: ago(0) });
    expect(decision.events).toEqual([{ type: 'Normal', reason: 'Completed', message: 'Job completed' }]);
  });

  it('without completions is complete when one has succeeded and none runs', () => {
    const queue = job({ completions: undefined as never, parallelism: 2 });
    expect(decide(queue, succeeded('a'), pod('b')).effects).toEqual([]);
    expect(conditions(decide(queue, succeeded('a')))).toContain('Complete CompletionsReached');
  });

  it('waits longer after each failure, and gives up after the limit', () => {
    const limited = job({ backoffLimit: 1 });
    const waiting = decide(limited, failedPod('a', 4));
    expect([waiting.effects, waiting.wakeAt]).toEqual([[], NOW + 6000]);
    expect(kinds(decide(limited, failedPod('a', 11)))).toEqual(['create']);
    const decision = decide(limited, failedPod('a', 60), failedPod('b', 30), pod('c'));
    expect(conditions(decision)).toEqual([
      'FailureTarget BackoffLimitExceeded',
      'Failed BackoffLimitExceeded',
    ]);
    expect(kinds(decision)).toEqual(['delete']);
    expect(decision.status?.failed).toBe(2);
  });

  it('counts restarts where pods restart their containers', () => {
    const template = { spec: { containers: [{ name: 'main' }], restartPolicy: 'OnFailure' } };
    expect(conditions(decide(job({ backoffLimit: 3, template }), pod('a', { restarts: 3 })))).toContain(
      'Failed BackoffLimitExceeded',
    );
  });

  it('fails when its deadline passes, and wakes for it', () => {
    const deadline = { activeDeadlineSeconds: 60 };
    expect(decide(job(deadline, { startTime: ago(10) }), pod('a')).wakeAt).toBe(NOW + 50_000);
    expect(conditions(decide(job(deadline, { startTime: ago(60) }), pod('a')))).toContain(
      'Failed DeadlineExceeded',
    );
  });

  it('keeps what it has counted when pods are deleted', () => {
    expect(decide(job({ completions: 3, parallelism: 3 }, { succeeded: 2 })).effects).toHaveLength(1);
  });

  it('while suspended runs nothing', () => {
    const decision = decide(job({ suspend: true }, { startTime: ago(10) }), pod('a'));
    expect(kinds(decision)).toEqual(['delete']);
    expect(conditions(decision)).toEqual(['Suspended JobSuspended']);
    expect(decision.status?.startTime).toBeUndefined();
  });

  it('that has ended goes after its time to live, and does nothing else', () => {
    const ended = (seconds: number) =>
      job(
        { ttlSecondsAfterFinished: 30 },
        { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: ago(seconds) }] },
      );
    expect(decide(ended(10)).wakeAt).toBe(NOW + 20_000);
    expect(decide(ended(30)).effects).toMatchObject([{ kind: 'delete', uid: 'uid-j' }]);
  });

  describe('whose pods are numbered', () => {
    const numbered = (completions: number, parallelism: number, status: Job['status'] = {}) =>
      job({ completionMode: 'Indexed', completions, parallelism }, status);
    const part = (index: number, phase = 'Running', name = `p${index}`) =>
      pod(name, {
        phase,
        metadata: { name, annotations: { 'batch.kubernetes.io/job-completion-index': String(index) } },
      });

    it('starts the first parts that are open, and tells each pod its number', () => {
      const { effects } = decide(numbered(4, 3), part(0, 'Succeeded'), part(2));
      expect(effects.map(({ ref }) => ref.name.replace(/-[^-]*$/, ''))).toEqual(['j-1', 'j-3']);
      const mark = { 'batch.kubernetes.io/job-completion-index': '1' };
      expect(effects[0]).toMatchObject({
        object: {
          metadata: { annotations: mark, labels: { ...mark, 'job-name': 'j' } },
          spec: {
            hostname: 'j-1',
            containers: [
              {
                env: [
                  {
                    name: 'JOB_COMPLETION_INDEX',
                    valueFrom: {
                      fieldRef: {
                        fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']",
                      },
                    },
                  },
                ],
              },
            ],
          },
        },
      });
    });

    it('keeps which parts are done when their pods are gone', () => {
      const decision = decide(numbered(6, 6, { completedIndexes: '0-1,4' }), part(2, 'Succeeded'), part(5));
      expect(decision.status).toMatchObject({ succeeded: 4, completedIndexes: '0-2,4' });
      expect(decision.effects).toHaveLength(1);
    });

    it('is not led astray by a status that somebody wrote', () => {
      const odd = { completedIndexes: '1-999999999999,x,-' };
      expect(decide(numbered(3, 3, odd)).status).toMatchObject({ completedIndexes: '1-2', succeeded: 2 });
    });

    it('is complete when each part is done, not when one was done twice', () => {
      const twice = [part(0, 'Succeeded'), part(0, 'Succeeded', 'again')];
      expect(kinds(decide(numbered(2, 1), ...twice))).toEqual(['create']);
      const done = decide(numbered(2, 1), ...twice, part(1, 'Succeeded'));
      expect(conditions(done)).toContain('Complete CompletionsReached');
      expect(done.status).toMatchObject({ succeeded: 2, completedIndexes: '0-1' });
    });

    it('deletes pods of a part that is done, is taken, or is none', () => {
      const pods = [
        part(0, 'Succeeded'),
        part(0, 'Running', 'late'),
        part(1),
        part(1, 'Running', 'b'),
        part(9),
      ];
      expect(decide(numbered(3, 3), ...pods).effects).toMatchObject([
        { kind: 'delete', ref: { name: 'late' } },
        { kind: 'delete', ref: { name: 'b' } },
        { kind: 'delete', ref: { name: 'p9' } },
      ]);
    });
  });
});

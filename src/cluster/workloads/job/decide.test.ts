import type { Job, JobSpec, PodFailurePolicyRule } from 'kubernetes-types/batch/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { controllerReference, Jobs } from '../../../api/index.ts';
import { ago, NOW, pod } from '../testing/objects.ts';
import { decideJob } from './decide.ts';
import { TRACKING_FINALIZER } from './tracking.ts';

const labels = { 'batch.kubernetes.io/controller-uid': 'uid-j' };
const INDEX = 'batch.kubernetes.io/job-completion-index';

function job(spec: Partial<JobSpec> = {}, status: Job['status'] = {}): Job {
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: { containers: [{ name: 'main' }], restartPolicy: 'Never' },
  };
  return {
    metadata: { name: 'j', namespace: 'a', uid: 'uid-j' },
    spec: { completions: 1, selector: { matchLabels: labels }, template, ...spec },
    status,
  };
}

/** A pod of the Job that is not counted yet. */
function jobPod(name: string, phase = 'Running', metadata: Pod['metadata'] = {}, more = {}): Pod {
  const made = pod(name, {
    phase,
    metadata: {
      name,
      labels,
      finalizers: [TRACKING_FINALIZER],
      creationTimestamp: ago(3600),
      ownerReferences: [controllerReference(Jobs, job())],
      ...metadata,
    },
    ...more,
  });
  return phase === 'Failed' || phase === 'Succeeded' ? exited(made, phase === 'Failed' ? 1 : 0) : made;
}

/** The pod with its container ended. */
function exited(made: Pod, exitCode: number, secondsAgo = 3600): Pod {
  const state = { terminated: { exitCode, finishedAt: ago(secondsAgo) } };
  const containerStatuses = [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state }];
  return { ...made, status: { ...made.status, containerStatuses } };
}
const failed = (name: string, secondsAgo = 3600) => exited(jobPod(name, 'Failed'), 1, secondsAgo);
const succeeded = (name: string) => jobPod(name, 'Succeeded');
const leaving = (name: string, phase = 'Running') => jobPod(name, phase, { deletionTimestamp: ago(1) });
const decide = (of: Job, ...pods: Pod[]) => decideJob({ job: of, pods }, NOW);
const kinds = ({ effects }: ReturnType<typeof decide>) => effects.map((effect) => effect.kind);
const conditions = ({ status }: ReturnType<typeof decide>) =>
  (status?.conditions ?? []).map(({ type, reason }) => `${type} ${reason}`);
const finalizersOf = ({ effects }: ReturnType<typeof decide>) =>
  effects.flatMap((effect) =>
    effect.kind === 'patch'
      ? [[effect.ref.name, (effect.patch.metadata as Pod['metadata'])?.finalizers]]
      : [],
  );

describe('a Job', () => {
  it('starts its pods under its control, its labels and its finalizer', () => {
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
          finalizers: [TRACKING_FINALIZER],
          ownerReferences: [{ kind: 'Job', uid: 'uid-j', controller: true }],
        },
      },
    });
    expect(status).toMatchObject({
      startTime: ago(0),
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    expect(events).toMatchObject([{ reason: 'SuccessfulCreate' }, { reason: 'SuccessfulCreate' }]);
  });

  it('runs no more pods than successes are missing', () => {
    const creations = (...pods: Pod[]) =>
      kinds(decide(job({ completions: 3, parallelism: 5 }), ...pods)).filter((kind) => kind === 'create');
    expect(creations(succeeded('a'), succeeded('b'))).toHaveLength(1);
    expect(creations(jobPod('a'))).toHaveLength(2);
  });

  it('lets go of pods that are too many without counting them', () => {
    const decision = decide(job({ completions: 3, parallelism: 1 }), jobPod('a'), jobPod('b'));
    expect(kinds(decision)).toEqual(['patch', 'delete']);
    expect(finalizersOf(decision)).toEqual([['a', []]]);
  });

  it('adopts pods that its selector selects, and tracks them', () => {
    const orphan = jobPod('a', 'Running', { ownerReferences: [], finalizers: [] });
    expect(decide(job(), orphan).effects).toMatchObject([
      { kind: 'patch', patch: { metadata: { ownerReferences: [{ uid: 'uid-j' }] } } },
    ]);
    const adopted = jobPod('a', 'Running', { finalizers: [] });
    expect(finalizersOf(decide(job(), adopted))).toEqual([['a', [TRACKING_FINALIZER]]]);
  });

  it('leaves alone what another controller manages', () => {
    expect(decide(job({ managedBy: 'example.com/mine' }))).toMatchObject({ effects: [], events: [] });
    expect(decide(job({ managedBy: 'example.com/mine' })).status).toBeUndefined();
  });

  it('fails when its deadline passes, and wakes for it', () => {
    const deadline = { activeDeadlineSeconds: 60 };
    expect(decide(job(deadline, { startTime: ago(10) }), jobPod('a')).wakeAt).toBe(NOW + 50_000);
    const decision = decide(job(deadline, { startTime: ago(60) }), jobPod('a'));
    expect(conditions(decision)).toEqual(['FailureTarget DeadlineExceeded']);
    expect(kinds(decision)).toEqual(['delete']);
    expect(conditions(decide(job({ ...deadline, suspend: true }, { startTime: ago(60) })))).toEqual([
      'Suspended JobSuspended',
    ]);
  });

  it('while suspended runs nothing, and starts its time anew when it is resumed', () => {
    const decision = decide(job({ suspend: true }, { startTime: ago(10) }), jobPod('a'));
    expect(kinds(decision)).toEqual(['patch', 'delete']);
    expect(conditions(decision)).toEqual(['Suspended JobSuspended']);
    expect(decision.events).toContainEqual({ type: 'Normal', reason: 'Suspended', message: 'Job suspended' });
    const resumed = decide(job({}, decision.status));
    expect(resumed.status?.startTime).toBe(ago(0));
    expect(resumed.status?.conditions).toMatchObject([
      { type: 'Suspended', status: 'False', reason: 'JobResumed' },
    ]);
    expect(resumed.events).toContainEqual({ type: 'Normal', reason: 'Resumed', message: 'Job resumed' });
  });

  it('that has ended goes after its time to live, and holds no pod', () => {
    const ended = (seconds: number) =>
      job(
        { ttlSecondsAfterFinished: 30 },
        { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: ago(seconds) }] },
      );
    expect(decide(ended(10)).wakeAt).toBe(NOW + 20_000);
    expect(decide(ended(30)).effects).toMatchObject([{ kind: 'delete', uid: 'uid-j' }]);
    expect(finalizersOf(decide(ended(10), succeeded('a')))).toEqual([['a', []]]);
  });
});

describe('a pod that ends', () => {
  it('is put down, then let go of and counted', () => {
    const first = decide(job({ completions: 3, parallelism: 1 }), succeeded('a'));
    expect(first.status?.uncountedTerminatedPods).toEqual({ succeeded: ['uid-a'] });
    expect(first.status?.succeeded).toBeUndefined();
    expect(finalizersOf(first)).toEqual([]);
    const second = decide(job({ completions: 3, parallelism: 1 }, first.status), succeeded('a'));
    expect(finalizersOf(second)).toEqual([['a', []]]);
    expect(second.status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} });
    const released = jobPod('a', 'Succeeded', { finalizers: [] });
    const third = decide(job({ completions: 3, parallelism: 1 }, second.status), released);
    expect(third.status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} });
  });

  it('is counted although a crash came before the count, or it was deleted meanwhile', () => {
    const putDown = { uncountedTerminatedPods: { succeeded: ['uid-a'], failed: ['uid-b'] } };
    const decision = decide(job({ completions: 3 }, putDown), jobPod('a', 'Succeeded', { finalizers: [] }));
    expect(decision.status).toMatchObject({ succeeded: 1, failed: 1, uncountedTerminatedPods: {} });
  });

  it('is replaced at once when it is deleted, or only when it is gone', () => {
    const policy = (podReplacementPolicy: string) =>
      decide(job({ podReplacementPolicy, completions: 2, parallelism: 1 }), leaving('a'));
    expect(policy('TerminatingOrFailed').status?.uncountedTerminatedPods).toEqual({ failed: ['uid-a'] });
    expect(kinds(policy('TerminatingOrFailed'))).toEqual(['create']);
    expect(policy('Failed').status).toMatchObject({ terminating: 1, uncountedTerminatedPods: {} });
    expect(kinds(policy('Failed'))).toEqual([]);
  });

  it('has the next one wait, longer after each failure since the last success', () => {
    const many = job({ completions: 5, parallelism: 1 });
    const waiting = decide(many, failed('a', 4));
    expect([kinds(waiting), waiting.wakeAt]).toEqual([[], NOW + 6000]);
    expect(decide(many, failed('a', 60), failed('b', 15)).wakeAt).toBe(NOW + 5000);
    expect(kinds(decide(many, failed('a', 11)))).toEqual(['create']);
    const since = [failed('a', 60), exited(succeeded('b'), 0, 30), failed('c', 12)];
    expect(kinds(decide(many, ...since))).toEqual(['create']);
  });
});

describe('the end of a Job', () => {
  const through = (of: Job, ...pods: Pod[]) => {
    const first = decide(of, ...pods);
    return [first, decide({ ...of, status: first.status! }, ...pods)] as const;
  };

  it('comes when enough have succeeded, and all are counted', () => {
    const [first, second] = through(job({ completions: 2 }), succeeded('a'), succeeded('b'));
    expect(conditions(first)).toEqual(['SuccessCriteriaMet CompletionsReached']);
    expect(conditions(second)).toEqual([
      'SuccessCriteriaMet CompletionsReached',
      'Complete CompletionsReached',
    ]);
    expect(second.status).toMatchObject({ succeeded: 2, completionTime: ago(0) });
    expect(second.events).toEqual([{ type: 'Normal', reason: 'Completed', message: 'Job completed' }]);
  });

  it('comes without completions when one has succeeded and none runs', () => {
    const queue = job({ completions: undefined as never, parallelism: 2 });
    expect(kinds(decide(queue, succeeded('a'), jobPod('b')))).toEqual([]);
    expect(conditions(decide(queue, succeeded('a')))).toEqual(['SuccessCriteriaMet CompletionsReached']);
  });

  it('comes after too many failures, when the pods that still run are gone', () => {
    const limited = job({ backoffLimit: 1 });
    const pods = [failed('a', 60), failed('b', 30)];
    const [first, second] = through(limited, ...pods, jobPod('c'));
    expect(conditions(first)).toEqual(['FailureTarget BackoffLimitExceeded']);
    expect(kinds(first)).toEqual(['delete']);
    expect(conditions(second)).toEqual(['FailureTarget BackoffLimitExceeded']);
    const gone = decide(job({ backoffLimit: 1 }, second.status));
    expect(conditions(gone)).toEqual(['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']);
    expect(gone.events).toEqual([
      {
        type: 'Warning',
        reason: 'BackoffLimitExceeded',
        message: 'Job has reached the specified backoff limit',
      },
    ]);
    expect(gone.status?.failed).toBe(2);
  });

  it.each([
    [0, 1, true],
    [3, 2, false],
    [3, 3, true],
  ])('comes with backoffLimit %i after %i restarts of containers: %s', (backoffLimit, restarts, fails) => {
    const template = { spec: { containers: [{ name: 'main' }], restartPolicy: 'OnFailure' } };
    const decision = decide(job({ backoffLimit, template }), jobPod('a', 'Running', {}, { restarts }));
    expect(conditions(decision)).toEqual(fails ? ['FailureTarget BackoffLimitExceeded'] : []);
  });
});

describe('a pod failure policy', () => {
  const ruled = (...rules: PodFailurePolicyRule[]) =>
    job({ podFailurePolicy: { rules }, podReplacementPolicy: 'Failed', backoffLimit: 6 });
  const rule = (action: string, values: number[], operator = 'In'): PodFailurePolicyRule => ({
    action,
    onExitCodes: { operator, values },
  });

  it('ends the Job by an exit code, and says which rule it was', () => {
    const decision = decide(ruled(rule('Ignore', [7]), rule('FailJob', [42])), exited(failed('p'), 42));
    expect(conditions(decision)).toEqual(['FailureTarget PodFailurePolicy']);
    expect(decision.status?.conditions?.[0]?.message).toBe(
      'Container main for pod a/p failed with exit code 42 matching FailJob rule at index 1',
    );
    expect(decision.status?.uncountedTerminatedPods).toEqual({ failed: ['uid-p'] });
  });

  it('does not count what it ignores, and counts the rest', () => {
    const ignored = decide(ruled(rule('Ignore', [42])), exited(failed('p'), 42));
    expect(ignored.status?.uncountedTerminatedPods).toEqual({});
    expect(finalizersOf(ignored)).toEqual([['p', []]]);
    const other = decide(ruled(rule('Ignore', [42])), exited(failed('p'), 1));
    expect(other.status?.uncountedTerminatedPods).toEqual({ failed: ['uid-p'] });
    const counted = decide(ruled(rule('Count', [1]), rule('FailJob', [0], 'NotIn')), exited(failed('p'), 1));
    expect(conditions(counted)).toEqual([]);
  });

  it('knows the conditions of pods', () => {
    const base = failed('p');
    const disrupted = {
      ...base,
      status: { ...base.status, conditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    };
    const onPodConditions = [{ type: 'DisruptionTarget', status: 'True' }];
    expect(decide(ruled({ action: 'Ignore', onPodConditions }), disrupted).status).toMatchObject({
      uncountedTerminatedPods: {},
    });
    const fatal = decide(ruled({ action: 'FailJob', onPodConditions }), disrupted);
    expect(fatal.status?.conditions?.[0]?.message).toBe(
      'Pod a/p has condition DisruptionTarget matching FailJob rule at index 0',
    );
  });
});

describe('a Job whose pods are numbered', () => {
  const numbered = (completions: number, parallelism: number, status: Job['status'] = {}, spec = {}) =>
    job({ completionMode: 'Indexed', completions, parallelism, ...spec }, status);
  const part = (index: number, phase = 'Running', name = `p${index}`, more: Record<string, string> = {}) =>
    jobPod(name, phase, { annotations: { [INDEX]: String(index), ...more } });
  const indexesOf = (decision: ReturnType<typeof decide>) =>
    decision.effects.flatMap((effect) =>
      effect.kind === 'create' ? [effect.object.metadata?.annotations?.[INDEX]] : [],
    );

  it('starts the first parts that are open, and tells each pod its number', () => {
    const decision = decide(numbered(4, 3), part(0, 'Succeeded'), part(2));
    expect(decision.effects.map(({ ref }) => ref.name.replace(/-[^-]*$/, ''))).toEqual(['j-1', 'j-3']);
    const mark = { [INDEX]: '1' };
    const fieldPath = `metadata.annotations['${INDEX}']`;
    expect(decision.effects[0]).toMatchObject({
      object: {
        metadata: { annotations: mark, labels: { ...mark, 'job-name': 'j' } },
        spec: {
          hostname: 'j-1',
          containers: [{ env: [{ name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath } } }] }],
        },
      },
    });
  });

  it('keeps which parts are done when their pods are gone', () => {
    const decision = decide(numbered(6, 6, { completedIndexes: '0,1,4' }), part(2, 'Succeeded'), part(5));
    expect(decision.status).toMatchObject({ succeeded: 4, completedIndexes: '0-2,4' });
    expect(indexesOf(decision)).toEqual(['3']);
  });

  it('lets go of a pod when its part is put down as done', () => {
    expect(finalizersOf(decide(numbered(2, 1), part(0, 'Succeeded')))).toEqual([]);
    const known = decide(numbered(2, 1, { completedIndexes: '0' }), part(0, 'Succeeded'));
    expect(finalizersOf(known)).toEqual([['p0', []]]);
  });

  it('is not led astray by a status that somebody wrote', () => {
    const odd = { completedIndexes: '1-999999999999,x,-' };
    expect(decide(numbered(3, 3, odd)).status).toMatchObject({ completedIndexes: '1,2', succeeded: 2 });
  });

  it('is complete when each part is done, not when one was done twice', () => {
    const twice = [part(0, 'Succeeded'), part(0, 'Succeeded', 'again')];
    expect(indexesOf(decide(numbered(2, 1), ...twice))).toEqual(['1']);
    const done = decide(numbered(2, 1), ...twice, part(1, 'Succeeded'));
    expect(conditions(done)).toEqual(['SuccessCriteriaMet CompletionsReached']);
    expect(done.status).toMatchObject({ succeeded: 2, completedIndexes: '0,1' });
  });

  it('deletes pods of a part that is done, is taken, or is none', () => {
    const pods = [
      part(0, 'Succeeded'),
      part(0, 'Running', 'late'),
      part(1),
      part(1, 'Running', 'b'),
      part(9),
    ];
    const deleted = decide(numbered(3, 3), ...pods).effects.filter(({ kind }) => kind === 'delete');
    expect(deleted.map(({ ref }) => ref.name)).toEqual(['late', 'b', 'p9']);
  });

  it('bears failures of each part up to its limit, then gives that part up', () => {
    const perIndex = (status: Job['status'] = {}) =>
      numbered(2, 2, status, { backoffLimitPerIndex: 1, backoffLimit: 2 ** 31 - 1 });
    const tried = decide(perIndex(), part(0, 'Failed'), part(1));
    expect(tried.effects).toMatchObject([
      { kind: 'create', object: { metadata: { annotations: { [FAILURES]: '1' } } } },
    ]);
    const again = part(0, 'Failed', 'again', { [FAILURES]: '1' });
    const given = decide(perIndex(), again, part(1, 'Succeeded'));
    expect(given.status).toMatchObject({ failedIndexes: '0', completedIndexes: '1' });
    expect(indexesOf(given)).toEqual([]);
    expect(conditions(given)).toEqual(['FailureTarget FailedIndexes']);
  });

  it('ends when more parts have failed than may', () => {
    const spec = { backoffLimitPerIndex: 0, maxFailedIndexes: 1, backoffLimit: 2 ** 31 - 1 };
    const decision = decide(numbered(4, 4, {}, spec), part(0, 'Failed'), part(1, 'Failed'), part(2), part(3));
    expect(conditions(decision)).toEqual(['FailureTarget MaxFailedIndexesExceeded']);
  });

  it('gives a part up at once by a failure policy', () => {
    const rules = [{ action: 'FailIndex', onPodConditions: [{ type: 'Ready', status: 'False' }] }];
    const spec = { backoffLimitPerIndex: 5, backoffLimit: 2 ** 31 - 1, podFailurePolicy: { rules } };
    expect(decide(numbered(2, 2, {}, spec), part(0, 'Failed'), part(1)).status?.failedIndexes).toBe('0');
  });

  it.each([
    [{ succeededIndexes: '0' }, ['Succeeded', 'Running', 'Running'], true],
    [{ succeededIndexes: '0,1' }, ['Succeeded', 'Running', 'Running'], false],
    [{ succeededCount: 2 }, ['Succeeded', 'Running', 'Succeeded'], true],
    [{ succeededIndexes: '0,1', succeededCount: 1 }, ['Running', 'Running', 'Succeeded'], false],
  ])('is done by success policy %o when its pods are %o: %s', (rule, phases, isMet) => {
    const pods = phases.map((phase, index) => part(index, phase));
    const decision = decide(numbered(3, 3, {}, { successPolicy: { rules: [rule] } }), ...pods);
    expect(conditions(decision)).toEqual(isMet ? ['SuccessCriteriaMet SuccessPolicy'] : []);
    expect(kinds(decision).includes('delete')).toBe(isMet);
  });
});

const FAILURES = 'batch.kubernetes.io/job-index-failure-count';

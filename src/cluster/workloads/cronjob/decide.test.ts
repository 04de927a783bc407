import type { CronJobSpec, CronJobStatus, Job } from 'kubernetes-types/batch/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { ago, NOW } from '../testing/objects.ts';
import { decideCronJob } from './decide.ts';

/** NOW is 2026-03-02T09:00:00Z, a Monday. */
const NAME_NOW = `c-${NOW / 60_000}`;

function decide(
  spec: Partial<CronJobSpec> = {},
  options: { jobs?: Job[]; status?: CronJobStatus; age?: number; now?: number } = {},
) {
  const { jobs = [], status, age = 1800, now = NOW } = options;
  const cronJob = {
    metadata: { name: 'c', namespace: 'a', uid: 'uid-c', creationTimestamp: ago(age) },
    spec: {
      schedule: '0 * * * *',
      jobTemplate: { metadata: { labels: { app: 'x' } }, spec: { template: {} } },
      ...spec,
    } as CronJobSpec,
    ...(status && { status }),
  };
  return decideCronJob({ cronJob, jobs }, now);
}

const job = (name: string, ending?: 'Complete' | 'Failed', startedAgo = 60): Job => ({
  metadata: {
    name,
    namespace: 'a',
    uid: `uid-${name}`,
    annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': ago(startedAgo) },
  },
  status: {
    startTime: ago(startedAgo),
    ...(ending && { conditions: [{ type: ending, status: 'True' }] }),
    ...(ending === 'Complete' && { completionTime: ago(startedAgo - 10) }),
  },
});
const names = ({ effects }: ReturnType<typeof decide>) =>
  effects.map(({ kind, ref }) => `${kind} ${ref.name}`);
const reasons = ({ events }: ReturnType<typeof decide>) => events.map(({ reason }) => reason);

describe('a CronJob', () => {
  it('makes its Job at the time of the schedule, and wakes for the next', () => {
    const decision = decide();
    expect(names(decision)).toEqual([`create ${NAME_NOW}`]);
    expect(decision.effects[0]).toMatchObject({
      object: {
        kind: 'Job',
        metadata: {
          labels: { app: 'x' },
          annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-03-02T09:00:00Z' },
          ownerReferences: [{ kind: 'CronJob', uid: 'uid-c', controller: true }],
        },
      },
    });
    expect(decision.events).toEqual([
      { type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${NAME_NOW}` },
    ]);
    expect(decision.status?.lastScheduleTime).toBe(ago(0));
    expect(decision.wakeAt).toBe(NOW + 3_600_000);
  });

  it('whose date never comes makes nothing', () => {
    const decision = decide({ schedule: '0 0 31 2 *' });
    expect(decision).toMatchObject({ effects: [], events: [] });
    expect(decision.wakeAt).toBeUndefined();
  });

  it('tells of a Job that a user made from it, which holds nothing up', () => {
    const manual: Job = { metadata: { name: 'manual', namespace: 'a', uid: 'uid-m' } };
    const decision = decide({ concurrencyPolicy: 'Forbid' }, { jobs: [manual] });
    expect(names(decision)).toEqual([`create ${NAME_NOW}`]);
    expect(decision.status?.active).toBeUndefined();
    expect(decision.events[0]).toEqual({
      type: 'Warning',
      reason: 'UnexpectedJob',
      message: 'Saw a job that the controller did not create or forgot: manual',
    });
  });

  it('does nothing before its time, and nothing for times before it existed', () => {
    const early = decide({}, { now: NOW - 1000 });
    expect([early.effects, early.wakeAt]).toEqual([[], NOW]);
    expect(decide({ schedule: '30 8 * * *' }, { age: 60 }).effects).toEqual([]);
  });

  it('makes no start twice, not even when a crash kept it from saying so', () => {
    expect(decide({}, { status: { lastScheduleTime: ago(0) } }).effects).toEqual([]);
    const crashed = decide({}, { jobs: [job(NAME_NOW)] });
    expect(crashed.effects).toEqual([]);
    expect(crashed.status).toMatchObject({ lastScheduleTime: ago(0), active: [{ name: NAME_NOW }] });
  });

  it('counts in its time zone', () => {
    const inBerlin = decide({ schedule: '0 10 * * *', timeZone: 'Europe/Berlin' });
    expect(names(inBerlin)).toEqual([`create ${NAME_NOW}`]);
    expect(decide({ schedule: '0 9 * * *', timeZone: 'Europe/Berlin' }).effects).toEqual([]);
  });

  it.each([
    ['@hourly', true],
    ['@midnight', false],
    ['0 9 * * MON', true],
    ['0 9 * * 2', false],
    ['@every 10m', true],
    ['@every 2h', false],
  ])('understands %s', (schedule, starts) => {
    expect(decide({ schedule }).effects).toHaveLength(starts ? 1 : 0);
  });

  it.each([
    [{ schedule: '61 * * * *' }, 'UnparseableSchedule', '"61 * * * *"'],
    [{ schedule: '@every soon' }, 'UnparseableSchedule', '"@every soon"'],
    [{ timeZone: 'Mars/Olympus' }, 'UnknownTimeZone', '"Mars/Olympus"'],
  ])('says what is wrong with %o', (spec, reason, named) => {
    const { effects, events } = decide(spec);
    expect(effects).toEqual([]);
    expect(events).toMatchObject([{ type: 'Warning', reason, message: expect.stringContaining(named) }]);
  });

  it('that missed many starts makes up for the last one only, and complains', () => {
    const decision = decide({ schedule: '* * * * *' }, { age: 86_400 });
    expect(names(decision)).toEqual([`create ${NAME_NOW}`]);
    expect(reasons(decision)).toEqual(['TooManyMissedTimes', 'SuccessfulCreate']);
    expect(reasons(decide({ schedule: '* * * * *' }, { age: 600 }))).toEqual(['SuccessfulCreate']);
  });

  it('lets go of a start that its deadline is over for', () => {
    const late = { schedule: '55 8 * * *' };
    expect(decide({ ...late, startingDeadlineSeconds: 300 }).effects).toHaveLength(1);
    expect(decide({ ...late, startingDeadlineSeconds: 299 }).effects).toEqual([]);
  });

  it('allows, forbids or replaces what still runs', () => {
    const jobs = [job('before')];
    expect(names(decide({ concurrencyPolicy: 'Allow' }, { jobs }))).toEqual([`create ${NAME_NOW}`]);
    expect(names(decide({ concurrencyPolicy: 'Replace' }, { jobs }))).toEqual([
      'delete before',
      `create ${NAME_NOW}`,
    ]);
    // It is not missed in the next pass: it went because it was to go.
    expect(decide({ concurrencyPolicy: 'Replace' }, { jobs }).status?.active).toBeUndefined();
    const forbidden = decide({ concurrencyPolicy: 'Forbid' }, { jobs });
    expect(forbidden.effects).toEqual([]);
    expect(reasons(forbidden)).toEqual(['JobAlreadyActive']);
    // The start is made up for once there is room.
    expect(forbidden.status?.lastScheduleTime).toBeUndefined();
  });

  it('tells of its Jobs: which run, which have ended, and when one last succeeded', () => {
    const active = ['done', 'lost'].map((name) => ({ name, uid: `uid-${name}` }));
    const { status, events } = decide(
      { suspend: true },
      { jobs: [job('runs'), job('done', 'Complete', 40)], status: { active } },
    );
    expect(status).toMatchObject({
      active: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'runs', uid: 'uid-runs' }],
      lastSuccessfulTime: ago(30),
    });
    expect(events.map(({ message }) => message)).toEqual([
      'Saw completed job: done, condition: Complete',
      'Active job went missing: lost',
    ]);
  });

  it('keeps three that succeeded and one that failed, also while suspended', () => {
    const jobs = [
      ...[500, 400, 300, 200].map((seconds) => job(`ok-${seconds}`, 'Complete', seconds)),
      ...[600, 100].map((seconds) => job(`bad-${seconds}`, 'Failed', seconds)),
    ];
    const decision = decide({ suspend: true }, { jobs });
    expect(names(decision)).toEqual(['delete ok-500', 'delete bad-600']);
    expect(decision.effects[0]).toMatchObject({ uid: 'uid-ok-500', propagationPolicy: 'Background' });
    expect(decision.wakeAt).toBeUndefined();
    expect(names(decide({ suspend: true, successfulJobsHistoryLimit: 0 }, { jobs }))).toHaveLength(5);
  });
});

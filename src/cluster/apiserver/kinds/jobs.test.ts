import type { JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { scheduleProblem, timeZoneProblem } from './cron.ts';
import { created, kindOf, texts } from './testing.ts';

const template = {
  spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example/x:1' }] },
};
const jobs = kindOf('jobs', 'batch');
const job = (spec: object = {}) =>
  created(jobs, { metadata: { name: 'j', uid: 'u' }, spec: { template, ...spec } });
const problems = (spec: object) => texts(jobs.strategy.validate?.(job(spec)));
const changes = (next: object, old: object = {}, status = {}) =>
  texts(jobs.strategy.validateUpdate?.(job(next), { ...job(old), status } as never, undefined));

describe('jobs', () => {
  it('get the defaults of a real server', () => {
    expect(job()).toMatchObject({
      spec: {
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        podReplacementPolicy: 'TerminatingOrFailed',
      },
    });
    const indexed = { completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 1 };
    expect((job(indexed) as { spec?: JobSpec }).spec?.backoffLimit).toBe(2147483647);
    const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }];
    expect(job({ podFailurePolicy: { rules } })).toMatchObject({
      spec: {
        podReplacementPolicy: 'Failed',
        podFailurePolicy: { rules: [{ onPodConditions: [{ status: 'True' }] }] },
      },
    });
  });

  it('have limits per part only where parts are numbered', () => {
    expect(problems({ backoffLimitPerIndex: 1 })).toEqual([
      'spec.backoffLimitPerIndex Invalid requires indexed completion mode',
    ]);
    expect(problems({ completionMode: 'Indexed', maxFailedIndexes: 3, completions: 2 })).toEqual([
      'spec.backoffLimitPerIndex Required when maxFailedIndexes is specified',
      'spec.maxFailedIndexes Invalid must be less than or equal to completions',
    ]);
  });

  it('are refused for failure policies that make no sense', () => {
    const rules = [
      { action: 'FailIndex', onExitCodes: { operator: 'In', values: [2, 0], containerName: 'other' } },
      { action: 'Ignore' },
      { action: 'Give up', onPodConditions: [{ type: 'Ready', status: 'Yes' }] },
    ];
    const restarts = { spec: { ...template.spec, restartPolicy: 'OnFailure' } };
    expect(
      problems({
        podFailurePolicy: { rules },
        template: restarts,
        podReplacementPolicy: 'TerminatingOrFailed',
      }),
    ).toEqual([
      'spec.podFailurePolicy.rules[0].action Invalid requires the backoffLimitPerIndex to be set',
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName Invalid must be one of the container or initContainer names in the pod template',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[1] Invalid must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[0].onExitCodes.values Invalid must be ordered',
      'spec.podFailurePolicy.rules[1] Invalid specifying one of OnExitCodes and OnPodConditions is required',
      'spec.podFailurePolicy.rules[2].action NotSupported supported values: "Count", "FailIndex", "FailJob", "Ignore"',
      'spec.podFailurePolicy.rules[2].onPodConditions[0].status NotSupported supported values: "False", "True", "Unknown"',
      'spec.podReplacementPolicy NotSupported supported values: "Failed"',
      'spec.template.spec.restartPolicy Invalid only "Never" is supported when podFailurePolicy is specified',
    ]);
  });

  it.each([
    [
      [],
      'spec.successPolicy.rules Required at least one rules must be specified when the successPolicy is specified',
    ],
    [
      [{}],
      'spec.successPolicy.rules[0] Required at least one of succeededCount or succeededIndexes must be specified',
    ],
    [
      [{ succeededCount: 4 }],
      'spec.successPolicy.rules[0].succeededCount Invalid must be less than or equal to 3 (the number of specified completions)',
    ],
    [
      [{ succeededIndexes: '0,3' }],
      'spec.successPolicy.rules[0].succeededIndexes Invalid error parsing succeededIndexes: too large index: "3"',
    ],
  ])('are refused for success policies that make no sense: %o', (rules, problem) => {
    expect(problems({ completionMode: 'Indexed', completions: 3, successPolicy: { rules } })).toEqual([
      problem,
    ]);
  });

  it('are managed by somebody with a name, or by Kubernetes', () => {
    expect(problems({ managedBy: 'mine' })).toEqual([
      'spec.managedBy Invalid must be a domain-prefixed path (such as "acme.io/foo")',
    ]);
    expect(problems({ managedBy: 'example.com/mine' })).toEqual([]);
  });

  it('keep what their counts depend on', () => {
    expect(changes({ completions: 2 })).toEqual(['spec.completions Invalid field is immutable']);
    expect(changes({ parallelism: 2, completions: 1, suspend: true })).toEqual([]);
    const indexed = { completionMode: 'Indexed', completions: 2, parallelism: 2 };
    expect(changes({ ...indexed, completions: 3, parallelism: 3 }, indexed)).toEqual([]);
    expect(changes({ ...indexed, completions: 3 }, indexed)).toEqual([
      'spec.completions Invalid can only be modified in tandem with spec.parallelism',
    ]);
    expect(changes({ managedBy: 'example.com/mine' })).toEqual(['spec.managedBy Invalid field is immutable']);
  });

  it('may be told where to run while they are suspended and have not started', () => {
    const placed = { template: { spec: { ...template.spec, nodeSelector: { disk: 'ssd' } } } };
    const other = { template: { spec: { ...template.spec, hostname: 'x' } } };
    const refused = ['spec.template Invalid field is immutable'];
    expect(changes(placed, { suspend: true })).toEqual([]);
    expect(changes(placed)).toEqual(refused);
    expect(changes(placed, { suspend: true }, { startTime: '2026-01-01T00:00:00Z' })).toEqual(refused);
    expect(changes(other, { suspend: true })).toEqual(refused);
  });
});

describe('cron jobs', () => {
  const cronJobs = kindOf('cronjobs', 'batch');
  const cronProblems = (spec: object, name = 'c') => {
    const sent = {
      metadata: { name },
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template } }, ...spec },
    };
    return texts(cronJobs.strategy.validate?.(created(cronJobs, sent)));
  };

  it('are refused for what cannot be scheduled', () => {
    expect(cronProblems({})).toEqual([]);
    expect(cronProblems({ schedule: '' })).toEqual(['spec.schedule Required']);
    expect(cronProblems({ schedule: '* * * *', timeZone: 'Mars/Base', startingDeadlineSeconds: -1 })).toEqual(
      [
        'spec.schedule Invalid expected exactly 5 fields, found 4: [* * * *]',
        'spec.timeZone Invalid unknown time zone Mars/Base',
        'spec.startingDeadlineSeconds Invalid must be greater than or equal to 0',
      ],
    );
    expect(cronProblems({ successfulJobsHistoryLimit: -1 }, 'c'.repeat(53))).toEqual([
      'metadata.name Invalid must be no more than 52 characters',
      'spec.successfulJobsHistoryLimit Invalid must be greater than or equal to 0',
    ]);
  });
});

describe('a schedule', () => {
  it.each([
    '* * * * *',
    '*/15 0-6,22 1,15 jan-JUN mon-fri',
    '0 0 31 2 *',
    '? ? ? ? ?',
    '@daily',
    '@every 1h30m',
    '5/10 * * * *',
  ])('%s is good', (schedule) => expect(scheduleProblem(schedule)).toBeUndefined());

  it.each([
    ['* * * * * *', 'expected exactly 5 fields, found 6: [* * * * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['5-2 * * * *', 'beginning of range (5) beyond end of range (2): 5-2'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
    ['L * * * *', 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'],
    ['@fortnightly', 'unrecognized descriptor: @fortnightly'],
    ['@every soon', 'failed to parse duration @every soon: time: invalid duration "soon"'],
    ['TZ=UTC * * * * *', 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
  ])('%s is refused: %s', (schedule, problem) => expect(scheduleProblem(schedule)).toBe(problem));
});

describe('a time zone', () => {
  it.each([
    ['Europe/Berlin', undefined],
    ['UTC', undefined],
    ['+01:00', 'unknown time zone +01:00'],
    ['', 'timeZone must be nil or non-empty string'],
    ['local', 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'],
  ])('%s: %s', (zone, problem) => expect(timeZoneProblem(zone)).toBe(problem));
});

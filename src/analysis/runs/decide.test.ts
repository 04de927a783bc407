import { describe, expect, it } from 'vitest';
import type { Metric } from '../../api/index.ts';
import { metric, run } from '../testing/build.ts';
import { START, simulate } from '../testing/simulate.ts';
import { assess, decideRun } from './decide.ts';

const one = (fields: Partial<Metric>, script: string, until?: number) =>
  simulate(run({ metrics: [metric(fields)] }), { m: script }, until === undefined ? {} : { until });

describe('one metric (ANA-037: the table of §4.7)', () => {
  it.each<[string, Partial<Metric>, string, string, number, string | undefined]>([
    ['defaults, F', {}, 'F', 'Failed', 1, 'Metric "m" assessed Failed due to failed (1) > failureLimit (0)'],
    ['defaults, S', {}, 'S', 'Successful', 1, undefined],
    [
      'interval 5m, failureLimit 3, F S F F F',
      { interval: '5m', failureLimit: 3 },
      'FSFFF',
      'Failed',
      5,
      'Metric "m" assessed Failed due to failed (4) > failureLimit (3)',
    ],
    [
      'count 3, failureLimit 1, S F S',
      { count: 3, interval: '1m', failureLimit: 1 },
      'SFS',
      'Successful',
      3,
      undefined,
    ],
    ['count 3, E S S S', { count: 3, interval: '1m' }, 'ESSS', 'Successful', 4, undefined],
    [
      'defaults, E E E E E',
      {},
      'EEEEE',
      'Error',
      5,
      'Metric "m" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4)',
    ],
    ['defaults, E E E E S', {}, 'EEEES', 'Successful', 5, undefined],
    [
      'inconclusiveLimit 3, I I I I',
      { inconclusiveLimit: 3, interval: '5s' },
      'IIII',
      'Inconclusive',
      4,
      'Metric "m" assessed Inconclusive due to inconclusive (4) > inconclusiveLimit (3)',
    ],
    [
      'failureLimit -1, consecutiveSuccessLimit 3, F F S S F S S S',
      { failureLimit: -1, consecutiveSuccessLimit: 3, interval: '1m' },
      'FFSSFSSS',
      'Successful',
      8,
      undefined,
    ],
    [
      'the same with count 5, S S F S S',
      { failureLimit: -1, consecutiveSuccessLimit: 3, count: 5, interval: '1m' },
      'SSFSS',
      'Failed',
      5,
      'Metric "m" assessed Failed due to consecutiveSuccessLimit (3) not reached after count (5)',
    ],
    [
      'failureLimit 2, consecutiveSuccessLimit 3, count 6, S F S S F S',
      { failureLimit: 2, consecutiveSuccessLimit: 3, count: 6, interval: '1m' },
      'SFSSFS',
      'Inconclusive',
      6,
      'Metric "m" assessed Inconclusive due to consecutiveSuccessLimit (3) not reached after count (6)',
    ],
    [
      'the same, F F F',
      { failureLimit: 2, consecutiveSuccessLimit: 3, count: 6, interval: '1m' },
      'FFF',
      'Failed',
      3,
      'Metric "m" assessed Failed due to failed (3) > failureLimit (2)',
    ],
    [
      'failureLimit 0, consecutiveErrorLimit 0, E',
      { failureLimit: 0, consecutiveErrorLimit: 0 },
      'E',
      'Error',
      1,
      'Metric "m" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0)',
    ],
  ])('%s', (_, fields, script, phase, measurements, message) => {
    const { status, measured } = one(fields, script);
    expect(status.phase).toBe(phase);
    expect(measured).toHaveLength(measurements);
    expect(status.message).toBe(message);
  });

  it('ANA-032 three failures with failureLimit 3 leave an unbounded metric running', () => {
    const { status } = one({ interval: '5m', failureLimit: 3 }, 'FFF', 601);
    expect(status).toMatchObject({ phase: 'Running', metricResults: [{ failed: 3, count: 3 }] });
  });
});

describe('scheduling', () => {
  it('ANA-002 count 0 without an interval measures once', () => {
    expect(one({ count: 0 }, 'S').measured).toEqual(['m@0']);
  });

  it('ANA-003 a metric with an interval only runs on', () => {
    expect(one({ interval: '1m' }, '', 180)).toMatchObject({
      measured: ['m@0', 'm@60', 'm@120', 'm@180'],
      status: { phase: 'Running' },
    });
  });

  it('ANA-004 a count from an argument', () => {
    const spec = {
      metrics: [metric({ count: '{{args.n}}', interval: '5s' })],
      args: [{ name: 'n', value: '3' }],
    };
    expect(simulate(run(spec), {}).measured).toEqual(['m@0', 'm@5', 'm@10']);
  });

  it('takes a whole number for an interval in seconds', () => {
    const interval = 5 as unknown as string;
    expect(one({ interval, count: 2 }, 'SS').measured).toEqual(['m@0', 'm@5']);
  });

  it('ANA-029 initialDelay counts from startedAt', () => {
    const { measured, status } = one({ initialDelay: '30s' }, 'S');
    expect(measured).toEqual(['m@30']);
    expect(status.startedAt).toBe('2026-03-02T09:00:00Z');
  });

  it('ANA-030 an Error is tried again after 10 s whatever the interval', () => {
    expect(one({ interval: '1m', count: 2 }, 'ESS').measured).toEqual(['m@0', 'm@10', 'm@70']);
    expect(one({ interval: '1s', count: 2 }, 'ESS').measured).toEqual(['m@0', 'm@10', 'm@11']);
  });

  it('ANA-049 an unfinished measurement is resumed at resumeAt and replaced', () => {
    const { measured, status } = one({}, '..S');
    expect(measured).toEqual(['m@0', 'm@10', 'm@20']);
    expect(status.metricResults?.[0]?.measurements).toHaveLength(1);
  });

  it('an unfinished measurement without resumeAt arms no timer', () => {
    const view = { run: run() };
    const measurement = { phase: 'Running' as const, startedAt: '2026-03-02T09:00:00Z' };
    const { wakeAt } = assess(view, [{ metricName: 'm', mode: 'run', measurement }], START);
    expect(wakeAt).toBeUndefined();
  });
});

describe('counters and limits', () => {
  it('ANA-031 errors do not count; every counter follows its measurement', () => {
    const { status } = one({ interval: '1s', failureLimit: 5, inconclusiveLimit: 5, count: 6 }, 'SFISESS');
    expect(status.metricResults?.[0]).toMatchObject({
      count: 6,
      successful: 4,
      failed: 1,
      inconclusive: 1,
      error: 1,
      consecutiveSuccess: 2,
    });
    expect(status.metricResults?.[0]?.consecutiveError).toBeUndefined();
  });

  it('ANA-033 any other outcome resets the errors in a row', () => {
    expect(one({ interval: '1m', count: 3 }, 'EEEESEEEESS').status.phase).toBe('Successful');
  });

  it('ANA-034 Error wins over Inconclusive over Failed', () => {
    const judge = (counters: object) => {
      const metrics = [
        metric({ interval: '1m', failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 0 }),
      ];
      const measurements = [{ phase: 'Failed' as const, startedAt: '', finishedAt: '2026-03-02T09:00:00Z' }];
      const metricResults = [{ name: 'm', phase: 'Running' as const, measurements, ...counters }];
      return assess({ run: run({ metrics }, { status: { phase: 'Running', metricResults } }) }, [], START)
        .status?.phase;
    };
    expect(judge({ failed: 1, inconclusive: 1, consecutiveError: 1 })).toBe('Error');
    expect(judge({ failed: 1, inconclusive: 1 })).toBe('Inconclusive');
    expect(judge({ failed: 1 })).toBe('Failed');
  });

  it('ANA-035 consecutiveSuccessLimit ends a metric before its count, unless failureLimit is exceeded', () => {
    const fields = { interval: '1s', count: 9, consecutiveSuccessLimit: 2 };
    expect(one(fields, 'SS')).toMatchObject({ status: { phase: 'Successful' }, measured: ['m@0', 'm@1'] });
    expect(one(fields, 'FSS').status.phase).toBe('Failed');
  });
});

describe('several metrics', () => {
  const two = (a: Partial<Metric>, b: Partial<Metric>) =>
    run({ metrics: [metric({ name: 'a', ...a }), metric({ name: 'b', ...b })] });

  it('ANA-038 ANA-041 a failing metric ends an unbounded sibling and the run is Failed', () => {
    const { status } = simulate(two({ interval: '5s' }, { interval: '5s' }), { a: 'S', b: 'F' });
    expect(status).toMatchObject({
      phase: 'Failed',
      message: 'Metric "b" assessed Failed due to failed (1) > failureLimit (0)',
    });
  });

  it('ANA-048 an unfinished sibling is terminated as Inconclusive', () => {
    const { status } = simulate(two({}, { interval: '5s' }), { a: '.', b: 'F' });
    expect(status.phase).toBe('Failed');
    expect(status.metricResults?.[0]?.measurements).toMatchObject([
      { phase: 'Inconclusive', message: 'Metric Terminated', finishedAt: '2026-03-02T09:00:00Z' },
    ]);
  });

  it('ANA-038 Failed is worse than Error, Error than Inconclusive', () => {
    const phaseOf = (a: string, b: string) =>
      simulate(two({ consecutiveErrorLimit: 0 }, { consecutiveErrorLimit: 0 }), { a, b }).status.phase;
    expect(phaseOf('E', 'F')).toBe('Failed');
    expect(phaseOf('I', 'E')).toBe('Error');
    expect(phaseOf('S', 'I')).toBe('Inconclusive');
  });

  it('ANA-040 of two equally bad metrics the first in the spec gives the message', () => {
    expect(simulate(two({}, {}), { a: 'F', b: 'F' }).status.message).toContain('"a"');
  });

  it('ANA-039 appends the message of the metric', () => {
    const view = { run: run() };
    const measurement = { phase: 'Failed' as const, message: 'too slow', startedAt: '2026-03-02T09:00:00Z' };
    const { status } = assess(view, [{ metricName: 'm', mode: 'run', measurement }], START);
    expect(status?.message).toBe(
      'Metric "m" assessed Failed due to failed (1) > failureLimit (0): "Error Message: too slow"',
    );
  });

  it('ANA-042 the summaries count metrics by group and outcome', () => {
    const spec = {
      metrics: [
        metric({ name: 'good' }),
        metric({ name: 'short', interval: '1s', count: 3, consecutiveSuccessLimit: 2, failureLimit: 1 }),
        metric({ name: 'quiet' }),
      ],
      dryRun: [{ metricName: 'quiet' }],
    };
    const { status } = simulate(run(spec), { good: 'S', short: 'SFS', quiet: 'F' });
    expect(status.runSummary).toEqual({ count: 2, successful: 1, inconclusive: 1 });
    expect(status.dryRunSummary).toEqual({ count: 1, failed: 1 });
  });
});

describe('dry run and retention', () => {
  it('ANA-043 a failing dry-run metric has no say', () => {
    const { status } = simulate(run({ dryRun: [{ metricName: '*' }] }), { m: 'F' });
    expect(status.phase).toBe('Successful');
    expect(status.metricResults?.[0]).toMatchObject({
      dryRun: true,
      phase: 'Failed',
      message: 'Metric assessed Failed due to failed (1) > failureLimit (0)',
    });
  });

  it('ANA-044 rules are unanchored regular expressions, and each must match', () => {
    const metrics = [metric({ name: 'latency-p99' })];
    expect(
      simulate(run({ metrics, dryRun: [{ metricName: 'p9+' }] }), { 'latency-p99': 'F' }).status.phase,
    ).toBe('Successful');
    const unmatched = [{ metricName: 'p9' }, { metricName: 'nothing' }];
    expect(simulate(run({ metrics, dryRun: unmatched }), {}).status).toMatchObject({
      phase: 'Error',
      message: "Analysis spec invalid: dryRun[1]: Rule didn't match any metric name(s)",
    });
    expect(simulate(run({ metrics, dryRun: [{ metricName: '(' }] }), {}).status.message).toMatch(
      /^Analysis spec invalid: dryRun\[0\]: metricName is no regular expression/,
    );
  });

  it.each([
    [undefined, 10],
    [0, 10],
    [20, 20],
  ])('ANA-045 measurementRetention %s keeps %i measurements, and all the counts', (limit, kept) => {
    const measurementRetention = limit === undefined ? [] : [{ metricName: 'm', limit }];
    const spec = { metrics: [metric({ interval: '1s', count: 25 })], measurementRetention };
    const { status } = simulate(run(spec), { m: 'S'.repeat(25) });
    expect(status.metricResults?.[0]?.measurements).toHaveLength(kept);
    expect(status.metricResults?.[0]).toMatchObject({ count: 25, successful: 25 });
  });
});

describe('the end of a run', () => {
  it('ANA-047 terminate on a healthy unbounded run', () => {
    const before = (r: ReturnType<typeof run>, now: number) =>
      now >= START + 10_000 ? { ...r, spec: { ...r.spec, terminate: true } } : r;
    const { status } = simulate(run({ metrics: [metric({ interval: '10s' })] }), {}, { before });
    expect(status).toMatchObject({ phase: 'Successful', message: 'Run Terminated' });
  });

  it('ANA-047 terminate before any measurement', () => {
    const spec = { metrics: [metric({ initialDelay: '1h' })], terminate: true };
    expect(simulate(run(spec), {}).status).toMatchObject({ phase: 'Successful', message: 'Run Terminated' });
  });

  it.each([
    [
      'ANA-009 an argument without a value',
      { args: [{ name: 'x' }] },
      'Unable to resolve metric arguments: argument "x" was not supplied',
    ],
    [
      'ANA-008 an unknown placeholder',
      { metrics: [metric({ successCondition: 'result < {{args.y}}' })] },
      'Unable to resolve metric arguments: failed to resolve {{args.y}}',
    ],
    [
      'ANA-027 a bad interval',
      { metrics: [metric({ interval: 'abc' })] },
      'Analysis spec invalid: metrics[0]: invalid interval string: time: invalid duration "abc"',
    ],
  ])('%s ends the run in Error, with a time of completion (ANA-051)', (_, spec, message) => {
    const { status, events } = simulate(run(spec), {});
    expect(status).toMatchObject({ phase: 'Error', message, completedAt: '2026-03-02T09:00:00Z' });
    expect(events).toEqual([
      { type: 'Warning', reason: 'AnalysisRunError', message: 'Analysis Completed. Result: Error' },
    ]);
  });

  it('ANA-012 a missing Secret ends the run in Error', () => {
    const { status } = assess(
      { run: run() },
      [{ metricName: 'm', unresolvable: 'secrets "s" not found' }],
      START,
    );
    expect(status).toMatchObject({
      phase: 'Error',
      message: 'Unable to resolve metric arguments: secrets "s" not found',
    });
  });

  it('ANA-052 events of metric and run', () => {
    expect(one({}, 'S').events).toEqual([
      { type: 'Normal', reason: 'MetricSuccessful', message: "Metric 'm' Completed. Result: Successful" },
      { type: 'Normal', reason: 'AnalysisRunSuccessful', message: 'Analysis Completed. Result: Successful' },
    ]);
    expect(one({}, 'F').events.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Warning MetricFailed',
      'Warning AnalysisRunFailed',
    ]);
  });

  it.each([
    ['Successful', { secondsAfterCompletion: 100, secondsAfterSuccess: 5 }, 6],
    ['Failed', { secondsAfterCompletion: 100, secondsAfterFailure: 7, secondsAfterSuccess: 1 }, 8],
    ['Error', { secondsAfterCompletion: 9, secondsAfterFailure: 1 }, 10],
    ['Inconclusive', { secondsAfterCompletion: 0, secondsAfterFailure: 5 }, 1],
  ] as const)('ANA-050 ANA-051 the time to live of a run that is %s', (phase, ttlStrategy, seconds) => {
    const completed = run({ ttlStrategy }, { status: { phase, completedAt: '2026-03-02T09:00:00Z' } });
    const early = decideRun({ run: completed }, START + seconds * 1000 - 1);
    expect(early).toMatchObject({ effects: [], wakeAt: START + seconds * 1000 });
    const late = decideRun({ run: completed }, START + seconds * 1000);
    expect(late.effects).toMatchObject([
      { kind: 'delete', uid: completed.metadata.uid, ref: { name: 'run' } },
    ]);
  });

  it('keeps a completed run without a time to live, and leaves a deleted one alone', () => {
    const status = { phase: 'Failed' as const, completedAt: '2026-03-02T09:00:00Z' };
    expect(decideRun({ run: run({}, { status }) }, START + 1e9)).toMatchObject({
      effects: [],
      measurements: [],
    });
    const deleted = run({}, { metadata: { name: 'run', deletionTimestamp: '2026-03-02T09:00:00Z' } });
    expect(decideRun({ run: deleted }, START)).toMatchObject({ effects: [], measurements: [] });
  });
});

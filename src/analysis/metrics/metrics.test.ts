import { describe, expect, it } from 'vitest';
import type { Metric } from '../../api/index.ts';
import { metric, run } from '../testing/build.ts';
import { argumentValues, resolveMetric } from './resolve.ts';
import { validateMetrics } from './validate.ts';
import { judgeSample } from './verdict.ts';

describe('placeholders', () => {
  const resolve = (fields: Partial<Metric>, args: Record<string, string>) =>
    resolveMetric(
      metric(fields),
      argumentValues(
        Object.entries(args).map(([name, value]) => ({ name, value })),
        run(),
      ),
    );

  it('ANA-005 are replaced in every field, keys included', () => {
    const resolved = resolve(
      {
        name: '{{args.n}}-x',
        interval: '{{args.i}}',
        failureLimit: '{{args.l}}',
        successCondition: 'result < {{args.l}}',
        provider: {
          web: {
            url: 'http://{{args.n}}/',
            headers: [{ key: 'X-{{args.n}}', value: '{{args.l}}' }],
            jsonBody: { '{{args.n}}': [{ deep: ['{{args.l}}'] }], number: 1 },
          },
          plugin: { 'org/{{args.n}}': { query: '{{args.l}}' } },
          job: { spec: { template: { spec: { containers: [{ name: 'c', args: ['{{args.n}}'] }] } } } },
        },
      },
      { n: 'web', i: '5s', l: '3' },
    );
    expect(resolved).toMatchObject({
      name: 'web-x',
      interval: '5s',
      failureLimit: '3',
      successCondition: 'result < 3',
      provider: {
        web: {
          url: 'http://web/',
          headers: [{ key: 'X-web', value: '3' }],
          jsonBody: { web: [{ deep: ['3'] }], number: 1 },
        },
        plugin: { 'org/web': { query: '3' } },
        job: { spec: { template: { spec: { containers: [{ args: ['web'] }] } } } },
      },
    });
  });

  it('ANA-006 may have spaces, and values are not expanded again', () => {
    expect(resolve({ successCondition: '{{ args.x }}' }, { x: '{{args.y}}', y: 'no' }).successCondition).toBe(
      '{{args.y}}',
    );
  });

  it('ANA-007 values survive as they are', () => {
    const value = 'quote " tab \t newline \n backslash \\ bell \u0007 del \u007f';
    expect(resolve({ successCondition: '{{args.x}}' }, { x: value }).successCondition).toBe(value);
  });

  it('ANA-008 ANA-010 unknown and unclosed ones', () => {
    expect(() => resolve({ successCondition: '{{args.y}} {{ z }}' }, {})).toThrow(
      'failed to resolve {{args.y}}, {{ z }}',
    );
    expect(() => resolve({ successCondition: 'a {{args.y' }, {})).toThrow(
      'Cannot find end tag="}}" in the template="a {{args.y" starting from "args.y"',
    );
  });

  it('a fieldRef reads the metadata of the run', () => {
    const arg = (fieldPath: string) => ({ name: 'x', valueFrom: { fieldRef: { fieldPath } } });
    expect(argumentValues([arg('metadata.namespace')], run()).get('args.x')).toBe('ns');
    expect(() => argumentValues([arg('spec.terminate')], run())).toThrow('must be a path in metadata');
  });
});

describe('ANA-027 ANA-028 validation of metrics', () => {
  it.each<[Partial<Metric>, string]>([
    [{ consecutiveSuccessLimit: -1 }, 'consecutiveSuccessLimit must be >= 0'],
    [{ failureLimit: -2 }, 'failureLimit must be >= 0, or -1 to be disabled'],
    [{ failureLimit: -1 }, 'failureLimit and consecutiveSuccessLimit cannot both be disabled'],
    [{ inconclusiveLimit: -1 }, 'inconclusiveLimit must be >= 0'],
    [{ consecutiveErrorLimit: -1 }, 'consecutiveErrorLimit must be >= 0'],
    [
      { count: 3, failureLimit: 2, consecutiveSuccessLimit: 2 },
      'count (3) must be >= failureLimit + consecutiveSuccessLimit (2 + 2) if both >= 0',
    ],
    [{ count: 2, failureLimit: -1, consecutiveSuccessLimit: 3 }, 'count must be >= consecutiveSuccessLimit'],
    [{ count: 1, inconclusiveLimit: 2 }, 'count must be >= inconclusiveLimit'],
    [{ count: 2 }, 'interval must be specified when count > 1'],
    [{ interval: '10' }, 'invalid interval string: time: missing unit in duration "10"'],
    [{ interval: '1d' }, 'invalid interval string: time: unknown unit "d" in duration "1d"'],
    [{ interval: '0s' }, 'invalid interval string: must be > 0, not "0s"'],
    [{ initialDelay: 'x' }, 'invalid startDelay string: time: invalid duration "x"'],
    [{ provider: {} }, 'no provider specified'],
    [{ provider: { web: { url: 'x' }, prometheus: {} } }, 'multiple providers specified'],
    [{ provider: { plugin: { a: {}, b: {} } } }, 'multiple providers specified'],
    [{ count: -1 }, 'count must be >= 0'],
    [{ failureLimit: '10%' }, 'failureLimit must be an integer, not "10%"'],
    [{ failureLimit: -2, inconclusiveLimit: -1 }, 'failureLimit must be >= 0, or -1 to be disabled'],
  ])('%j', (fields, problem) => {
    expect(validateMetrics([metric({ name: 'sound' }), metric(fields)])).toBe(`metrics[1]: ${problem}`);
  });

  it('no metrics, and a name twice', () => {
    expect(validateMetrics([])).toBe('no metrics specified');
    expect(validateMetrics([metric(), metric()])).toBe("metrics[1]: duplicate name 'm'");
    expect(validateMetrics([metric({ count: '3', interval: '5s', failureLimit: 1 })])).toBeUndefined();
  });
});

describe('ANA-046 the verdict of the conditions', () => {
  const phase = (result: number | null, successCondition?: string, failureCondition?: string) =>
    judgeSample(
      { ...(successCondition && { successCondition }), ...(failureCondition && { failureCondition }) },
      { result },
      0,
    );

  it.each([
    [1, undefined, undefined, 'Successful'],
    [1, 'result == 1', undefined, 'Successful'],
    [2, 'result == 1', undefined, 'Failed'],
    [1, undefined, 'result == 1', 'Failed'],
    [2, undefined, 'result == 1', 'Successful'],
    [1, 'result == 1', 'result == 1', 'Failed'],
    [1, 'result == 1', 'result == 2', 'Successful'],
    [3, 'result == 1', 'result == 2', 'Inconclusive'],
  ])('%s: success %s, failure %s: %s', (result, success, failure, expected) => {
    expect(phase(result, success, failure).phase).toBe(expected);
  });

  it('ANA-059 ANA-060 errors name the condition; an empty result is said to be one', () => {
    expect(phase(null, 'result > 1')).toEqual({
      phase: 'Error',
      message:
        'could not evaluate successCondition "result > 1": metric result is nil or empty: no data returned from the metric provider',
    });
    expect(phase(1, 'result == 1', 'result')).toEqual({
      phase: 'Error',
      message: 'could not evaluate failureCondition "result": expected bool, but got float64',
    });
    expect(phase(1, 'x > 1').message).toMatch(
      /^could not evaluate successCondition "x > 1": unknown name x \(1:1\)/,
    );
  });
});

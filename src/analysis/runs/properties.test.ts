import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Metric } from '../../api/index.ts';
import { metric, run } from '../testing/build.ts';
import { simulate } from '../testing/simulate.ts';

const limits = fc.record({
  count: fc.integer({ min: 1, max: 6 }),
  failureLimit: fc.integer({ min: 0, max: 2 }),
  inconclusiveLimit: fc.integer({ min: 0, max: 1 }),
  consecutiveErrorLimit: fc.integer({ min: 0, max: 3 }),
  consecutiveSuccessLimit: fc.integer({ min: 0, max: 2 }),
  initialDelay: fc.constantFrom('', '3s'),
});
/** Limits that a metric may have together (ANA §4.2). */
const sound = limits
  .map((fields) => ({
    ...fields,
    count: Math.max(
      fields.count,
      fields.failureLimit + fields.consecutiveSuccessLimit,
      fields.inconclusiveLimit,
    ),
    interval: '5s',
  }))
  .map((fields): Partial<Metric> => fields);
const script = fc.string({ unit: fc.constantFrom('S', 'F', 'I', 'E', '.'), maxLength: 20 });
const scenario = fc.array(fc.record({ fields: sound, script, dryRun: fc.boolean() }), {
  minLength: 1,
  maxLength: 3,
});

describe('for any metrics with an end and any outcomes', () => {
  it('the run ends, within its limits, and its counters add up', () => {
    fc.assert(
      fc.property(scenario, (metrics) => {
        const named = metrics.map((entry, i) => ({ ...entry, name: `m${i}` }));
        const { status, passes, measured } = simulate(
          run({
            metrics: named.map(({ name, fields }) => metric({ ...fields, name })),
            dryRun: named.filter(({ dryRun }) => dryRun).map(({ name }) => ({ metricName: `^${name}$` })),
          }),
          Object.fromEntries(named.map(({ name, script: letters }) => [name, letters])),
        );

        expect(['Successful', 'Failed', 'Error', 'Inconclusive']).toContain(status.phase);
        expect(status.completedAt).toBeDefined();
        expect(passes).toBeLessThan(200);
        for (const { name, fields } of named) {
          const result = status.metricResults?.find((candidate) => candidate.name === name);
          const { count = 0, successful = 0, failed = 0, inconclusive = 0, error = 0 } = result ?? {};
          expect(count).toBe(successful + failed + inconclusive);
          expect(count).toBeLessThanOrEqual(Number(fields.count));
          expect(failed).toBeLessThanOrEqual(Number(fields.failureLimit) + 1);
          expect(measured.filter((at) => at.startsWith(`${name}@`)).length).toBeGreaterThanOrEqual(
            count + error,
          );
        }
        const judged = named.filter(({ dryRun }) => !dryRun).map(({ name }) => name);
        const bad = (status.metricResults ?? []).some(
          ({ name, phase }) => judged.includes(name) && phase === 'Failed',
        );
        expect(status.phase === 'Failed').toBe(bad);
      }),
      { numRuns: 300 },
    );
  });
});

import fc from 'fast-check';
import type { HorizontalPodAutoscalerBehavior } from 'kubernetes-types/autoscaling/v2.d.ts';
import { describe, expect, it } from 'vitest';
import { NOW } from '../testing/objects.ts';
import { normalize } from './behavior.ts';
import { type History, NO_HISTORY } from './history.ts';
import { changed, recommended } from './testing.ts';

const wish = (current: number, desired: number, max = 100) => ({ current, desired, min: 1, max });
const outcome = (
  of: ReturnType<typeof wish>,
  behavior: HorizontalPodAutoscalerBehavior | undefined,
  history: History = NO_HISTORY,
) => {
  const { replicas, able, limited } = normalize(of, behavior, history, NOW);
  return [replicas, able.reason, limited.reason];
};

describe('without a behavior', () => {
  it.each([
    ['grows to the double', wish(3, 20), NO_HISTORY, [6, 'ReadyForNewScale', 'ScaleUpLimit']],
    ['or to four', wish(1, 20), NO_HISTORY, [4, 'ReadyForNewScale', 'ScaleUpLimit']],
    ['not beyond the maximum', wish(3, 20, 5), NO_HISTORY, [5, 'ReadyForNewScale', 'TooManyReplicas']],
    [
      'shrinks to the highest wish of five minutes',
      wish(9, 2),
      recommended([301, 9], [300, 7], [10, 3]),
      [7, 'ScaleDownStabilized', 'DesiredWithinRange'],
    ],
    [
      'and at once after them',
      wish(9, 2),
      recommended([301, 9]),
      [2, 'ReadyForNewScale', 'DesiredWithinRange'],
    ],
  ] as const)('%s', (_, of, history, expected) => {
    expect(outcome(of, undefined, history)).toEqual(expected);
  });
});

const policy = (type: 'Pods' | 'Percent', value: number, periodSeconds = 60) => ({
  type,
  value,
  periodSeconds,
});
const up = (selectPolicy: string, ...policies: ReturnType<typeof policy>[]) => ({
  scaleUp: { stabilizationWindowSeconds: 0, selectPolicy, policies },
  scaleDown: { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled', policies: [] },
});
const down = (selectPolicy: string, ...policies: ReturnType<typeof policy>[]) => ({
  scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled', policies: [] },
  scaleDown: { stabilizationWindowSeconds: 0, selectPolicy, policies },
});

describe('policies on the way up', () => {
  it.each([
    ['Pods', up('Max', policy('Pods', 4)), NO_HISTORY, 14],
    ['Percent, rounded up', up('Max', policy('Percent', 15)), NO_HISTORY, 12],
    ['the larger of two', up('Max', policy('Pods', 4), policy('Percent', 100)), NO_HISTORY, 20],
    ['the smaller of two', up('Min', policy('Pods', 4), policy('Percent', 100)), NO_HISTORY, 14],
    ['none at all', up('Disabled', policy('Pods', 4)), NO_HISTORY, 10],
    ['what was added in the period counts', up('Max', policy('Pods', 4)), changed([59, 3]), 11],
    ['what was added before does not', up('Max', policy('Pods', 4)), changed([60, 3]), 14],
    ['what was taken away is added again', up('Max', policy('Pods', 4)), changed([10, -3]), 17],
    ['never down', up('Max', policy('Pods', 4)), changed([10, 9]), 10],
    ['exact percents are not rounded up', up('Max', policy('Percent', 10)), NO_HISTORY, 11],
  ] as const)('%s', (_, behavior, history, expected) => {
    expect(outcome(wish(10, 50), behavior as never, history)).toEqual([
      expected,
      'ReadyForNewScale',
      'ScaleUpLimit',
    ]);
  });
});

describe('policies on the way down', () => {
  it.each([
    ['Pods', down('Max', policy('Pods', 4)), NO_HISTORY, 6],
    ['Percent, rounded down', down('Max', policy('Percent', 15)), NO_HISTORY, 8],
    ['the larger change of two', down('Max', policy('Pods', 4), policy('Percent', 50)), NO_HISTORY, 5],
    ['the smaller change of two', down('Min', policy('Pods', 4), policy('Percent', 50)), NO_HISTORY, 6],
    ['none at all', down('Disabled', policy('Pods', 4)), NO_HISTORY, 10],
    ['what was taken in the period counts', down('Max', policy('Pods', 4)), changed([59, -3]), 9],
    ['never up', down('Max', policy('Pods', 4)), changed([59, -9]), 10],
  ] as const)('%s', (_, behavior, history, expected) => {
    expect(outcome(wish(10, 2), behavior as never, history)).toEqual([
      expected,
      'ReadyForNewScale',
      'ScaleDownLimit',
    ]);
  });

  it('stops at the minimum', () => {
    expect(outcome(wish(3, 0), down('Max', policy('Percent', 100)) as never)).toEqual([
      1,
      'ReadyForNewScale',
      'TooFewReplicas',
    ]);
  });
});

describe('stabilisation', () => {
  const windows = (upSeconds: number, downSeconds: number | undefined) => ({
    scaleUp: {
      stabilizationWindowSeconds: upSeconds,
      selectPolicy: 'Max',
      policies: [policy('Percent', 1000)],
    },
    scaleDown: {
      ...(downSeconds !== undefined && { stabilizationWindowSeconds: downSeconds }),
      selectPolicy: 'Max',
      policies: [policy('Percent', 100)],
    },
  });

  it.each([
    [
      'the lowest wish of its window on the way up',
      wish(2, 9),
      windows(60, 0),
      [[59, 5]],
      5,
      'ScaleUpStabilized',
    ],
    ['older wishes do not count', wish(2, 9), windows(60, 0), [[60, 5]], 9, 'ReadyForNewScale'],
    [
      'the highest wish of its window on the way down',
      wish(9, 2),
      windows(0, 60),
      [[59, 5]],
      5,
      'ScaleDownStabilized',
    ],
    [
      'five minutes where none is set',
      wish(9, 2),
      windows(0, undefined),
      [[299, 7]],
      7,
      'ScaleDownStabilized',
    ],
    [
      'both windows together hold it where it is',
      wish(5, 9),
      windows(60, 60),
      [[30, 2]],
      5,
      'ScaleUpStabilized',
    ],
  ] as const)('%s', (_, of, behavior, past, replicas, reason) => {
    const history = recommended(...(past as unknown as [number, number][]));
    expect(outcome(of, behavior, history).slice(0, 2)).toEqual([replicas, reason]);
  });
});

describe('whatever is asked for', () => {
  const rules = fc.record({
    stabilizationWindowSeconds: fc.integer({ min: 0, max: 3600 }),
    selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
    policies: fc.array(
      fc.record({
        type: fc.constantFrom('Pods' as const, 'Percent' as const),
        value: fc.integer({ min: 1, max: 200 }),
        periodSeconds: fc.integer({ min: 1, max: 1800 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });
  const past = fc.record({
    recommendations: fc.array(
      fc.record({ replicas: fc.nat(100), at: fc.integer({ min: NOW - 4e6, max: NOW }) }),
    ),
    changes: fc.array(
      fc.record({ by: fc.integer({ min: -50, max: 50 }), at: fc.integer({ min: NOW - 4e6, max: NOW }) }),
    ),
  });
  const behaviors = fc.option(fc.record({ scaleUp: rules, scaleDown: rules }), { nil: undefined });

  it('the size stays within its bounds, and never moves away from what is asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.nat(50),
        fc.nat(100),
        fc.nat(200),
        behaviors,
        past,
        (...given) => {
          const [min, range, offset, desired, behavior, history] = given;
          const max = min + range;
          const current = Math.min(max, min + offset);
          const { replicas } = normalize({ current, desired, min, max }, behavior, history, NOW);
          expect(replicas).toBeGreaterThanOrEqual(min);
          expect(replicas).toBeLessThanOrEqual(max);
          // Without a behavior an earlier, higher wish may still raise it.
          if (behavior && desired <= current) expect(replicas).toBeLessThanOrEqual(current);
          if (desired >= current) expect(replicas).toBeGreaterThanOrEqual(current);
        },
      ),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  approximateSplit,
  atLeast,
  type BoundedMove,
  boundedMove,
  podsFor,
  resolveLimits,
} from './arithmetic.ts';

describe('resolveLimits (CAN §5.1)', () => {
  it.each([
    [10, undefined, undefined, 3, 2],
    [5, undefined, undefined, 2, 1],
    [4, undefined, undefined, 1, 1],
    [1, undefined, undefined, 1, 0],
    [3, 0, '10%', 0, 1],
    [10, '3', '3', 1, 0],
    [0, 2, 2, 2, 0],
    [2, 0, 5, 0, 2],
  ])(
    'CAN-010 %i replicas, surge %s, unavailable %s → %i and %i',
    (replicas, maxSurge, maxUnavailable, surge, unavailable) => {
      expect(resolveLimits(replicas, { maxSurge, maxUnavailable })).toEqual({ surge, unavailable });
    },
  );
});

describe('approximateSplit (CAN §5.3)', () => {
  const rows: [string, string, string][] = [
    ['10@41', '4/6', '4/6'],
    ['5@20', '1/4', '1/4'],
    ['5@10', '1/4', '1/5'],
    ['10@1', '1/9', '1/10'],
    ['10@15', '2/8', '2/9'],
    ['10@18', '2/8', '2/9'],
    ['10@24', '2/8', '3/8'],
    ['10@99', '9/1', '10/1'],
    ['10@100', '10/0', '10/0'],
    ['0@50', '0/0', '0/0'],
    ['1@1', '0/1', '1/1'],
    ['1@49', '0/1', '1/1'],
    ['1@50', '1/0', '1/1'],
    ['1@99', '1/0', '1/1'],
    ['1@100', '1/0', '1/0'],
    ['2@1', '1/1', '1/2'],
    ['2@99', '1/1', '2/1'],
    ['3@33', '1/2', '1/2'],
    ['3@49', '1/2', '2/2'],
    ['3@50', '2/1', '2/2'],
  ];
  it.each(rows)('CAN-040 %s without surge settles at %s, with surge at %s', (what, without, withSurge) => {
    const [replicas = 0, weight = 0] = what.split('@').map(Number);
    const split = (surge: number) => {
      const { canary, stable } = approximateSplit(replicas, weight, 100, surge);
      return `${canary}/${stable}`;
    };
    expect([split(0), split(1)]).toEqual([without, withSurge]);
  });

  it('CAN-040 a part keeps a pod of each version, whenever there are two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 500 }), fc.integer({ min: 1, max: 99 }), fc.nat(3), (n, w, s) => {
        const { canary, stable } = approximateSplit(n, w, 100, s);
        expect(canary).toBeGreaterThan(0);
        expect(stable).toBeGreaterThan(0);
        expect(canary + stable).toBeGreaterThanOrEqual(n);
        expect(canary + stable).toBeLessThanOrEqual(n + (s > 0 ? 1 : 0));
      }),
    );
  });
});

describe('boundedMove (CAN §5.4)', () => {
  type Row = [number, number, number, number, string | undefined, string, number, number, number];
  const rows: Row[] = [
    [10, 20, 2, 0, '10/10', '0/0', 0, 10, 2],
    [10, 20, 2, 0, '10/10', '2/2', 0, 8, 2],
    [10, 30, 2, 0, '10/10', '0/0', 0, 10, 2],
    [10, 20, 0, 2, '10/10', '0/0', 0, 8, 0],
    [10, 50, 2, 1, '10/10', '0/0', 0, 9, 2],
    [10, 5, 0, 1, '9/9', '0/0', 0, 9, 1],
    [10, 30, 1, 0, '1/1', '0/0', 3, 7, 1],
    [10, 30, 0, 1, '8/6', '4/2', 3, 8, 4],
    [10, 30, 0, 3, '8/5', '4/4', 0, 7, 3],
    [10, 100, 3, 0, '7/8', '6/3', 0, 7, 6],
    [10, 100, 1, 0, '10/2', '10/8', 0, 2, 9],
    [4, 100, 1, 0, '4/1', '0/0', 0, 4, 1],
    [4, 100, 1, 0, '4/1', '1/1', 0, 3, 1],
    [4, 0, 1, 0, '0/0', '4/4', 0, 1, 4],
    [4, 0, 1, 0, '1/0', '4/4', 0, 1, 4],
    [4, 0, 1, 0, '1/1', '4/4', 0, 1, 3],
    [4, 100, 3, 0, '4/4', '0/0', 0, 4, 3],
  ];
  const group = (text: string) => {
    const [size = 0, available = 0] = text.split('/').map(Number);
    return { size, available };
  };
  it.each(rows)(
    'CAN-045 %i replicas at weight %i with surge %i, unavailable %i, stable %s, canary %s, others %i → %i and %i',
    (replicas, weight, surge, unavailable, stable, canary, others, toStable, toCanary) => {
      const next = boundedMove({
        replicas,
        limits: { surge, unavailable },
        target: approximateSplit(replicas, weight, 100, surge),
        canary: group(canary),
        stable: stable ? group(stable) : undefined,
        others,
      });
      expect(next).toEqual({ stable: toStable, canary: toCanary });
    },
  );

  const anyMove = fc
    .record({
      replicas: fc.integer({ min: 1, max: 60 }),
      weight: fc.integer({ min: 0, max: 100 }),
      surge: fc.nat(20),
      unavailable: fc.nat(20),
      stable: fc.nat(60),
      canary: fc.nat(60),
      others: fc.oneof(fc.constant(0), fc.nat(10)),
      stableReady: fc.nat(60),
      canaryReady: fc.nat(60),
    })
    .map((input): BoundedMove => {
      const { replicas, weight, stable, canary, others } = input;
      const limits = resolveLimits(replicas, { maxSurge: input.surge, maxUnavailable: input.unavailable });
      return {
        replicas,
        limits,
        target: approximateSplit(replicas, weight, 100, limits.surge),
        stable: { size: stable, available: Math.min(stable, input.stableReady) },
        canary: { size: canary, available: Math.min(canary, input.canaryReady) },
        others,
      };
    });
  const total = (move: BoundedMove) => move.canary.size + (move.stable?.size ?? 0) + move.others;
  const availableAfter = (move: BoundedMove, next: { canary: number; stable: number }) =>
    Math.min(next.canary, move.canary.available) + Math.min(next.stable, move.stable?.available ?? 0);

  it('CAN-046 never makes more pods than replicas + surge, for any sizes and pod states', () => {
    fc.assert(
      fc.property(anyMove, (move) => {
        const next = boundedMove(move);
        const limit = Math.max(move.replicas + move.limits.surge, total(move));
        expect(next.canary + next.stable + move.others).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 2000 },
    );
  });

  it('CAN-047 never takes available pods below replicas - unavailable when it scales within the limit', () => {
    fc.assert(
      fc.property(anyMove, (move) => {
        fc.pre(total(move) <= move.replicas + move.limits.surge);
        const before = move.canary.available + (move.stable?.available ?? 0);
        const floor = Math.min(before, move.replicas - move.limits.unavailable);
        expect(availableAfter(move, boundedMove(move))).toBeGreaterThanOrEqual(floor);
      }),
      { numRuns: 2000 },
    );
  });

  it('CAN-045 reaches the target in finitely many moves once pods become available', () => {
    fc.assert(
      fc.property(anyMove, (start) => {
        let move: BoundedMove = { ...start, others: 0 };
        for (let i = 0; i < 400; i++) {
          const next = boundedMove(move);
          const settled = next.canary === move.canary.size && next.stable === move.stable?.size;
          if (settled && move.canary.available === next.canary && move.stable?.available === next.stable)
            break;
          move = {
            ...move,
            canary: { size: next.canary, available: next.canary },
            stable: { size: next.stable, available: next.stable },
          };
        }
        expect({ canary: move.canary.size, stable: move.stable?.size }).toEqual(move.target);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('traffic-routed counts (CAN §5.5)', () => {
  it.each([
    [10, 25, undefined, 3],
    [4, 33, undefined, 2],
    [1, 1, undefined, 1],
    [10, 5, 2, 2],
    [1, 100, 2, 1],
    [10, 0, 5, 0],
  ])(
    'CAN-052 CAN-054 %i replicas at weight %i with at least %s pods: %i',
    (replicas, weight, minimum, pods) => {
      expect(atLeast(podsFor(weight, replicas, 100), minimum, replicas)).toBe(pods);
    },
  );
});

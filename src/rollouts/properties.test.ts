import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanaryStep } from '../api/index.ts';
import { resolveLimits } from './canary/arithmetic.ts';
import { healthy, ingress, type RolloutOptions, type Scenario, service } from './testing.ts';

const anyStep: fc.Arbitrary<CanaryStep> = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map((weight) => ({ setWeight: weight })),
  fc.integer({ min: 0, max: 20 }).map((duration) => ({ pause: { duration } })),
);
const anyRollout = fc.record({
  replicas: fc.integer({ min: 0, max: 12 }),
  steps: fc.array(anyStep, { maxLength: 5 }),
  surge: fc.integer({ min: 0, max: 4 }),
  unavailable: fc.integer({ min: 0, max: 4 }),
});

function start({
  replicas,
  steps,
  surge,
  unavailable,
}: typeof anyRollout extends fc.Arbitrary<infer T> ? T : never) {
  const bounds =
    surge === 0 && unavailable === 0
      ? { maxSurge: 1, maxUnavailable: 0 }
      : { maxSurge: surge, maxUnavailable: unavailable };
  const options: RolloutOptions = { replicas, steps, canary: bounds };
  return { scenario: healthy(options), limits: resolveLimits(replicas, bounds) };
}

const total = (scenario: Scenario) =>
  scenario.replicaSets.reduce((sum, rs) => sum + (rs.spec?.replicas ?? 0), 0);
const available = (scenario: Scenario) =>
  scenario.replicaSets.reduce(
    (sum, rs) => sum + Math.min(rs.spec?.replicas ?? 0, rs.status?.availableReplicas ?? 0),
    0,
  );

describe('any update behind a router', () => {
  it('TRF-027 CAN-055 weights add up, traffic goes where pods are, and it ends', () => {
    fc.assert(
      fc.property(anyRollout, fc.boolean(), fc.boolean(), (input, dynamicStableScale, aborts) => {
        const scenario = healthy(
          {
            replicas: input.replicas,
            steps: input.steps,
            canary: {
              canaryService: 'canary',
              stableService: 'stable',
              dynamicStableScale,
              trafficRouting: { nginx: { stableIngress: 'web' } },
            },
          },
          (fresh) => {
            fresh.services.set('canary', service('canary')).set('stable', service('stable'));
            fresh.ingresses.set('web', ingress('web', 'stable'));
          },
        );
        scenario.check = () => checkTraffic(scenario, input.replicas);
        scenario.setImage('app:2').advance(aborts ? 7_000 : 0);
        const promoted = scenario.status.stableRS === scenario.status.currentPodHash;
        if (aborts) scenario.patchStatus({ abort: true });
        scenario.advance(400_000);
        const image = aborts && !promoted ? 'app:1' : 'app:2';
        expect(scenario.layout()).toEqual(input.replicas > 0 ? { [image]: input.replicas } : {});
      }),
      { numRuns: 60 },
    );
  });
});

function checkTraffic(scenario: Scenario, replicas: number): void {
  const weights = scenario.status.canary?.weights;
  const live = scenario.ingresses.get('demo-web-canary')?.metadata?.annotations ?? {};
  const weight = Number(live['nginx.ingress.kubernetes.io/canary-weight'] ?? 0);
  if (weights) expect(weights.canary.weight + weights.stable.weight).toBe(100);
  const behind = (name: string) => {
    const hash = scenario.services.get(name)?.spec?.selector?.['rollouts-pod-template-hash'];
    const rs = scenario.replicaSets.find(
      (one) => one.metadata?.labels?.['rollouts-pod-template-hash'] === hash,
    );
    return Math.min(rs?.spec?.replicas ?? 0, rs?.status?.availableReplicas ?? 0);
  };
  if (weight > 0) expect(behind('canary')).toBeGreaterThan(0);
  const needed = Math.floor(((100 - weight) * replicas) / 100);
  if (weights) expect(behind('stable')).toBeGreaterThanOrEqual(needed);
}

describe('any update', () => {
  it('CAN-046 CAN-047 stays within surge and availability, moves one step at a time, and ends', () => {
    fc.assert(
      fc.property(anyRollout, (input) => {
        const { scenario, limits } = start(input);
        let index = 0;
        scenario.setImage('app:2');
        scenario.check = () => {
          expect(total(scenario)).toBeLessThanOrEqual(input.replicas + limits.surge);
          expect(available(scenario)).toBeGreaterThanOrEqual(input.replicas - limits.unavailable);
          const next = scenario.status.currentStepIndex ?? 0;
          if (scenario.status.stableRS === scenario.status.currentPodHash) return;
          expect(next - index).toBeLessThanOrEqual(1);
          index = next;
        };
        scenario.advance(400_000);
        expect(scenario.status.phase).toBe('Healthy');
        expect(scenario.layout()).toEqual(input.replicas > 0 ? { 'app:2': input.replicas } : {});
      }),
      { numRuns: 60 },
    );
  });

  it('CAN-047 CAN-089 an abort at any time returns to stable within the same bounds', () => {
    fc.assert(
      fc.property(anyRollout, fc.integer({ min: 0, max: 40_000 }), (input, after) => {
        const { scenario, limits } = start(input);
        scenario.setImage('app:2').advance(after);
        const promoted = scenario.status.stableRS === scenario.status.currentPodHash;
        scenario.check = () => {
          expect(total(scenario)).toBeLessThanOrEqual(input.replicas + limits.surge);
          expect(available(scenario)).toBeGreaterThanOrEqual(input.replicas - limits.unavailable);
        };
        scenario.patchStatus({ abort: true }).advance(200_000);
        const image = promoted ? 'app:2' : 'app:1';
        expect(scenario.layout()).toEqual(input.replicas > 0 ? { [image]: input.replicas } : {});
      }),
      { numRuns: 60 },
    );
  });

  it('CAN-047 a version that never becomes ready takes no more than its share', () => {
    fc.assert(
      fc.property(anyRollout, (input) => {
        const { scenario, limits } = start(input);
        scenario.broken.add('app:2');
        scenario.check = () => {
          expect(total(scenario)).toBeLessThanOrEqual(input.replicas + limits.surge);
          expect(available(scenario)).toBeGreaterThanOrEqual(input.replicas - limits.unavailable);
        };
        scenario.setImage('app:2').advance(100_000);
      }),
      { numRuns: 60 },
    );
  });
});

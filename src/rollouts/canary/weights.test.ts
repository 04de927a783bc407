import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { describe, expect, it } from 'vitest';
import type { CanaryStep, TrafficWeights } from '../../api/index.ts';
import { observe } from '../context.ts';
import { healthy, START, setWeight } from '../testing.ts';
import { canaryContext } from './context.ts';
import { returningWeight, scaleInForce } from './weights.ts';

/** An update that is aborted, with so many pods available of each version. */
function aborted(replicas: number, steps: CanaryStep[], stable: number, canary: number, delay?: number) {
  const scenario = healthy({ replicas, steps });
  scenario.setImage('app:2');
  while (scenario.status.stableRS === scenario.status.currentPodHash) scenario.pass();
  scenario.edit({
    strategy: {
      canary: {
        steps,
        dynamicStableScale: true,
        ...(delay !== undefined && { abortScaleDownDelaySeconds: delay }),
        trafficRouting: {},
      },
    },
  });
  scenario.patchStatus({ abort: true });
  const available = (rs: ReplicaSet, count: number) => ({
    ...rs,
    status: { replicas: count, availableReplicas: count },
  });
  const context = observe(scenario.view, START);
  if (!context.newRS || !context.stableRS) throw new Error('both versions are needed');
  const newRS = available(context.newRS, canary);
  return canaryContext({ ...context, newRS, stableRS: available(context.stableRS, stable) }, newRS);
}
const recorded = (weight: number): TrafficWeights => ({
  canary: { weight },
  stable: { weight: 100 - weight },
});

describe('the way back with dynamicStableScale (TRF §6)', () => {
  it.each([
    [[setWeight(50)], 100, 3, 4, 50],
    [[{ pause: {} }], 100, 1, 4, 80],
    [[setWeight(50)], 0, 4, 0, 0],
  ])(
    'TRF-033 5 replicas, steps %j, recorded %i, stable %i, canary %i available: %i',
    (steps, current, stable, canary, weight) => {
      expect(returningWeight(aborted(5, steps, stable, canary), recorded(current))).toBe(weight);
    },
  );

  it('TRF-034 with 0 replicas it is 0', () => {
    expect(returningWeight(aborted(0, [setWeight(50)], 0, 0), recorded(50))).toBe(0);
  });

  it('TRF-035 an explicit delay still lets it reach 0', () => {
    expect(returningWeight(aborted(5, [setWeight(50)], 5, 4, 60), recorded(50))).toBe(0);
  });

  it('CAN-056 10 replicas, weights 20 and 60, 6 canary and 4 stable pods: down to 20 first', () => {
    const context = aborted(10, [setWeight(20), setWeight(60)], 4, 6);
    expect(scaleInForce(context)).toEqual({ weight: 20, ofTraffic: true });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fault, ModelStore } from '../../src/simulation/index.ts';
import { images } from './objects.ts';
import { setStage } from './run.ts';
import { scenarios, setImage, setSpec, setStatus, stateOf } from './scenarios.ts';

const acts: Record<string, (store: ModelStore) => void> = {
  'set image red': setImage(images.red),
  'set image blue': setImage(images.blue),
  'set image black': setImage(images.black),
  abort: setStatus({ abort: true }),
  retry: setStatus({ abort: false }),
  'promote --full': setStatus({ promoteFull: true }),
  resume: setStatus({ pauseConditions: null }),
  pause: setSpec({ paused: true }),
  unpause: setSpec({ paused: false }),
};

const script = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 40_000 }), act: fc.constantFrom(...Object.keys(acts)) }),
  { maxLength: 8 },
);
const faults: fc.Arbitrary<Fault | undefined> = fc.option(
  fc.record({
    kind: fc.constantFrom('crash-before', 'crash-after', 'conflict', 'server-error', 'timeout-applied'),
    write: fc.integer({ min: 1, max: 120 }),
  }),
  { nil: undefined },
);
const lags = fc.integer({ min: 0, max: 6 });
const runs = Number(process.env.RANDOM_RUNS ?? 20);

const beginnings = scenarios.filter(({ title }) => ['good update', 'update routed by nginx'].includes(title));

describe.each(beginnings)('$title, and whatever else the user does and whatever fails', (scenario) => {
  it('CAN-046, CAN-047 breaks no invariant and comes to rest', async () => {
    await fc.assert(
      fc.asyncProperty(script, faults, lags, async (acting, fault, lag) => {
        const { cluster, simulation, invariants, writes } = setStage(
          { ...scenario, maySkipSteps: true },
          { ...(fault && { fault }), lag },
        );
        for (const { afterMs, act } of acting) {
          await simulation.advanceTo(simulation.now + afterMs);
          acts[act]?.(cluster.store);
          invariants.userHasActed();
        }
        await simulation.advanceTo(simulation.now + 600_000);
        writes.length = 0;
        await simulation.advanceTo(simulation.now + 600_000);
        // While a person is waited for, the background analysis goes on measuring.
        expect(writes.filter((write) => !write.startsWith('patch AnalysisRun'))).toEqual([]);
        const { phase, rollout } = stateOf(cluster.store);
        expect(['Healthy', 'Degraded', ...(rollout.spec.paused ? ['Paused'] : [])]).toContain(phase);
      }),
      { numRuns: runs },
    );
  }, 300_000);
});

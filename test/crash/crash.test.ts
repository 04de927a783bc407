import { beforeAll, describe, expect, it } from 'vitest';
import type { FaultKind } from '../../src/simulation/index.ts';
import { type Outcome, runScenario } from './run.ts';
import { scenarios } from './scenarios.ts';

const faults: readonly FaultKind[] = [
  'crash-before',
  'crash-after',
  'conflict',
  'server-error',
  'timeout-applied',
];

describe.each(scenarios)('$title', (scenario) => {
  let undisturbed: Outcome;

  beforeAll(async () => {
    undisturbed = await runScenario(scenario);
  });

  it('comes to its end, and writes nothing more then (CAN-128)', () => {
    expect(undisturbed.writes.length).toBeGreaterThan(3);
    expect(undisturbed.restarts).toBe(0);
  });

  it.each(faults)('CAN-134 has the same end with the fault %s at any write', async (kind) => {
    for (let write = 1; write <= undisturbed.writes.length; write++) {
      const outcome = await runScenario(scenario, { fault: { kind, write } }).catch((error: Error) => {
        throw new Error(
          `${kind} at write ${write} (${undisturbed.writes[write - 1]?.slice(0, 300)}): ${error.message}`,
        );
      });
      expect(outcome.faultFired).toBe(true);
      expect(outcome.end, `${kind} at write ${write}: ${undisturbed.writes[write - 1]}`).toEqual(
        undisturbed.end,
      );
    }
  });

  it.each([1, 2, 5])('CAN-129 has the same end with a cache %i changes behind', async (lag) => {
    const outcome = await runScenario(scenario, { lag });
    expect(outcome.end).toEqual(undisturbed.end);
  });
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import { SIMULATE_ANNOTATION } from '../runtime/simulated/script.ts';
import { KUBELET_TOKEN, NodeHarness, until } from '../testing/harness.ts';
import type { StatsSummary } from './summary.ts';

let harness: NodeHarness;

beforeEach(async () => {
  harness = await NodeHarness.create('127.76.0.0/16');
  await harness.start({ usageWindowMs: 100 });
});
afterEach(() => harness.dispose());

const request = (path: string) =>
  fetch(`http://127.0.0.1:${harness.node?.kubeletPort}${path}`, {
    headers: { authorization: `Bearer ${KUBELET_TOKEN}` },
  });

async function summaryOf(pod: string) {
  const { pods } = (await (await request('/stats/summary')).json()) as StatsSummary;
  return pods.find(({ podRef }) => podRef.name === pod);
}

it('tells what the processes of a container use, those that ended among them', async () => {
  await harness.run('busy', {
    // Each turn of the loop is a process of its own, which has ended when it is looked at.
    command: ['sh', '-c', 'while :; do sh -c "i=0; while [ \\$i -lt 3000 ]; do i=\\$((i+1)); done"; done'],
  });
  await harness.run('idle', { command: ['sleep', '1000'] });
  const busy = await until(async () => {
    const found = await summaryOf('busy');
    return found && found.cpu.usageCoreNanoSeconds > 0.2e9 && found.cpu.usageNanoCores > 50e6 && found;
  });
  expect(busy.containers.map(({ name }) => name)).toEqual(['main']);
  expect(busy.memory.workingSetBytes).toBeGreaterThan(100_000);
  const idle = await until(() => summaryOf('idle'));
  expect(idle.cpu.usageCoreNanoSeconds).toBeLessThan(0.1e9);
  expect(await (await request('/metrics/resource')).text()).toMatch(
    /^container_cpu_usage_seconds_total\{container="main",namespace="default",pod="busy"\} [\d.]+ \d+$/m,
  );
});

it('tells of a simulated container what its script says', async () => {
  const script = 'cpu: 250m\nmemory: 64Mi\n';
  await harness.run('played', {}, {}, { [SIMULATE_ANNOTATION]: script });
  const played = await until(() => summaryOf('played'));
  // Its clock is the real one, and looks come late on a busy machine.
  expect(Math.abs(played.cpu.usageNanoCores / 1e6 - 250)).toBeLessThan(50);
  expect(played.memory.workingSetBytes).toBe(64 * 2 ** 20);
});

it('tells what the machine uses, and nothing of other paths', async () => {
  const { node } = await until(async () => {
    const summary = (await (await request('/stats/summary')).json()) as StatsSummary;
    return summary.node.cpu && summary;
  });
  expect(node.nodeName).toBe('kanari');
  expect(node.memory?.workingSetBytes).toBeGreaterThan(1e7);
  expect((await request('/stats')).status).toBe(404);
  expect((await request('/metrics')).status).toBe(404);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kanari } from './harness/kanari.ts';

let kanari: Kanari;

beforeAll(async () => {
  kanari = await Kanari.up({ args: ['--api-server-only'] });
}, 60_000);
afterAll(() => kanari?.cleanUp());

test('the API server alone keeps what it is given, and nobody acts on it', async () => {
  expect(kanari.output).toContain('is up, the API server alone');
  expect(kanari.output).not.toContain('Gateway');
  expect(await kanari.kubectl('create', 'deployment', 'web', '--image', 'busybox')).toMatchObject({
    code: 0,
  });
  // Whoever acted on a Deployment would leave something of this behind.
  const { stdout } = await kanari.kubectl('get', 'deploy,rs,pods,nodes,rollouts', '--no-headers');
  expect(stdout).toMatch(/^deployment\.apps\/web\s+0\/1\s+0\s+0\s+\S+\n$/);
  const { observedGeneration } = JSON.parse(
    (await kanari.kubectl('get', 'deploy', 'web', '-o', 'json')).stdout,
  ).status;
  expect(observedGeneration).toBeUndefined();
  expect(await kanari.kubectl('top', 'nodes')).toMatchObject({
    code: 1,
    stderr: 'error: Metrics API not available\n',
  });
});

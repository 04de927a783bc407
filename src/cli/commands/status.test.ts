import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Rollouts } from '../../api/index.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { rollout } from '../testing/objects.ts';
import { type RunOptions, run } from '../testing/run.ts';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
});
afterEach(() => cluster[Symbol.asyncDispose]());

const status = (args: string[], options: RunOptions = {}) =>
  run(['status', 'r', ...args], { cluster, ...options });
const add = (phase: string, message?: string) =>
  cluster.add(Rollouts, rollout('r', { status: { phase, message } as never }));

describe('status', () => {
  it.each([
    ['Healthy', undefined, 0, 'Healthy\n', ''],
    ['Paused', 'CanaryPauseStep', 0, 'Paused - CanaryPauseStep\n', ''],
    [
      'Degraded',
      'RolloutAborted: no',
      1,
      'Degraded\n',
      'Error: The rollout is in a degraded state with message: RolloutAborted: no\n',
    ],
  ])('CLI-059 --watch=false of %s', async (phase, message, code, stdout, stderr) => {
    add(phase, message);
    expect(await status(['--watch=false'])).toEqual({ code, stdout, stderr });
    expect(await status(['-w=0'])).toEqual({ code, stdout, stderr });
  });

  it('CLI-060 prints each change until Healthy', async () => {
    add('Progressing', 'more replicas need to be updated');
    const { code, stdout, stderr } = await status([], {
      onOutput: (all) => {
        if (all.endsWith('updated\n')) {
          cluster.change(Rollouts, 'r', { metadata: { labels: { a: 'b' } } });
          cluster.change(Rollouts, 'r', { status: { phase: 'Paused', message: 'CanaryPauseStep' } });
        }
        if (all.endsWith('CanaryPauseStep\n')) {
          cluster.change(Rollouts, 'r', { status: { phase: 'Healthy', message: null } });
        }
      },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      'Progressing - more replicas need to be updated\nPaused - CanaryPauseStep\nHealthy\n',
    );
  });

  it('CLI-060 Degraded ends the watch with 1', async () => {
    add('Degraded', 'RolloutAborted: no');
    expect(await status([])).toEqual({
      code: 1,
      stdout: 'Degraded - RolloutAborted: no\n',
      stderr: 'Error: The rollout is in a degraded state with message: RolloutAborted: no\n',
    });
  });

  it('CLI-061 --timeout', async () => {
    add('Paused', 'CanaryPauseStep');
    expect(await status(['--timeout', '50ms'])).toEqual({
      code: 1,
      stdout: 'Paused - CanaryPauseStep\n',
      stderr: 'Error: Rollout status watch exceeded timeout\n',
    });
    expect(await status(['--timeout', '60'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: invalid argument "60" for "-t, --timeout" flag: time: missing unit in duration "60"\n',
    });
  });

  it('--exit-on-pause ends the watch with 0', async () => {
    add('Paused', 'CanaryPauseStep');
    expect(await status(['--exit-on-pause'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends with not found when the rollout is deleted, with 130 when interrupted', async () => {
    add('Progressing', 'x');
    expect(await status([], { onOutput: () => cluster.remove(Rollouts, 'r') })).toMatchObject({
      code: 1,
      stderr: 'Error: rollout.argoproj.io "r" not found\n',
    });
    add('Progressing', 'x');
    const interruption = new AbortController();
    expect(
      await status([], { signal: interruption.signal, onOutput: () => interruption.abort() }),
    ).toMatchObject({
      code: 130,
      stderr: '',
    });
  });

  it('CLI-008 a missing rollout is named in the singular', async () => {
    const missing = { code: 1, stdout: '', stderr: 'Error: rollout.argoproj.io "r" not found\n' };
    expect(await status([])).toEqual(missing);
    expect(await status(['--watch=false'])).toEqual(missing);
  });

  it('a Degraded of an earlier spec does not end the watch', async () => {
    add('Degraded', 'old');
    cluster.change(Rollouts, 'r', { spec: { replicas: 7 } });
    expect(await status(['--timeout', '30ms'])).toMatchObject({
      code: 1,
      stdout: 'Progressing - waiting for rollout spec update to be observed\n',
      stderr: 'Error: Rollout status watch exceeded timeout\n',
    });
  });
});

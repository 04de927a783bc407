import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Namespaces, Rollouts } from '../../api/index.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { rollout } from '../testing/objects.ts';
import { run } from '../testing/run.ts';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
  cluster.add(Rollouts, rollout('checkout'), rollout('search'), rollout('checkin'));
});
afterEach(() => cluster[Symbol.asyncDispose]());

const complete = async (...words: string[]) =>
  (await run(['__complete', ...words], { cluster })).stdout.trimEnd().split('\n');

describe('__complete', () => {
  it('CLI-063 names complete for the first argument only', async () => {
    expect(await complete('abort', 'check')).toEqual(['checkout', 'checkin', ':4']);
    expect(await complete('get', 'ro', 'se')).toEqual(['search', ':4']);
    expect(await complete('abort', 'checkout', '')).toEqual([':4']);
    expect(await complete('set', 'image', 'checkout', '')).toEqual([':4']);
  });

  it('lists names in the namespace that was typed', async () => {
    expect(await complete('abort', '-n', 'elsewhere', '')).toEqual([':4']);
    expect(cluster.requests.at(-1)?.path).toContain('/namespaces/elsewhere/rollouts');
    cluster.add(Namespaces, { metadata: { name: 'shop' } }, { metadata: { name: 'other' } });
    expect(await complete('abort', '-n', 's')).toEqual(['shop', ':4']);
  });

  it('CLI-063 a failing list gives no names and the error directive', async () => {
    cluster.refuse({ path: '/apis', code: 403, reason: 'Forbidden', message: 'no' });
    expect(await complete('abort', '')).toEqual([':1']);
  });

  it('completes commands and flags', async () => {
    expect((await complete('pr')).map((line) => line.split('\t')[0])).toEqual(['promote', ':4']);
    expect((await complete('get', '')).map((line) => line.split('\t')[0])).toEqual([
      'experiment',
      'rollout',
      ':4',
    ]);
    expect((await complete('promote', '--fu')).map((line) => line.split('\t')[0])).toEqual(['--full', ':4']);
    expect(await complete('promote', '--skip')).toEqual([':4']);
    expect(await complete('completion', 'z')).toEqual(['zsh', ':4']);
    expect(await complete('get', 'rollout', 'x', '-o', '')).toEqual(['json', 'yaml', ':4']);
    expect(await complete('lint', '-f', '')).toEqual([':0']);
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish', 'powershell'])('CLI-063 the script for %s', async (shell) => {
    const { code, stdout } = await run(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${shell} completion`);
    expect(stdout).toContain('kubectl-argo-rollouts');
  });

  it('CLI-063 other shells are refused', async () => {
    expect(await run(['completion', 'tcsh'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: invalid argument "tcsh" for "completion"\n',
    });
    expect((await run(['completion'])).stderr).toBe('Error: accepts 1 arg(s), received 0\n');
  });

  it('CLI-063 the script for bash completes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kanari-completion-'));
    const program = join(folder, 'kubectl-argo-rollouts');
    writeFileSync(
      program,
      '#!/bin/sh\necho "$*" > "$0.called"\nprintf "checkout\\tthe shop\\ncheckin\\n:4\\n"\n',
      {
        mode: 0o755,
      },
    );
    const script = join(folder, 'completion.bash');
    writeFileSync(script, (await run(['completion', 'bash'])).stdout);
    const replies = execFileSync('bash', [
      '-c',
      `source ${script}; COMP_WORDS=(${program} abort ch); COMP_CWORD=2; _kubectl_argo_rollouts; printf '%s\\n' "\${COMPREPLY[@]}"; cat ${program}.called`,
    ]);
    expect(replies.toString().trimEnd().split('\n')).toEqual(['checkout', 'checkin', '__complete abort ch']);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { selectedCommand } from './program.ts';
import { fakeCluster } from './testing/fake-cluster.ts';
import { run } from './testing/run.ts';

describe('help and misuse', () => {
  it('CLI-001 no arguments: usage on stderr, 1; --help: on stdout, 0', async () => {
    const bare = await run([]);
    expect(bare).toMatchObject({ code: 1, stdout: '' });
    expect(bare.stderr).toMatch(/^Usage:\n {2}kubectl-argo-rollouts \[command\]/);
    for (const args of [['--help'], ['-h'], ['help']]) {
      const help = await run(args);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain('Available Commands:\n  abort ');
    }
  });

  it.each(['get', 'list', 'retry', 'set', 'terminate'])(
    'CLI-001 the group %s without a child',
    async (group) => {
      expect(await run([group])).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('Usage:'),
      });
      const unknown = await run([group, 'nonsense']);
      expect(unknown).toMatchObject({ code: 1, stdout: '' });
      expect(unknown.stderr).toMatch(
        new RegExp(`^Error: unknown command "nonsense" for "kubectl-argo-rollouts ${group}"\nUsage:`),
      );
    },
  );

  it('help of a command names it as it was called, and shows its examples', async () => {
    for (const args of [
      ['get', 'rollout', '--help'],
      ['get', 'ro', '-h'],
    ]) {
      const { code, stdout } = await run(args);
      expect(code).toBe(0);
      expect(stdout).toContain('Usage:\n  kubectl-argo-rollouts get rollout ROLLOUT_NAME [flags]');
      expect(stdout).toContain('\n  kubectl argo rollouts get rollout guestbook -w\n');
      expect(stdout).toContain('Global Flags:');
    }
    const kanari = await run(['help', 'abort'], { invokedAs: 'kanari' });
    expect(kanari.stdout).toContain('Usage:\n  kanari abort ROLLOUT_NAME... [flags]');
    expect(kanari.stdout).toContain('\n  kanari abort guestbook\n');
  });

  it.each([
    ['abort'],
    ['pause'],
    ['promote'],
    ['promote', 'a', 'b'],
    ['restart'],
    ['undo', 'a', 'b'],
    ['status'],
    ['get', 'rollout'],
    ['get', 'experiment', 'a', 'b'],
    ['set', 'image', 'a'],
    ['retry', 'rollout'],
    ['terminate', 'analysisrun'],
  ])('CLI-003 a wrong number of arguments: %s %s %s', async (...args) => {
    const { code, stdout, stderr } = await run(args.filter(Boolean));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Error: (accepts|requires at least) .*\nUsage:\n {2}kubectl-argo-rollouts /);
  });

  it('CLI-004 an unknown command', async () => {
    expect(await run(['frobnicate'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'Error: unknown command "frobnicate" for "kubectl-argo-rollouts"\nRun \'kubectl-argo-rollouts --help\' for usage.\n',
    });
  });

  it('CLI-002 an unknown flag, a flag without its value', async () => {
    expect(await run(['abort', 'x', '--nope'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: unknown flag: --nope\n',
    });
    expect((await run(['abort', 'x', '-q'])).stderr).toBe("Error: unknown shorthand flag: 'q' in -q\n");
    expect((await run(['abort', 'x', '--namespace'])).stderr).toBe(
      'Error: flag needs an argument: --namespace\n',
    );
    expect((await run(['get', 'rollout', 'x', '--watch=perhaps'])).stderr).toBe(
      'Error: invalid argument "perhaps" for "-w, --watch" flag: strconv.ParseBool: parsing "perhaps": invalid syntax\n',
    );
  });

  it('CLI-006 global flags parse everywhere; a bad log level is refused', async () => {
    const cluster = await fakeCluster();
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const globals = [
      ...['--as', 'u', '--as-group', 'g', '--as-group', 'h', '--as-uid', '1', '--cache-dir', '/tmp/c'],
      ...['--certificate-authority', 'f', '--client-certificate', 'f', '--client-key', 'f', '--cluster', 'c'],
      ...['--context', 'c', '--disable-compression', '--insecure-skip-tls-verify=true', '--kubeconfig', 'f'],
      ...['-v', '6', '--loglevel', 'debug', '-n=other', '--request-timeout', '10s', '-s', 'https://x'],
      ...['--tls-server-name', 'n', '--token', 't', '--user', 'u'],
    ];
    for (const args of [
      ['list', 'rollouts', ...globals],
      [...globals, 'list', 'rollouts'],
    ]) {
      expect(await run(args, { cluster })).toEqual({ code: 0, stdout: '', stderr: 'No resources found.\n' });
    }
    expect(cluster.requests[0]?.path).toContain('/namespaces/other/');
    expect((await run(['version', '--loglevel', 'loud'])).stderr).toBe(
      'Error: not a valid logrus Level: "loud"\n',
    );
    expect((await run(['version', '-v', 'x'])).stderr).toBe(
      'Error: invalid argument "x" for "-v, --kloglevel" flag: strconv.ParseInt: parsing "x": invalid syntax\n',
    );
    expect((await run(['version', '--request-timeout', 'soon'])).stderr).toMatch(
      /^Error: invalid argument "soon"/,
    );
  });

  it('an unexpected failure is one line, without a stack trace', async () => {
    expect(await run(['pause', 'x'])).toEqual({ code: 1, stdout: '', stderr: 'Error: no cluster\n' });
  });

  it('finds the command behind global flags', () => {
    expect(selectedCommand(['-n', 'get', '--token=t', 'abort', 'x'])).toEqual({ name: 'abort', index: 3 });
    expect(selectedCommand(['help', 'get'])?.name).toBe('get');
    expect(selectedCommand(['--insecure-skip-tls-verify', 'list'])?.name).toBe('list');
    expect(selectedCommand(['-h'])).toBeUndefined();
  });
});

describe('version', () => {
  it('CLI-062 seven lines, or one', async () => {
    const { code, stdout } = await run(['version', 'ignored']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^kubectl-argo-rollouts: v\d+\.\d+\.\d+/);
    expect(lines.slice(1).map((line) => /^ {2}(\w+): /.exec(line)?.[1])).toEqual([
      'BuildDate',
      'GitCommit',
      'GitTreeState',
      'GoVersion',
      'Compiler',
      'Platform',
    ]);
    expect((await run(['version', '--short'])).stdout).toBe(`${lines[0]}\n`);
  });
});

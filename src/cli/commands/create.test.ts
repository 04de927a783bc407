import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnalysisTemplates, ClusterAnalysisTemplates, type KubeObject } from '../../api/index.ts';
import { type FakeCluster, fakeCluster } from '../testing/fake-cluster.ts';
import { type RunOptions, run } from '../testing/run.ts';

const BASE = '/apis/argoproj.io/v1alpha1';
const API = `${BASE}/namespaces/shop`;

let cluster: FakeCluster;
let folder: string;
beforeEach(async () => {
  cluster = await fakeCluster();
  folder = mkdtempSync(join(tmpdir(), 'kanari-create-'));
});
afterEach(() => cluster[Symbol.asyncDispose]());

const kubectl = (args: string[], options: RunOptions = {}) => run(args, { cluster, ...options });
function file(content: string | object, name = 'file.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
const manifest = (kind: string, name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind,
  metadata: { name, ...metadata },
  spec,
});
const metrics = [{ name: 'm', provider: { web: { url: 'http://x' } } }];

describe('create', () => {
  it.each([
    ['Rollout', `${API}/rollouts`, 'rollout.argoproj.io/x created\n', {}],
    ['Experiment', `${API}/experiments`, 'experiment.argoproj.io/x created\n', { templates: [] }],
    ['AnalysisTemplate', `${API}/analysistemplates`, 'analysistemplate.argoproj.io/x created\n', { metrics }],
    ['AnalysisRun', `${API}/analysisruns`, 'analysisrun.argoproj.io/x created\n', { metrics }],
    [
      'ClusterAnalysisTemplate',
      `${BASE}/clusteranalysistemplates`,
      'clusteranalysistemplate.argoproj.io/x created\n',
      { metrics },
    ],
  ])('CLI-040 %s', async (kind, path, stdout, spec) => {
    expect(await kubectl(['create', '-f', file(manifest(kind, 'x', spec))])).toEqual({
      code: 0,
      stdout,
      stderr: '',
    });
    expect(cluster.writes()).toMatchObject([{ method: 'POST', path, body: { kind, spec } }]);
  });

  it("CLI-040 the file's namespace is used; another one with -n is an error", async () => {
    const path = file(manifest('Rollout', 'x', {}, { namespace: 'own' }));
    await kubectl(['create', '-f', path]);
    expect(cluster.writes()[0]?.path).toBe(`${BASE}/namespaces/own/rollouts`);
    expect(await kubectl(['create', '-f', path, '-n', 'shop'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `Error: ${path}: metadata.namespace is "own", --namespace is "shop"; they must be the same\n`,
    });
  });

  it('creates every document, also from standard input', async () => {
    const stdin = ['a', 'b'].map((name) => JSON.stringify(manifest('Rollout', name))).join('\n---\n');
    expect((await kubectl(['create', '-f', '-'], { stdin: `---\n${stdin}\n---\n# nothing\n` })).stdout).toBe(
      'rollout.argoproj.io/a created\nrollout.argoproj.io/b created\n',
    );
  });

  it('CLI-041 other kinds and unknown fields are refused before any request', async () => {
    const deployment = file({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } });
    expect((await kubectl(['create', '-f', deployment])).stderr).toBe(
      'Error: creates of apps/Deployment unsupported\n',
    );
    const json = file(manifest('Rollout', 'x', { replcas: 3 }), 'x.json');
    expect(await kubectl(['create', '-f', json])).toEqual({
      code: 1,
      stdout: '',
      stderr: `${json}: Rollout has no field spec.replcas\nError: json: unknown field "replcas"\n`,
    });
    const yaml = file(
      'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x}\nspec:\n  strategy:\n    canary:\n      steps:\n      - setWieght: 10\n',
    );
    expect((await kubectl(['create', '-f', yaml])).stderr).toBe(
      `${yaml}: Rollout has no field spec.strategy.canary.steps[0].setWieght\nError: error unmarshaling JSON: while decoding JSON: json: unknown field "setWieght"\n`,
    );
    expect(cluster.requests).toEqual([]);
  });

  it('CLI-042 no file, several files with -w', async () => {
    const bare = await kubectl(['create']);
    expect(bare).toMatchObject({ code: 1, stdout: '' });
    expect(bare.stderr).toMatch(/^Error: required flag\(s\) "filename" not set\nUsage:/);
    const path = file(manifest('Rollout', 'x'));
    expect((await kubectl(['create', '-f', path, '-f', path, '-w'])).stderr).toBe(
      'Error: Cannot watch multiple resources\n',
    );
  });

  it('CLI-043 -w shows the rollout; other kinds cannot be watched', async () => {
    const interruption = new AbortController();
    const ran = await kubectl(
      ['create', '-w', '-f', file(manifest('Rollout', 'x', {}, { namespace: 'shop' }))],
      {
        signal: interruption.signal,
        onOutput: (all) => all.includes('⟳ x') && interruption.abort(),
      },
    );
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^rollout\.argoproj\.io\/x created\nName: /),
    });
    const template = file(manifest('AnalysisTemplate', 't', { metrics }));
    expect(await kubectl(['create', '-w', '-f', template])).toEqual({
      code: 1,
      stdout: 'analysistemplate.argoproj.io/t created\n',
      stderr: 'Error: Can only watch resources of type Rollout or Experiment\n',
    });
  });

  it('unreadable files are named', async () => {
    const absent = join(folder, 'absent.yaml');
    expect((await kubectl(['create', '-f', absent])).stderr).toBe(
      `Error: open ${absent}: no such file or directory\n`,
    );
    const broken = file('kind: [oops\n');
    expect((await kubectl(['create', '-f', broken])).stderr).toMatch(
      new RegExp(`^Error: ${broken}: error converting YAML to JSON: yaml: .* at line 2`),
    );
    expect((await kubectl(['create', '-f', file('42')])).stderr).toContain('must be an object');
  });
});

describe('create analysisrun', () => {
  const template = (spec: object = {}): KubeObject =>
    manifest(
      'AnalysisTemplate',
      't',
      { metrics, ...spec },
      { uid: 'u', labels: { team: 'a' } },
    ) as KubeObject;
  const create = (...args: string[]) => kubectl(['create', 'ar', ...args]);
  const posted = () =>
    cluster.writes().at(-1)?.body as { metadata: object; spec: { args: object; metrics: object[] } };

  it('CLI-044 needs one source and arguments with =', async () => {
    const one = { code: 1, stdout: '', stderr: 'Error: one of --from or --from-file must be specified\n' };
    expect(await create()).toEqual(one);
    expect(await create('--from', 't', '--from-file', 'f')).toEqual(one);
    expect((await create('--from', 't', '-a', 'x')).stderr).toBe(
      'Error: arguments must be in the form NAME=VALUE\n',
    );
    expect((await create('--from', 'missing')).stderr).toBe(
      'Error: analysistemplates.argoproj.io "missing" not found\n',
    );
  });

  it('CLI-046 is named by --name, --generate-name, or the template; the server has the last word', async () => {
    cluster.add(AnalysisTemplates, template());
    expect((await create('--from', 't')).stdout).toBe('analysisrun.argoproj.io/t-x7k2p created\n');
    expect(posted().metadata).toEqual({ generateName: 't-', namespace: 'shop', labels: { team: 'a' } });
    expect((await create('--from', 't', '--generate-name', 'g')).stdout).toContain('/gx7k2p created');
    expect((await create('--from', 't', '--generate-name', 'g', '--name', 'n')).stdout).toContain(
      '/n created',
    );
  });

  it('CLI-045 arguments are resolved', async () => {
    cluster.add(AnalysisTemplates, template({ args: [{ name: 'host' }, { name: 'path', value: '/' }] }));
    expect((await create('--from', 't')).stderr).toBe('Error: args.host was not resolved\n');
    await create('--from', 't', '-a', 'host=a=b', '--argument', 'path=/x');
    expect(posted().spec.args).toEqual([
      { name: 'host', value: 'a=b' },
      { name: 'path', value: '/x' },
    ]);
    expect((await create('--from', 't', '-a', 'hots=x')).stderr).toBe(
      'Error: the template has no argument "hots"; it has host, path\n',
    );
  });

  it('CLI-045 a nameless template needs a name', async () => {
    const path = file({ kind: 'AnalysisTemplate', spec: { metrics } });
    expect((await create('--from-file', path)).stderr).toBe('Error: name is invalid\n');
    expect((await create('--from-file', path, '--name', 'n')).stdout).toBe(
      'analysisrun.argoproj.io/n created\n',
    );
  });

  it('CLI-047 --instance-id and --global', async () => {
    cluster.add(ClusterAnalysisTemplates, template());
    await create('--global', '--from', 't', '--instance-id', 'one');
    expect(posted().metadata).toMatchObject({
      labels: { team: 'a', 'argo-rollouts.argoproj.io/controller-instance-id': 'one' },
    });
  });

  it('flattens templates that refer to others', async () => {
    cluster.add(
      AnalysisTemplates,
      template({ templates: [{ templateName: 'more' }], args: [{ name: 'host' }] }),
    );
    cluster.add(
      AnalysisTemplates,
      manifest('AnalysisTemplate', 'more', {
        metrics: [{ name: 'n', provider: { web: { url: 'x' } } }],
      }) as KubeObject,
    );
    expect((await create('--from', 't', '-a', 'host=h')).code).toBe(0);
    expect(posted().spec.metrics).toMatchObject([{ name: 'm' }, { name: 'n' }]);
    expect(posted().spec).not.toHaveProperty('templates');
  });
});

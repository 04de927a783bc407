import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { mergePatch } from '../../api/index.ts';
import { run } from '../testing/run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kanari-lint-'));
});

const rollout = (name: string, spec: object = {}) =>
  mergePatch(
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name: 'app', image: 'app:1' }] },
        },
        strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } },
      },
    },
    { spec },
  );
const service = (name: string, app: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, ...metadata },
  spec: { selector: { app } },
});

async function lint(...documents: (object | string)[]) {
  const path = join(folder, 'file.yaml');
  writeFileSync(
    path,
    documents.map((each) => (typeof each === 'string' ? each : stringify(each))).join('\n---\n'),
  );
  return await run(['lint', '-f', path]);
}
const fine = { code: 0, stdout: '', stderr: '' };

describe('lint', () => {
  it('CLI-048 a valid file, YAML or JSON, gives no output', async () => {
    expect(await lint(rollout('a'), '', rollout('b'))).toEqual(fine);
    expect(await lint(JSON.stringify(rollout('a')))).toEqual(fine);
  });

  it('CLI-049 every problem on stdout, the first one on stderr', async () => {
    const zero = { strategy: { canary: { maxSurge: 0, maxUnavailable: 0, steps: [{ setWeight: 120 }] } } };
    const { code, stdout, stderr } = await lint(rollout('a', zero));
    expect(code).toBe(1);
    const first =
      'spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero';
    expect(stdout.trimEnd().split('\n')).toEqual([
      first,
      'spec.strategy.steps[0].setWeight: Invalid value: 120: SetWeight needs to be between 0 and 100',
    ]);
    expect(stderr).toBe(`Error: ${first}\n`);
  });

  it('CLI-050 unknown fields, other kinds, a workloadRef without selector', async () => {
    const { code, stderr } = await lint(rollout('a', { strategy: { canary: { setps: [] } } }));
    expect(code).toBe(1);
    expect(stderr).toBe(
      'Error: error unmarshaling JSON: while decoding JSON: json: unknown field "setps" at spec.strategy.canary.setps\n',
    );
    expect(await lint({ apiVersion: 'v1', kind: 'ConfigMap', whatever: true })).toEqual(fine);
    expect(
      await lint(
        rollout('a', {
          selector: null,
          template: null,
          workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'w' },
        }),
      ),
    ).toMatchObject({ code: 0, stdout: '' });
    expect((await lint(rollout('a', { selector: null }))).stderr).toBe(
      "Error: spec.selector: Required value: Rollout has missing field '.spec.selector'\n",
    );
  });

  it('CLI-051 Services and Ingresses among the files are checked, absent ones are fine', async () => {
    const routed = rollout('a', {
      strategy: {
        canary: {
          canaryService: 'canary',
          stableService: 'stable',
          trafficRouting: { nginx: { stableIngress: 'ing' } },
        },
      },
    });
    expect(await lint(routed)).toEqual(fine);
    expect((await lint(routed, service('canary', 'b'))).stderr).toBe(
      'Error: spec.strategy.canary.canaryService: Invalid value: "canary": Service "canary" has unmatch label "app" in rollout\n',
    );
    const ingress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'ing' },
      spec: { rules: [{ host: 'x' }] },
    };
    expect((await lint(routed, ingress)).stderr).toContain(
      'ingress `ing` has no rules using service stable backend',
    );
    expect(await lint(routed, mergePatch(ingress, { metadata: { namespace: 'elsewhere' } }))).toEqual(fine);
  });

  it('CLI-052 each rollout is checked against its own references', async () => {
    const withService = (name: string) =>
      rollout(name, { strategy: { canary: { canaryService: `${name}-svc` } } });
    expect(
      await lint(withService('a'), withService('b'), service('a-svc', 'a'), service('b-svc', 'b')),
    ).toEqual(fine);
    const { stdout } = await lint(
      withService('a'),
      withService('b'),
      service('a-svc', 'a'),
      service('b-svc', 'a'),
    );
    expect(stdout).toBe(
      'Rollout "b": spec.strategy.canary.canaryService: Invalid value: "b-svc": Service "b-svc" has unmatch label "app" in rollout\n',
    );
  });

  it('checks the templates that a rollout refers to, and templates by themselves', async () => {
    const analysed = rollout('a', {
      strategy: { canary: { analysis: { templates: [{ templateName: 't' }] } } },
    });
    const template = (spec: object) => ({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: 't' },
      spec,
    });
    const web = { web: { url: 'http://{{args.host}}/' } };
    expect(await lint(analysed)).toEqual(fine);
    const { code, stderr } = await lint(
      analysed,
      template({ args: [{ name: 'host' }], metrics: [{ name: 'm', interval: '5s', provider: web }] }),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('spec.strategy.canary.analysis.templates');
    expect(
      (await lint(template({ metrics: [{ name: 'm', interval: 'abc', provider: { web: { url: 'x' } } }] })))
        .stderr,
    ).toMatch(/^Error: spec\.metrics\[0\]: .*abc/);
  });

  it('reads directories and standard input, and names what it cannot read', async () => {
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep', 'a.yaml'), stringify(rollout('a', { replicas: -1 })));
    writeFileSync(join(folder, 'notes.txt'), 'not a manifest: [');
    expect((await run(['lint', '-f', folder])).stdout).toBe(
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0\n',
    );
    expect((await run(['lint', '-f', '-'], { stdin: JSON.stringify(rollout('a')) })).code).toBe(0);
    expect((await run(['lint', '-f', '/no/such'])).stderr).toBe(
      'Error: open /no/such: no such file or directory\n',
    );
    expect((await run(['lint'])).stderr).toMatch(/^Error: required flag\(s\) "filename" not set\nUsage:/);
    expect((await lint('kind: [oops')).stderr).toMatch(/^Error: .*file\.yaml: error converting YAML to JSON/);
    expect((await lint({ metadata: {} })).stderr).toContain("Object 'Kind' is missing");
  });

  it('what this version cannot do yet is a warning', async () => {
    const blueGreen = rollout('a', { strategy: { canary: null, blueGreen: { activeService: 's' } } });
    expect(await lint(blueGreen)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^Warning: Rollout "a": spec\.strategy\.blueGreen: /),
    });
  });
});

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kanari } from './harness/kanari.ts';
import { Terminal } from './harness/terminal.ts';

/** Helm installs, upgrades, rolls back and removes a chart, and waits for what it made. */

function hasHelm(): boolean {
  const found = spawnSync('helm', ['version', '--short']).status === 0;
  if (!found) console.warn('skipped: helm is not there');
  return found;
}

describe.skipIf(!hasHelm())('helm', () => {
  let kanari: Kanari;
  let terminal: Terminal;
  const type = (line: string) => terminal.type(line);
  const data = () => type("kubectl get cm shop -o jsonpath='{.data.color} after {.data.before}'");
  const statuses = async () => {
    const history = JSON.parse(await type('helm history shop -o json')) as { status: string }[];
    return history.map(({ status }) => status);
  };

  beforeAll(async () => {
    kanari = await Kanari.up({ args: ['--no-example'] });
    terminal = await Terminal.open(kanari, 'helm');
  });
  afterAll(() => kanari?.cleanUp());

  test('install makes the CRD, runs the hook and waits until all is ready', async () => {
    const shown = await type('helm install shop chart --wait --wait-for-jobs --timeout 30s');
    expect(shown).toMatch(/^STATUS: deployed\nREVISION: 1\n/m);
    // The chart asks which version and which kinds the cluster has.
    expect(shown).toMatch(/^shop is red on Kubernetes v1\.34\.\d+\S* with Rollouts\.$/m);
    const [deployment] = await terminal.table('kubectl get deploy,sts --no-headers');
    expect(deployment?.slice(0, 4)).toEqual(['deployment.apps/shop', '2/2', '2', '2']);
    expect(await type("kubectl get widget shop -o jsonpath='{.spec.size}'")).toBe('3');
    expect(await type('kubectl logs job/shop-migrate')).toBe('migrated\n');
    expect(await data()).toBe('red after nothing');
  });

  test('upgrade changes what differs, with what it looked up', async () => {
    await type('helm upgrade shop chart --wait --timeout 30s --set color=blue');
    expect(await data()).toBe('blue after red');
    expect(
      await type("kubectl get pods -l app=shop -o jsonpath='{.items[*].spec.containers[0].env[0].value}'"),
    ).toMatch(/blue/);
    expect(await type('helm status shop')).toMatch(/^STATUS: deployed\nREVISION: 2\n/m);
    expect(await type('helm get manifest shop | kubectl diff -f - --server-side=false')).toBe('');
  });

  test('a release that fails is rolled back when it is to be atomic', async () => {
    const upgrade = 'helm upgrade shop chart --atomic --timeout 5s';
    const hook = await terminal.run(`${upgrade} --set hook='exit 1'`);
    expect(hook.code).toBe(1);
    expect(hook.stderr).toMatch(/pre-upgrade hooks failed:[\s\S]*shop-migrate/);
    const pods = await terminal.run(`${upgrade} --set image=registry.test/nope`);
    expect(pods.code).toBe(1);
    expect(pods.stderr).toMatch(
      /has been rolled back due to (atomic|rollback-on-failure) being set: .*(deadline|timed out|not ready)/,
    );
    expect(await statuses()).toEqual([
      'superseded',
      'superseded',
      'failed',
      'superseded',
      'failed',
      'deployed',
    ]);
    expect(
      await type("kubectl get deploy shop -o jsonpath='{.spec.template.spec.containers[0].image}'"),
    ).toBe('busybox');
  });

  test('test runs a pod, rollback goes back', async () => {
    expect(await type('helm test shop --logs')).toMatch(
      /Phase: +Succeeded\n(.*\n)*POD LOGS: shop-test\ntested\n/,
    );
    await type('helm rollback shop 1 --wait --timeout 30s');
    expect(
      await type("kubectl get deploy shop -o jsonpath='{.spec.template.spec.containers[0].env[0].value}'"),
    ).toBe('red');
    expect((await statuses()).at(-1)).toBe('deployed');
  });

  test('uninstall removes what it made, and leaves the CRD', async () => {
    expect(await type('helm uninstall shop --wait')).toBe('release "shop" uninstalled\n');
    expect(await type('kubectl get deploy,rs,svc,widget -o name')).toBe('');
    expect(await type('helm list -q')).toBe('');
    expect(await type('kubectl get crd widgets.helm.test -o name')).toBe(
      'customresourcedefinition.apiextensions.k8s.io/widgets.helm.test\n',
    );
  });
});

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  defaultStateDir,
  findLocalKubeconfig,
  preferredLocalKubeconfig,
  type Surroundings,
} from './local.ts';

let around: Surroundings;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'kanari-local-'));
  around = { env: {}, cwd: join(root, 'work'), home: join(root, 'home') };
});

function write(path: string, text = ''): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const inHome = (...path: string[]) => join(around.home, ...path);

describe('the local cluster', () => {
  it('is looked for in $KANARI_STATE_DIR, .kanari here, .kanari at home', () => {
    expect(findLocalKubeconfig(around)).toBeUndefined();
    const atHome = write(inHome('.kanari', 'kubeconfig'));
    expect(findLocalKubeconfig(around)?.kubeconfig).toBe(atHome);
    const here = write(join(around.cwd, '.kanari', 'kubeconfig'));
    expect(findLocalKubeconfig(around)?.kubeconfig).toBe(here);
    around.env.KANARI_STATE_DIR = 'elsewhere';
    expect(findLocalKubeconfig(around)).toBeUndefined();
    expect(defaultStateDir(around)).toBe(join(around.cwd, 'elsewhere'));
  });

  it('runs when its pid file names a living process', () => {
    write(inHome('.kanari', 'kubeconfig'));
    const running = () => findLocalKubeconfig(around)?.running;
    expect(running()).toBe(false);
    write(inHome('.kanari', 'kanari.pid'), String(process.pid));
    expect(running()).toBe(true);
    write(inHome('.kanari', 'kanari.pid'), 'nonsense');
    expect(running()).toBe(false);
  });

  it('is used without being asked for when there is no other, or as kanari while it runs', () => {
    const local = write(inHome('.kanari', 'kubeconfig'));
    const used = (invokedAs: string, flags = {}) => preferredLocalKubeconfig(invokedAs, flags, around);
    expect(used('kanari')).toBe(local);
    expect(used('kubectl-argo-rollouts')).toBe(local);
    write(inHome('.kube', 'config'));
    expect(used('kanari')).toBeUndefined();
    write(inHome('.kanari', 'kanari.pid'), String(process.pid));
    expect(used('kanari')).toBe(local);
    expect(used('kubectl-argo-rollouts')).toBeUndefined();
    expect(used('kubectl-kanari')).toBeUndefined();
    for (const flag of ['kubeconfig', 'context', 'cluster', 'user', 'server']) {
      expect(used('kanari', { [flag]: 'x' })).toBeUndefined();
    }
    around.env.KUBECONFIG = '/somewhere';
    expect(used('kanari')).toBeUndefined();
    around.env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    expect(used('kanari')).toBeUndefined();
  });
});

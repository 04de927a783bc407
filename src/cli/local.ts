import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where a Kanari on this machine keeps its state, and when a command talks to it without being told to. `kanari up`
 * writes what is read here.
 */

/** Overrides the place of the state directory. */
const STATE_DIR_VARIABLE = 'KANARI_STATE_DIR';
/** Kubeconfig of the embedded cluster, in the state directory. */
const KUBECONFIG_FILE = 'kubeconfig';
/** Process id of the running Kanari, in the state directory. */
export const PID_FILE = 'kanari.pid';

/** The machine as these rules see it; tests pass their own. */
export interface Surroundings {
  env: Record<string, string | undefined>;
  cwd: string;
  home: string;
}

export const surroundings = (): Surroundings => ({ env: process.env, cwd: process.cwd(), home: homedir() });

export interface LocalCluster {
  stateDir: string;
  kubeconfig: string;
  /** Whether the process named by the pid file is alive. */
  running: boolean;
}

/** The state directory when nobody names one: `$KANARI_STATE_DIR`, else `~/.kanari`. */
export function defaultStateDir({ env, cwd, home }: Surroundings = surroundings()): string {
  const named = env[STATE_DIR_VARIABLE];
  return named ? resolve(cwd, named) : join(home, '.kanari');
}

/**
 * The local cluster, if there is one: `$KANARI_STATE_DIR` alone when it is set, else `.kanari` in the working
 * directory, else `~/.kanari`.
 */
export function findLocalKubeconfig(around: Surroundings = surroundings()): LocalCluster | undefined {
  const named = around.env[STATE_DIR_VARIABLE];
  const candidates = named
    ? [resolve(around.cwd, named)]
    : [join(around.cwd, '.kanari'), join(around.home, '.kanari')];
  for (const stateDir of candidates) {
    const kubeconfig = join(stateDir, KUBECONFIG_FILE);
    if (isFile(kubeconfig)) return { stateDir, kubeconfig, running: isRunning(join(stateDir, PID_FILE)) };
  }
  return undefined;
}

/** Connection flags; any of them says that the user knows which cluster is meant. */
export interface ClusterChoice {
  kubeconfig?: string | undefined;
  context?: string | undefined;
  cluster?: string | undefined;
  user?: string | undefined;
  server?: string | undefined;
}

/**
 * The local kubeconfig when it is the one to use, else undefined: flags, `KUBECONFIG` and the service account of a pod
 * come first; `~/.kube/config` comes first too, unless the command was called as `kanari` and the local cluster runs.
 */
export function preferredLocalKubeconfig(
  invokedAs: string,
  flags: ClusterChoice,
  around: Surroundings = surroundings(),
): string | undefined {
  const { env, home } = around;
  const chosen = [flags.kubeconfig, flags.context, flags.cluster, flags.user, flags.server, env.KUBECONFIG];
  if (chosen.some(Boolean) || env.KUBERNETES_SERVICE_HOST) return undefined;
  const local = findLocalKubeconfig(around);
  if (!local) return undefined;
  if (!isFile(join(home, '.kube', 'config'))) return local.kubeconfig;
  return invokedAs === 'kanari' && local.running ? local.kubeconfig : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isRunning(pidFile: string): boolean {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

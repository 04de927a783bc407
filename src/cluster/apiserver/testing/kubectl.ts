import { spawnSync } from 'node:child_process';

/** The kubectl of this machine, or the one that is named. */
export const KUBECTL = process.env.KUBECTL ?? 'kubectl';

/** Whether kubectl is there in version 1.`minor` or newer; if not, says so, since tests are skipped for it. */
export function hasKubectl(minor: number): boolean {
  const { stdout } = spawnSync(KUBECTL, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const found = /"minor": "(\d+)/.exec(stdout ?? '')?.[1];
  if (Number(found) >= minor) return true;
  console.warn(`skipped: ${KUBECTL} is ${found ? `version 1.${found}` : 'not there'}; needed is 1.${minor}`);
  return false;
}

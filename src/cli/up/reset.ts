import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { discardState } from '../../cluster/apiserver/index.ts';
import { killPodProcesses } from '../../cluster/node/index.ts';

/**
 * Makes the next start begin with an empty cluster: objects and pods are forgotten; credentials and the image table
 * stay.
 * @throws StateLockedError when a cluster runs on this state
 */
export async function resetState(stateDir: string): Promise<void> {
  await discardState(stateDir);
  await killPodProcesses(stateDir);
  await rm(join(stateDir, 'node'), { recursive: true, force: true });
}

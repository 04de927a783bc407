import { join } from 'node:path';
import { isShimOf, killMarked, signal } from './processes.ts';
import { findRuns } from './record.ts';

/**
 * Kills every process that an agent on this state folder has started and that still runs. For use while no agent runs,
 * before the state folder is deleted. Returns how many runs were ended.
 */
export async function killPodProcesses(stateDir: string): Promise<number> {
  const ids = new Set<string>();
  let ended = 0;
  for (const folder of await findRuns(join(stateDir, 'node', 'pods'))) {
    const record = await folder.record();
    const shim = await folder.claimedBy();
    if (record) ids.add(record.id);
    if (shim !== undefined && (await isShimOf(shim, folder.path)) && signal(-shim, 'SIGKILL')) ended += 1;
  }
  await killMarked(ids);
  return ended;
}

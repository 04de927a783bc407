import { rmSync } from 'node:fs';
import path from 'node:path';
import { StateDamagedError } from './errors.ts';
import type { Log } from './log.ts';
import { MARK } from './mark.ts';
import { DATABASE, openSqliteLog } from './sqlite.ts';

/**
 * Deletes what a state directory holds, damaged or not; certificates and tokens stay.
 * @throws StateLockedError when a server has it open
 */
export async function discardState(stateDir: string): Promise<void> {
  let log: Log | undefined;
  try {
    log = openSqliteLog(stateDir);
  } catch (error) {
    if (!(error instanceof StateDamagedError)) throw error;
  }
  for (const name of [DATABASE, `${DATABASE}-wal`, `${DATABASE}-shm`, MARK]) {
    rmSync(path.join(stateDir, name), { force: true });
  }
  await log?.close();
}

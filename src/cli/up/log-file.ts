import { openSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { destination, type Logger, pino } from 'pino';

/** A log that has grown above this is put aside at the next start. */
const MAX_LOG_BYTES = 16 << 20;

/** Logs to a file, after what is there. @throws an error of the file system */
export async function logTo(file: string): Promise<Logger> {
  await keepSmall(file);
  const stream = destination({ fd: openSync(file, 'a', 0o600) });
  // What a full disk does not take is lost to the log; Kanari goes on.
  stream.on('error', () => {});
  return pino({ base: undefined }, stream);
}

/** Puts a long log of earlier runs aside, in the place of the one that was put aside before. */
async function keepSmall(file: string): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > MAX_LOG_BYTES) await rename(file, `${file}.1`);
}

/** The format of log files: one line per entry, as the CRI has it: `<RFC 3339 time> <stream> <F|P> <text>`. */

export type Stream = 'stdout' | 'stderr';

/** Longest text of one entry; a longer line is split into parts (tag `P`) that readers join again. */
export const MAX_ENTRY_BYTES = 16 * 1024;

export interface LogEntry {
  /** RFC 3339 with nanoseconds, UTC. */
  time: string;
  stream: Stream;
  /** False: the line goes on in the next entry of the same stream. */
  complete: boolean;
  text: Buffer;
}

const NEWLINE = Buffer.from('\n');

export function formatEntry(entry: LogEntry): Buffer {
  const head = Buffer.from(`${entry.time} ${entry.stream} ${entry.complete ? 'F' : 'P'} `);
  return Buffer.concat([head, entry.text, NEWLINE]);
}

/** The entry of one line without its newline; undefined for what is not in the format (a torn line). */
export function parseEntry(line: Buffer): LogEntry | undefined {
  const timeEnd = line.indexOf(' ');
  const streamEnd = line.indexOf(' ', timeEnd + 1);
  if (timeEnd <= 0 || streamEnd < 0 || line[streamEnd + 2] !== 0x20) return undefined;
  const stream = line.toString('latin1', timeEnd + 1, streamEnd);
  const tag = line[streamEnd + 1];
  if ((stream !== 'stdout' && stream !== 'stderr') || (tag !== 0x46 && tag !== 0x50)) return undefined;
  return {
    time: line.toString('latin1', 0, timeEnd),
    stream,
    complete: tag === 0x46,
    text: line.subarray(streamEnd + 3),
  };
}

/** RFC 3339 with nanoseconds of a time in nanoseconds since the epoch. */
export function formatNanoseconds(ns: bigint): string {
  const seconds = Number(ns / 1_000_000_000n);
  const fraction = String(ns % 1_000_000_000n).padStart(9, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

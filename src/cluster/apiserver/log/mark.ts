import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';

/** The file of the high-water mark in the state directory. */
export const MARK = 'state.mark';
const DIGITS = 15;

/**
 * The last acknowledged revision, kept beside the database. SQLite takes a torn or missing tail of its write-ahead log
 * for writes that never were; this tells that they were.
 *
 * It is written after the write is durable and never synced itself, so it may lag behind after a power failure, but is
 * never ahead of what the disk holds.
 */
export class HighWaterMark {
  readonly #file: number;

  /** @throws an error of the file system */
  constructor(stateDir: string, revision: number) {
    // Never empty on the way: the old mark holds until the new one is written.
    this.#file = openSync(path.join(stateDir, MARK), constants.O_RDWR | constants.O_CREAT, 0o600);
    this.raise(revision);
    fsyncSync(this.#file);
  }

  /** The mark in a state directory; undefined when there is none that can be read. */
  static read(stateDir: string): number | undefined {
    let text: string;
    try {
      text = readFileSync(path.join(stateDir, MARK), 'utf8');
    } catch {
      return undefined;
    }
    return new RegExp(`^\\d{${DIGITS}}\\n$`).test(text) ? Number(text) : undefined;
  }

  raise(revision: number): void {
    // One short write in place: a kill leaves the old mark or the new one.
    writeSync(this.#file, `${String(revision).padStart(DIGITS, '0')}\n`, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

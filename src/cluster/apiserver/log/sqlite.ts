import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  openSync,
  readFileSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { inspectDatabase, openDatabase, position } from './database.ts';
import { StateDamagedError, StateLockedError, StateUnusableError } from './errors.ts';
import type { Log, LogRecord } from './log.ts';
import { HighWaterMark } from './mark.ts';

/** The database's file in the state directory. */
export const DATABASE = 'state.db';
const PID = 'server.pid';
/**
 * How far revisions are moved on when the mark is missing: what was acknowledged before is not known then, and no
 * revision may be given out twice.
 */
const UNKNOWN_REVISIONS = 1_000_000;

/** Less free space than this is taken for the cause of what goes wrong at the start. */
const SCARCE_BYTES = 1024 * 1024;

/** Primary result codes of SQLite. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

const syncData = promisify(fdatasync);

/**
 * Opens the log in a state directory, and makes it when there is none. The database stays locked until it is closed
 * or the process ends in whatever way, so there is no stale lock to take over.
 * @param sync has the kernel put what was written to an open file on the disk
 * @throws StateLockedError when another server has it open
 * @throws StateDamagedError when the database is torn, foreign, of a newer format, or lacks acknowledged writes
 * @throws StateUnusableError when the directory or its files cannot be read or written
 */
export function openSqliteLog(stateDir: string, sync = syncData): Log {
  const file = path.join(stateDir, DATABASE);
  try {
    const acknowledged = HighWaterMark.read(stateDir);
    inspectDatabase(file, acknowledged ?? 0);
    // SQLite would create the file with the umask's mode; the log holds Secrets.
    if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
    const database = openDatabase(file);
    try {
      if (acknowledged === undefined) skipUnknownRevisions(database);
      writeFileSync(path.join(stateDir, PID), `${process.pid}\n`, { mode: 0o600 });
      return new SqliteLog(database, stateDir, sync);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw explained(stateDir, file, error as Error & { errcode?: number; code?: string });
  }
}

function explained(stateDir: string, file: string, error: Error & { errcode?: number }): Error {
  if (error instanceof StateDamagedError) return error;
  const code = error.errcode === undefined ? undefined : error.errcode & 0xff;
  if (code === SQLITE_BUSY) return new StateLockedError(stateDir, readPid(stateDir), error);
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new StateDamagedError(file, error.message, error);
  }
  return new StateUnusableError(file, causeOf(stateDir, file) ?? error.message, error);
}

/** SQLite tells neither a lack of permission nor, at its start, a full disk from other failures. */
function causeOf(stateDir: string, file: string): string | undefined {
  try {
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
    const { bavail, bsize } = statfsSync(stateDir);
    const free = bavail * bsize;
    return free < SCARCE_BYTES ? `the disk is full: ${Math.floor(free / 1024)} KiB are left` : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function skipUnknownRevisions(database: DatabaseSync): void {
  const { revision } = position(database);
  if (revision > 0) compactDatabase(database, revision + UNKNOWN_REVISIONS);
}

function readPid(stateDir: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path.join(stateDir, PID), 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}

interface Row {
  revision: number;
  key: string;
  deleted: number;
  previous: number;
  value: string;
  /** Null in records that were written before there were checksums. */
  checksum: number | null;
}

class SqliteLog implements Log {
  #database: DatabaseSync | undefined;
  readonly #file: string;
  readonly #mark: HighWaterMark;
  /** SQLite's write-ahead log, which it keeps while the database is open; synced from here, beside the event loop. */
  readonly #wal: number;
  readonly #insert: StatementSync;
  readonly #sync: (file: number) => Promise<void>;
  #revision: number;
  #compacted: number;
  #broken: Error | undefined;

  constructor(database: DatabaseSync, stateDir: string, sync: (file: number) => Promise<void>) {
    this.#database = database;
    this.#sync = sync;
    this.#file = path.join(stateDir, DATABASE);
    const { revision, compacted } = position(database);
    this.#revision = revision;
    this.#compacted = compacted;
    this.#insert = database.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)');
    this.#wal = openSync(`${this.#file}-wal`, 'r');
    this.#mark = new HighWaterMark(stateDir, revision);
  }

  get revision(): number {
    return this.#revision;
  }

  get compacted(): number {
    return this.#compacted;
  }

  *records(): Iterable<LogRecord> {
    const rows = this.#open().prepare('SELECT * FROM log ORDER BY revision').iterate();
    let expected = this.#compacted + 1;
    for (const row of rows as IterableIterator<Row & Record<string, number | string | null>>) {
      const { revision, key, deleted, previous, value, checksum } = row;
      // Appends are gapless, so a hole after the compaction means that records were lost.
      if (revision > this.#compacted) {
        if (revision !== expected) {
          throw new StateDamagedError(this.#file, `revision ${expected} is missing from the log`);
        }
        expected = revision + 1;
      }
      const record = { revision, key, previous, value, deleted: deleted === 1 };
      if (checksum !== null && checksum !== checksumOf(record)) {
        throw new StateDamagedError(this.#file, `revision ${revision} (${key}) is not what was written`);
      }
      yield record;
    }
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    if (this.#broken) throw this.#broken;
    transaction(this.#open(), () => {
      for (const record of records) {
        const { revision, key, value, deleted, previous } = record;
        this.#insert.run(revision, key, deleted ? 1 : 0, previous, value, checksumOf(record));
      }
    });
    const last = records.at(-1)?.revision ?? this.#revision;
    try {
      await this.#sync(this.#wal);
      this.#mark.raise(last);
    } catch (error) {
      // What is on the disk now is not known, and the kernel does not tell twice.
      this.#broken = new Error(
        `${this.#file}-wal could not be synced (${(error as Error).message}); writes are refused until a restart`,
        { cause: error },
      );
      throw this.#broken;
    }
    this.#revision = last;
  }

  async compact(revision: number): Promise<void> {
    if (revision <= this.#compacted) return;
    compactDatabase(this.#open(), revision);
    this.#compacted = revision;
  }

  async close(): Promise<void> {
    if (!this.#database) return;
    this.#database.close();
    this.#database = undefined;
    closeSync(this.#wal);
    this.#mark.close();
  }

  #open(): DatabaseSync {
    if (!this.#database) throw new Error('the log is closed');
    return this.#database;
  }
}

const checksumOf = ({ revision, key, value, deleted, previous }: LogRecord) =>
  crc32(value, crc32(`${revision} ${key} ${deleted} ${previous}`));

function compactDatabase(database: DatabaseSync, revision: number): void {
  const { compacted } = position(database);
  transaction(database, () => {
    // Superseded: the `previous` of a later record. A deletion supersedes itself.
    const range = 'FROM log WHERE revision > ? AND revision <= ?';
    database.prepare(`DELETE FROM log WHERE revision IN (SELECT previous ${range})`).run(compacted, revision);
    database.prepare(`DELETE ${range} AND deleted = 1`).run(compacted, revision);
    database.prepare('UPDATE compaction SET revision = ?').run(revision);
  });
}

function transaction(database: DatabaseSync, body: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    body();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

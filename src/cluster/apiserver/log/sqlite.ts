import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StateDamagedError, StateLockedError } from './errors.ts';
import type { Log, LogRecord } from './log.ts';

/** The database's file in the state directory. */
export const DATABASE = 'state.db';
const PID = 'server.pid';
/** SQLite's `application_id`: tells our database from a foreign one. */
const APPLICATION_ID = 0x4b414e41;
const FORMAT = 1;

const SCHEMA = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    key      TEXT NOT NULL,
    deleted  INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    value    TEXT NOT NULL
  ) STRICT;
  CREATE TABLE compaction (revision INTEGER NOT NULL) STRICT;
  INSERT INTO compaction VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT};
`;

const SQLITE_BUSY = 5;
const errorCode = (error: unknown) => (error as { errcode?: number }).errcode;

/**
 * Opens the log in a state directory, and makes it when there is none. The database stays locked until it is closed
 * or the process ends in whatever way, so there is no stale lock to take over.
 * @throws StateLockedError when another server has it open
 * @throws StateDamagedError when the database is torn, foreign, or of another format
 */
export function openSqliteLog(stateDir: string): Log {
  const file = path.join(stateDir, DATABASE);
  // SQLite would create the file with the umask's mode; the log holds Secrets.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    prepare(database, file);
    writeFileSync(path.join(stateDir, PID), `${process.pid}\n`, { mode: 0o600 });
    return new SqliteLog(database, file);
  } catch (error) {
    database?.close();
    if (error instanceof StateDamagedError) throw error;
    if (errorCode(error) === SQLITE_BUSY) throw new StateLockedError(stateDir, readPid(stateDir), error);
    throw new StateDamagedError(file, (error as Error).message, error);
  }
}

function prepare(database: DatabaseSync, file: string): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  // The exclusive lock is taken with the first write transaction and then kept.
  database.exec('BEGIN IMMEDIATE');
  const read = (pragma: string) => Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
  const tables = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n;
  if (tables === 0 && read('application_id') === 0) {
    database.exec(SCHEMA);
  } else if (read('application_id') !== APPLICATION_ID) {
    throw new StateDamagedError(file, 'it is a database of another program');
  } else if (read('user_version') !== FORMAT) {
    throw new StateDamagedError(
      file,
      `it has format ${String(read('user_version'))}, and this version reads format ${FORMAT}`,
    );
  }
  database.exec('COMMIT');
  const check = read('quick_check(1)');
  if (check !== 'ok') throw new StateDamagedError(file, `it is damaged (${String(check)})`);
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
}

class SqliteLog implements Log {
  #database: DatabaseSync | undefined;
  readonly #file: string;
  readonly #insert: StatementSync;
  #revision: number;
  #compacted: number;

  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
    this.#insert = database.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?)');
    this.#compacted = Number(database.prepare('SELECT revision FROM compaction').get()?.revision ?? 0);
    const last = database.prepare('SELECT max(revision) AS revision FROM log').get()?.revision;
    this.#revision = Math.max(Number(last ?? 0), this.#compacted);
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
    for (const row of rows as IterableIterator<Row & Record<string, number | string>>) {
      const { revision, key, deleted, previous, value } = row;
      // Appends are gapless, so a hole after the compaction means that records were lost.
      if (revision > this.#compacted) {
        if (revision !== expected) {
          throw new StateDamagedError(this.#file, `revision ${expected} is missing from the log`);
        }
        expected = revision + 1;
      }
      yield { revision, key, previous, value, deleted: deleted === 1 };
    }
  }

  async append(records: readonly LogRecord[]): Promise<void> {
    this.#transaction(() => {
      for (const { revision, key, value, deleted, previous } of records) {
        this.#insert.run(revision, key, deleted ? 1 : 0, previous, value);
      }
    });
    this.#revision = records.at(-1)?.revision ?? this.#revision;
  }

  async compact(revision: number): Promise<void> {
    if (revision <= this.#compacted) return;
    this.#transaction((database) => {
      // Superseded: the `previous` of a later record. A deletion supersedes itself.
      database
        .prepare(
          `DELETE FROM log WHERE revision IN (SELECT previous FROM log WHERE revision > ? AND revision <= ?)
           OR (deleted = 1 AND revision <= ?)`,
        )
        .run(this.#compacted, revision, revision);
      database.prepare('UPDATE compaction SET revision = ?').run(revision);
    });
    this.#compacted = revision;
  }

  async close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
  }

  #open(): DatabaseSync {
    if (!this.#database) throw new Error('the log is closed');
    return this.#database;
  }

  #transaction(body: (database: DatabaseSync) => void): void {
    const database = this.#open();
    database.exec('BEGIN IMMEDIATE');
    try {
      body(database);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

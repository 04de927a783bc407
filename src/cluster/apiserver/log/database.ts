import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StateDamagedError } from './errors.ts';

/** SQLite's `application_id`: tells our database from a foreign one. */
const APPLICATION_ID = 0x4b414e41;
/** 1: without checksums. */
const FORMAT = 2;

const SCHEMA = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    key      TEXT NOT NULL,
    deleted  INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    value    TEXT NOT NULL,
    checksum INTEGER
  ) STRICT;
  CREATE TABLE compaction (revision INTEGER NOT NULL) STRICT;
  INSERT INTO compaction VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT};
`;

/**
 * Looks at a database before anything may change it: closing a connection that can write folds the write-ahead log
 * into the database, and what is left of a damaged one should stay as it was found.
 * @throws StateDamagedError when it is torn, foreign, of a newer format, or lacks acknowledged revisions
 */
export function inspectDatabase(file: string, acknowledged: number): void {
  if (!existsSync(file)) {
    if (acknowledged > 0) throw lostRevisions(file, 0, acknowledged);
    return;
  }
  const database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    if (isEmpty(database)) {
      if (acknowledged > 0) throw lostRevisions(file, 0, acknowledged);
      return;
    }
    if (read(database, 'application_id') !== APPLICATION_ID) {
      throw new StateDamagedError(file, 'it is a database of another program');
    }
    const format = read(database, 'user_version');
    if (typeof format !== 'number' || format < 1 || format > FORMAT) {
      throw new StateDamagedError(
        file,
        `it has format ${String(format)}, and this version reads up to ${FORMAT}`,
      );
    }
    const check = read(database, 'quick_check(1)');
    if (check !== 'ok') {
      throw new StateDamagedError(file, `it is damaged (${String(check).replaceAll('\n', ' ')})`);
    }
    const { revision } = position(database);
    if (revision < acknowledged) throw lostRevisions(file, revision, acknowledged);
  } finally {
    database.close();
  }
}

/**
 * Opens a database that was inspected, takes its lock for as long as it is open, and makes or renews its tables.
 * Commits reach the operating system, not the disk: `synchronous = NORMAL` leaves that to the caller.
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    // The exclusive lock is taken with the first write transaction and then kept.
    database.exec('BEGIN IMMEDIATE');
    if (isEmpty(database)) database.exec(SCHEMA);
    else if (read(database, 'user_version') === 1) {
      database.exec('ALTER TABLE log ADD COLUMN checksum INTEGER');
    }
    database.exec(`PRAGMA user_version = ${FORMAT}; COMMIT`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Up to where the database goes, and up to where it was compacted. */
export function position(database: DatabaseSync): { revision: number; compacted: number } {
  const compacted = Number(database.prepare('SELECT revision FROM compaction').get()?.revision ?? 0);
  const last = Number(database.prepare('SELECT max(revision) AS revision FROM log').get()?.revision ?? 0);
  return { revision: Math.max(last, compacted), compacted };
}

const read = (database: DatabaseSync, pragma: string) =>
  Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];

const isEmpty = (database: DatabaseSync) =>
  database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n === 0 &&
  read(database, 'application_id') === 0;

const lostRevisions = (file: string, found: number, acknowledged: number) =>
  new StateDamagedError(
    file,
    `it ends at revision ${found}, but writes up to revision ${acknowledged} were acknowledged: the file or its ` +
      'write-ahead log (-wal) was cut, removed or replaced by an older one. To go on without those writes, delete ' +
      'state.mark beside it',
  );

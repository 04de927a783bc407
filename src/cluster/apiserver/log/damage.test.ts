import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteLog, StateDamagedError, StateUnusableError } from './index.ts';

const RECORDS = 40;
/** A state directory as `kill -9` leaves it: records in the database, others in the write-ahead log only. */
let killed: string;
let dir: string;

const inDir = (name: string) => path.join(dir, name);
const revisionsIn = async (stateDir: string) => {
  const log = openSqliteLog(stateDir);
  try {
    return [...log.records()].map(({ revision }) => revision);
  } finally {
    await log.close();
  }
};
const everything = Array.from({ length: RECORDS }, (_, i) => i + 1);

beforeAll(async () => {
  killed = mkdtempSync(path.join(tmpdir(), 'kanari-killed-'));
  const program = `
    const { openSqliteLog } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const stateDir = ${JSON.stringify(killed)};
    const value = JSON.stringify('x'.repeat(2000));
    let log = openSqliteLog(stateDir);
    for (let revision = 1; revision <= ${RECORDS}; revision += 1) {
      if (revision === ${RECORDS / 2}) {
        await log.close();
        log = openSqliteLog(stateDir);
      }
      await log.append([{ revision, key: 'k' + revision, value, deleted: false, previous: 0 }]);
    }
    process.kill(process.pid, 'SIGKILL');
  `;
  const args = ['--no-warnings', '--input-type=module', '-e', program];
  await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'close');
});

afterAll(() => rmSync(killed, { recursive: true, force: true }));

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kanari-damage-'));
  cpSync(killed, dir, { recursive: true });
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('what kill -9 left', () => {
  it('is all there', async () => {
    expect(statSync(inDir('state.db-wal')).size).toBeGreaterThan(50_000);
    expect(await revisionsIn(dir)).toEqual(everything);
  });

  it.each([
    ['without its write-ahead log', () => rmSync(inDir('state.db-wal')), 19],
    ['with the write-ahead log cut', () => truncateSync(inDir('state.db-wal'), 60_000), undefined],
    [
      'with the last byte of the write-ahead log cut',
      () => truncateSync(inDir('state.db-wal'), statSync(inDir('state.db-wal')).size - 1),
      RECORDS - 1,
    ],
    ['with a bit of the write-ahead log turned', () => turnBit(inDir('state.db-wal'), 60_000), undefined],
    ['without the database', () => rmSync(inDir('state.db')), 0],
    [
      'with both emptied',
      () => ['state.db', 'state.db-wal'].forEach((name) => void truncateSync(inDir(name), 0)),
      0,
    ],
  ])('is refused %s, and stays as it is', (_what, damage, found) => {
    damage();
    const files = ['state.db', 'state.db-wal'].filter((name) => existsSync(inDir(name)));
    const before = files.map((name) => readFileSync(inDir(name)));
    const attempt = () => openSqliteLog(dir);
    expect(attempt).toThrow(StateDamagedError);
    expect(attempt).toThrow(
      new RegExp(
        `state\\.db cannot be used: it ends at revision ${found ?? '\\d+'}, but .* up to revision ${RECORDS} were`,
      ),
    );
    expect(files.map((name) => readFileSync(inDir(name)))).toEqual(before);
  });

  it('is taken as it is without the mark, and revisions go on far beyond what was given out', async () => {
    truncateSync(inDir('state.db-wal'), 60_000);
    rmSync(inDir('state.mark'));
    const log = openSqliteLog(dir);
    const last = [...log.records()].at(-1)?.revision ?? 0;
    expect(last).toBeLessThan(RECORDS);
    expect([log.revision, log.compacted]).toEqual([last + 1_000_000, last + 1_000_000]);
    const revision = log.revision + 1;
    await log.append([{ revision, key: 'new', value: '1', deleted: false, previous: 0 }]);
    await log.close();
    expect((await revisionsIn(dir)).at(-1)).toBe(revision);
  });
});

describe('a database', () => {
  beforeEach(async () => {
    // Folds the write-ahead log in.
    await openSqliteLog(dir).close();
  });

  it('that was replaced by an older one is refused', () => {
    copyFileSync(path.join(killed, 'state.db'), inDir('state.db'));
    expect(() => openSqliteLog(dir)).toThrow(/ends at revision 19, but .* up to revision 40/);
  });

  it.each([
    ['is no database', () => writeFileSync(inDir('state.db'), 'no database '.repeat(400)), /not a database/],
    ['was cut', () => truncateSync(inDir('state.db'), 20_000), /malformed|damaged/],
    ['has lost its first page', () => turnBytes(inDir('state.db'), 0, 4096), /not a database/],
    ['has lost another page', () => turnBytes(inDir('state.db'), 16_384, 4096), /malformed|damaged/],
    [
      'is of a newer format',
      () => sql('PRAGMA user_version = 99'),
      /has format 99, and this version reads up to 2/,
    ],
    ['is of another program', () => sql('PRAGMA application_id = 7'), /of another program/],
  ])('that %s is refused with its name and what to do', async (_what, damage, text) => {
    damage();
    const refused: Error = await revisionsIn(dir).then(
      () => expect.fail('it was opened'),
      (error) => error,
    );
    expect(refused).toBeInstanceOf(StateDamagedError);
    expect(refused.message).toMatch(text);
    expect(refused.message).toMatch(
      /state\.db cannot be used: .*Restore it from a copy, or start over with --fresh/,
    );
  });

  it('whose text has changed on the disk is refused', async () => {
    turnBit(inDir('state.db'), 18_000);
    await expect(revisionsIn(dir)).rejects.toThrow(/revision \d+ \(k\d+\) is not what was written|damaged/);
  });

  it('of the first format is read and goes on as the second', async () => {
    sql('ALTER TABLE log DROP COLUMN checksum; PRAGMA user_version = 1');
    expect(await revisionsIn(dir)).toEqual(everything);
    const log = openSqliteLog(dir);
    await log.append([{ revision: 41, key: 'new', value: '1', deleted: false, previous: 0 }]);
    await log.close();
    expect(await revisionsIn(dir)).toHaveLength(RECORDS + 1);
  });
});

describe('a state directory', () => {
  it('that is not there is named', () => {
    const missing = path.join(dir, 'missing');
    expect(() => openSqliteLog(missing)).toThrow(StateUnusableError);
    expect(() => openSqliteLog(missing)).toThrow(/missing\/state\.db cannot be opened.*ENOENT.*--state-dir/);
  });

  it.skipIf(process.getuid?.() === 0)(
    'with a database that may not be written is named, with what the system says',
    () => {
      chmodSync(inDir('state.db'), 0o400);
      expect(() => openSqliteLog(dir)).toThrow(/state\.db cannot be opened.*EACCES.*access '.*state\.db'/);
    },
  );

  it('with a folder in the place of the database is named', () => {
    const other = path.join(dir, 'state.db');
    rmSync(other);
    cpSync(killed, other, { recursive: true });
    expect(() => openSqliteLog(dir)).toThrow(/state\.db cannot be opened for reading and writing/);
  });
});

function sql(statements: string): void {
  const database = new DatabaseSync(inDir('state.db'));
  database.exec(statements);
  database.close();
}

function turnBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

function turnBytes(file: string, at: number, length: number): void {
  writeFileSync(file, readFileSync(file).fill(0xa5, at, at + length));
}

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Log, type LogRecord, openSqliteLog, StateLockedError } from './index.ts';

let dir: string;
const open: Log[] = [];

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kanari-log-'));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((log) => log.close()));
  rmSync(dir, { recursive: true, force: true });
});

function opened(): Log {
  const log = openSqliteLog(dir);
  open.push(log);
  return log;
}

function record(revision: number, key: string, options: Partial<LogRecord> = {}): LogRecord {
  return {
    revision,
    key,
    value: `"${key}@${revision}"`,
    deleted: false,
    previous: 0,
    ...options,
  };
}

const revisions = (log: Log) => [...log.records()].map(({ revision }) => revision);

describe('the log', () => {
  it('gives back what was appended, in order, after it was closed and opened again', async () => {
    const log = opened();
    const written = [record(1, '/pods/a/x'), record(2, '/pods/a/y'), record(3, '/pods/a/x', { previous: 1 })];
    await log.append(written.slice(0, 2));
    await log.append(written.slice(2));
    await log.close();
    const again = opened();
    expect([...again.records()]).toEqual(written);
    expect(again.revision).toBe(3);
  });

  it('appends all records of a call or none', async () => {
    const log = opened();
    await log.append([record(1, '/pods/a/x')]);
    await expect(log.append([record(2, '/pods/a/y'), record(1, '/pods/a/z')])).rejects.toThrow();
    expect(revisions(log)).toEqual([1]);
    expect(log.revision).toBe(1);
  });

  it('forgets superseded and deleted records up to the compacted revision, and nothing else', async () => {
    const log = opened();
    await log.append([
      record(1, 'kept'),
      record(2, 'changed'),
      record(3, 'changed', { previous: 2 }),
      record(4, 'gone'),
      record(5, 'gone', { previous: 4, deleted: true }),
      record(6, 'changed', { previous: 3 }),
    ]);
    await log.compact(5);
    expect(revisions(log)).toEqual([1, 3, 6]);
    await log.compact(6);
    expect(revisions(log)).toEqual([1, 6]);
    await log.close();
    const again = opened();
    expect([again.compacted, again.revision]).toEqual([6, 6]);
  });

  it('stays bounded on the disk while one object changes on and on', async () => {
    const log = opened();
    const value = JSON.stringify('x'.repeat(50_000));
    const sizes: number[] = [];
    for (let revision = 1; revision <= 800; revision += 1) {
      await log.append([record(revision, 'x', { previous: revision - 1, value })]);
      if (revision % 20 !== 0) continue;
      await log.compact(revision);
      const files = ['state.db', 'state.db-wal'].map((name) => statSync(path.join(dir, name)).size);
      sizes.push(files.reduce((sum, size) => sum + size));
    }
    // 40 MB were written.
    expect(Math.max(...sizes)).toBeLessThan(12_000_000);
  });

  it('takes no more writes once the disk has failed to keep one, and is whole when it is opened again', async () => {
    let syncs = 0;
    const log = openSqliteLog(dir, async () => {
      syncs += 1;
      if (syncs === 2) throw new Error('EIO: i/o error, fdatasync');
    });
    open.push(log);
    await log.append([record(1, 'a')]);
    const refusal = /state\.db-wal could not be synced \(EIO.*\); writes are refused until a restart/;
    await expect(log.append([record(2, 'b')])).rejects.toThrow(refusal);
    await expect(log.append([record(2, 'c')])).rejects.toThrow(refusal);
    expect(log.revision).toBe(1);
    await log.close();
    // Not acknowledged, so it may be there or not; here it is.
    const again = opened();
    expect(revisions(again)).toEqual([1, 2]);
    await again.append([record(3, 'd')]);
    expect(revisions(again)).toEqual([1, 2, 3]);
  });

  it('keeps its revision when compaction leaves nothing', async () => {
    const log = opened();
    await log.append([record(1, 'x'), record(2, 'x', { previous: 1, deleted: true })]);
    await log.compact(2);
    await log.close();
    expect(opened().revision).toBe(2);
  });

  it('refuses a second opener and names the directory and the process', () => {
    opened();
    expect(() => openSqliteLog(dir)).toThrow(StateLockedError);
    expect(() => openSqliteLog(dir)).toThrow(new RegExp(`${dir}.*${process.pid}`));
  });

  it('refuses a log with a hole in it', async () => {
    const log = opened();
    await log.append([record(1, 'a'), record(2, 'b'), record(3, 'c')]);
    await log.close();
    const database = new DatabaseSync(path.join(dir, 'state.db'));
    database.exec('DELETE FROM log WHERE revision = 2');
    database.close();
    expect(() => revisions(opened())).toThrow(/revision 2 is missing/);
  });
});

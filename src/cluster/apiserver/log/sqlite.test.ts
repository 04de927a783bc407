import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Log, type LogRecord, openSqliteLog, StateDamagedError, StateLockedError } from './index.ts';

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

  it('refuses a file that is no database, and leaves it as it is', () => {
    writeFileSync(
      path.join(dir, 'state.db'),
      'not a database at all, but long enough for a header '.repeat(40),
    );
    expect(() => openSqliteLog(dir)).toThrow(StateDamagedError);
    expect(() => openSqliteLog(dir)).toThrow(/state\.db cannot be used: file is not a database/);
  });

  it('refuses the database of another program', () => {
    const foreign = new DatabaseSync(path.join(dir, 'state.db'));
    foreign.exec('CREATE TABLE songs (title TEXT)');
    foreign.close();
    expect(() => openSqliteLog(dir)).toThrow(/database of another program/);
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

describe('kill -9', () => {
  it('loses no acknowledged write and leaves no lock, at whatever moment it strikes', async () => {
    let acknowledged = 0;
    for (let round = 1; round <= 3; round += 1) {
      const writer = spawnWriter(dir);
      acknowledged = await killAfter(writer, acknowledged + 25 * round);
      const log = opened();
      expect(log.revision).toBeGreaterThanOrEqual(acknowledged);
      expect(revisions(log)).toEqual(Array.from({ length: log.revision }, (_, i) => i + 1));
      acknowledged = log.revision;
      await log.close();
    }
  });
});

/** A process that appends one record after the other and prints each revision once it is durable. */
function spawnWriter(stateDir: string): ChildProcess {
  const door = new URL('./index.ts', import.meta.url).href;
  const program = `
    const { openSqliteLog } = await import(${JSON.stringify(door)});
    const log = openSqliteLog(${JSON.stringify(stateDir)});
    for (;;) {
      const revision = log.revision + 1;
      await log.append([{ revision, key: 'k' + revision, value: '{}', deleted: false, previous: 0 }]);
      process.stdout.write(revision + '\\n');
      await new Promise((resolve) => setImmediate(resolve));
    }
  `;
  return spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Kills the process once it has acknowledged this revision; returns the last one that it acknowledged. */
async function killAfter(writer: ChildProcess, revision: number): Promise<number> {
  let printed = '';
  const last = () => Number(printed.trimEnd().split('\n').at(-1) ?? 0);
  writer.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
    if (last() >= revision) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  const complete = printed.slice(0, printed.lastIndexOf('\n'));
  return Number(complete.split('\n').at(-1) ?? 0);
}

import { appendFileSync, mkdtempSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogCollector } from './collector.ts';
import { parseEntry } from './format.ts';
import { type LogQuery, readLog } from './read.ts';

let folder: string;
const collectors: LogCollector[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kanari-log-'));
});
afterEach(async () => {
  for (const collector of collectors.splice(0)) collector.finish();
  await rm(folder, { recursive: true });
});

function collect(limits = {}): LogCollector {
  const collector = new LogCollector(folder, limits);
  collectors.push(collector);
  return collector;
}

const write = (text: string, stream = 'stdout') => appendFileSync(join(folder, stream), text);

async function read(collector: LogCollector, query: LogQuery = {}): Promise<string> {
  let text = '';
  for await (const chunk of readLog(collector, query)) text += chunk;
  return text;
}

describe('a log', () => {
  it('holds the lines of both streams with time and stream', () => {
    const collector = collect();
    write('one\ntwo\n');
    write('bad\n', 'stderr');
    collector.drain();
    const entries = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
    expect(entries.map((line) => line.slice(31))).toEqual(['stdout F one', 'stdout F two', 'stderr F bad']);
    expect(entries[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z stdout F one$/);
  });

  it('gives an unfinished line when it is finished, or at the end', async () => {
    const collector = collect();
    write('begun, ');
    collector.drain();
    expect(await read(collector)).toBe('');
    write('done\nlast');
    collector.drain();
    expect(await read(collector)).toBe('begun, done\n');
    collector.finish();
    expect(await read(collector)).toBe('begun, done\nlast\n');
  });

  it('splits and joins lines longer than an entry', async () => {
    const collector = collect();
    const long = 'x'.repeat(100_000);
    write(`${long}\nshort\n`);
    collector.drain();
    expect(await read(collector)).toBe(`${long}\nshort\n`);
    expect(await read(collector, { tailLines: 2 })).toBe(`${long}\nshort\n`);
    expect(await read(collector, { tailLines: 1 })).toBe('short\n');
  });

  it('is the same when the collector dies between copying and noting, or after emptying a file', async () => {
    const first = collect({ maxRawBytes: 10 });
    write('one\n');
    first.drain();
    const noted = readFileSync(join(folder, 'offsets'));
    write('two\n');
    first.drain();
    writeFileSync(join(folder, 'offsets'), noted);
    const second = collect({ maxRawBytes: 10 });
    second.drain();
    expect(await read(second)).toBe('one\ntwo\n');
    truncateSync(join(folder, 'stdout'), 0);
    const third = collect();
    write('three\n');
    third.drain();
    expect(await read(third)).toBe('one\ntwo\nthree\n');
  });

  it('is bounded: it keeps the newest part, and empties what it has copied', async () => {
    const collector = collect({ maxLogBytes: 2000, maxRawBytes: 1000 });
    for (let n = 0; n < 500; n++) {
      write(`line ${n}\n`);
      collector.drain();
    }
    expect(statSync(join(folder, 'stdout')).size).toBeLessThan(1100);
    const text = await read(collector);
    expect(text.endsWith('line 498\nline 499\n')).toBe(true);
    expect(text.length).toBeLessThan(5000);
    expect(await read(collector, { tailLines: 40 })).toMatch(/^line 460\n/);
  });
});

describe('reading', () => {
  it('honours tail, bytes, timestamps and since', async () => {
    const collector = collect();
    write('one\ntwo\nthree\n');
    collector.drain();
    expect(await read(collector, { tailLines: 1 })).toBe('three\n');
    expect(await read(collector, { tailLines: 0 })).toBe('');
    expect(await read(collector, { limitBytes: 5 })).toBe('one\nt');
    expect(await read(collector, { tailLines: 1, timestamps: true })).toMatch(/^\d{4}-.*Z three\n$/);
    expect(await read(collector, { since: Date.now() + 60_000 })).toBe('');
    expect(await read(collector, { since: Date.now() - 60_000 })).toBe('one\ntwo\nthree\n');
  });

  it('follows across a rotation until the end', async () => {
    const collector = collect({ maxLogBytes: 100 });
    write('begin\n');
    collector.drain();
    let text = '';
    const following = (async () => {
      for await (const chunk of readLog(collector, { follow: true })) {
        text += chunk;
        const count = text.split('\n').length - 1;
        if (count < 20) {
          write(`line ${count}\n`);
          collector.drain();
        } else {
          collector.finish();
        }
      }
    })();
    await following;
    expect(text.split('\n')).toHaveLength(21);
    expect(text).toMatch(/^begin\nline 1\n/);
  });

  it('follows from the tail, and ends when it is told to', async () => {
    const collector = collect();
    write('one\ntwo\n');
    collector.drain();
    const stop = new AbortController();
    let text = '';
    for await (const chunk of readLog(collector, { follow: true, tailLines: 1 }, stop.signal)) {
      text += chunk;
      stop.abort();
    }
    expect(text).toBe('two\n');
  });
});

it('a torn line of a log file is no entry', () => {
  expect(parseEntry(Buffer.from('2026-01-01T00:00:00Z std'))).toBeUndefined();
  expect(parseEntry(Buffer.from(''))).toBeUndefined();
});

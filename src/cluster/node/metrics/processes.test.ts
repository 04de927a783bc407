import { describe, expect, it } from 'vitest';
import { parsePs, parseStat, readProcesses } from './processes.ts';
import { sumByRoot } from './tree.ts';

const MB = 1_000_000;
const used = (pid: number, parent: number, session: number | undefined, seconds: number) => ({
  pid,
  parent,
  session,
  cpuNanoseconds: seconds * 1e9,
  memoryBytes: MB,
});

describe('reading processes', () => {
  it('reads a line of /proc/<pid>/stat, whatever the program is called', () => {
    const line =
      '42 (a) b (c) S 7 42 41 0 -1 4194304 1 2 3 4 100 50 20 5 20 0 1 0 9999 1024 25 18446744073709551615 1';
    expect(parseStat(line, { ticks: 100, page: 4096 })).toEqual({
      pid: 42,
      parent: 7,
      session: 41,
      cpuNanoseconds: 1.75e9,
      memoryBytes: 25 * 4096,
    });
  });

  it.each(['', '42', '42 (x) S 1'])('takes %j for the line of a process that has gone', (text) => {
    expect(parseStat(text, { ticks: 100, page: 4096 })).toBeUndefined();
  });

  it('reads the times of ps, of Linux and macOS', () => {
    const text = '    1     0 1-02:03:04 100\n  12     1   0:01.25   8\n  13 1 00:10:00 4\nnonsense\n';
    expect(parsePs(text)).toEqual([
      { pid: 1, parent: 0, cpuNanoseconds: 93_784e9, memoryBytes: 102_400 },
      { pid: 12, parent: 1, cpuNanoseconds: 1.25e9, memoryBytes: 8192 },
      { pid: 13, parent: 1, cpuNanoseconds: 600e9, memoryBytes: 4096 },
    ]);
  });

  it('finds itself', async () => {
    const own = (await readProcesses()).find(({ pid }) => pid === process.pid);
    expect(own?.parent).toBe(process.ppid);
    expect(own?.cpuNanoseconds).toBeGreaterThan(0);
    expect(own?.memoryBytes).toBeGreaterThan(10 * MB);
  });
});

describe('what belongs to a container', () => {
  it('is its session, and what descends from it in sessions of its own; not the memory of the shim', () => {
    const processes = [
      used(10, 1, 10, 1), // the shim
      used(11, 10, 10, 2), // its program
      used(12, 1, 10, 4), // a child that lost its parent
      used(13, 11, 13, 8), // a child in a session of its own
      used(14, 13, 13, 16), // and what that has started
      used(20, 1, 20, 32), // another container
      used(30, 1, 30, 64), // nobody's
    ];
    const sums = sumByRoot(processes, new Set([10, 20]));
    expect(sums.get(10)).toEqual({ cpuNanoseconds: 31e9, memoryBytes: 4 * MB });
    expect(sums.get(20)).toEqual({ cpuNanoseconds: 32e9, memoryBytes: 0 });
    expect(sums.size).toBe(2);
  });

  it('goes by the parents alone where sessions are not told', () => {
    const processes = [used(10, 1, undefined, 1), used(11, 10, undefined, 2), used(12, 11, undefined, 4)];
    expect(sumByRoot(processes, new Set([10])).get(10)?.cpuNanoseconds).toBe(7e9);
  });

  it('comes to an end in a table that changed while it was read', () => {
    expect(sumByRoot([used(1, 2, 1, 1), used(2, 1, 2, 1)], new Set([9])).size).toBe(0);
  });
});

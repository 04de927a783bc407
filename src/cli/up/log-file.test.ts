import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logTo } from './log-file.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kanari-log-'));
});

afterEach(() => rmSync(dir, { recursive: true }));

describe('the log', () => {
  it('goes on after what is there, for its owner alone', async () => {
    const file = path.join(dir, 'kanari.log');
    writeFileSync(file, 'earlier\n', { mode: 0o600 });
    (await logTo(file)).info('later');
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toMatch(/^earlier\n\{.*"msg":"later"\}\n$/));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is put aside when it has grown long', async () => {
    const file = path.join(dir, 'kanari.log');
    writeFileSync(file, '');
    truncateSync(file, 17 << 20);
    await logTo(file);
    expect([statSync(file).size, statSync(`${file}.1`).size]).toEqual([0, 17 << 20]);
  });

  it('that cannot be opened is refused', async () => {
    await expect(logTo(path.join(dir, 'missing', 'kanari.log'))).rejects.toThrow(/ENOENT.*kanari\.log/);
  });

  it.skipIf(process.platform !== 'linux')('ends nothing when the disk is full', async () => {
    const uncaught = vi.fn();
    process.on('uncaughtException', uncaught);
    const log = await logTo('/dev/full');
    for (let i = 0; i < 20; i += 1) {
      log.info('lost');
      await turn();
    }
    process.off('uncaughtException', uncaught);
    expect(uncaught).not.toHaveBeenCalled();
  });
});

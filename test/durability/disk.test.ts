import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerProcess } from './process.ts';
import { CONFIGMAPS } from './writer.ts';

const LIMIT_KIB = 2048;

let stateDir: string;
let server: ServerProcess | undefined;

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'kanari-disk-'));
});

afterEach(async () => {
  await server?.kill9();
  rmSync(stateDir, { recursive: true, force: true });
});

const names = (items: { metadata: { name: string }; data?: object }[]) =>
  items.filter(({ data }) => data).map(({ metadata }) => metadata.name);

/** The kernel's limit for files stands for a full disk: writes fail beyond it, and not after it is lifted. */
describe.skipIf(process.platform !== 'linux')('a disk that is full', () => {
  it('refuses the write and says so, shows nothing of it, and takes writes again when there is space', async () => {
    server = await ServerProcess.start({
      stateDir,
      // Compaction meets the full disk too.
      compaction: { revisions: 10 },
      shell: `trap '' XFSZ; ulimit -S -f ${LIMIT_KIB}; exec "$@"`,
    });
    const create = (name: string) =>
      (server as ServerProcess).send(`POST ${CONFIGMAPS}`, {
        metadata: { name },
        data: { k: 'x'.repeat(100_000) },
      });
    const kept: string[] = [];
    let refused = await create('c100');
    for (let i = 101; refused.status === 201; i += 1) {
      kept.push(`c${i - 1}`);
      refused = await create(`c${i}`);
    }
    expect(kept.length).toBeGreaterThan(5);
    expect([refused.status, refused.body.reason]).toEqual([500, 'InternalError']);
    expect(refused.body.message).toMatch(
      /^Internal error occurred: the write could not be stored: .*(disk|full)/,
    );
    // Refused again, at once with others, and with others reading meanwhile.
    const more = await Promise.all(['d1', 'd2', 'd3'].map(create));
    expect(more.map(({ status }) => status)).toEqual([500, 500, 500]);
    const { body: shown } = await server.send(`GET ${CONFIGMAPS}`);
    expect(names(shown.items)).toEqual(kept);

    execFileSync('prlimit', [`--pid=${server.pid}`, '--fsize=unlimited']);
    const after = await create('e1');
    expect(after.status).toBe(201);
    expect(Number(after.body.metadata.resourceVersion)).toBe(Number(shown.metadata.resourceVersion) + 1);
    await server.kill9();
    server = await ServerProcess.start({ stateDir });
    const { body: restarted } = await server.send(`GET ${CONFIGMAPS}`);
    expect(names(restarted.items)).toEqual([...kept, 'e1']);
  }, 30_000);
});

describe('a state directory', () => {
  it('that a server has open is refused to a second, with the process that has it', async () => {
    server = await ServerProcess.start({ stateDir });
    await expect(ServerProcess.start({ stateDir })).rejects.toThrow(
      `the state directory ${stateDir} is in use by the process with id ${server.pid}: stop it, or choose another`,
    );
    expect((await server.send(`GET ${CONFIGMAPS}`)).status).toBe(200);
  });
});

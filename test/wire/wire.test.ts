import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../../src/cluster/apiserver/testing/client.ts';
import { hasKubectl, KUBECTL } from '../../src/cluster/apiserver/testing/kubectl.ts';

/**
 * Plays the recordings of a real API server against the embedded one, without workload controllers as the recorded one
 * was, and counts the equal answers. The numbers are a ratchet: they only ever rise. Skipped where the recordings, which
 * are no part of this repository, are not beside it.
 *
 * Two commands differ and shall: `kubectl explain` of an unknown field, and of a field of a custom resource. The recorded
 * server had no OpenAPI v3, without which kubectl falls back to its older printer. With it, as every server since 1.27
 * serves it, the newer one prints the kind and version before it looks for the field, and the group of whatever has one.
 */
const EQUAL_EXCHANGES = { of: 300, atLeast: 300 };
const EQUAL_COMMANDS = { of: 139, atLeast: 137 };

const folder = path.join(import.meta.dirname, '../../../shared/wire');
const present = existsSync(folder);
if (!present) console.warn(`skipped: there are no recordings in ${folder}`);
// The programs there only run when they are called by their real path.
const recordings = present ? realpathSync(folder) : folder;

let api: TestServer;

beforeEach(async () => {
  api = await TestServer.start();
});

afterEach(() => api?.stop());

interface Outcome {
  equal: number;
  total: number;
  /** A line for each difference. */
  report: string;
}

async function play(script: string, ...options: string[]): Promise<Outcome> {
  const { url, adminToken } = api.server;
  const server = ['--server', url, '--token', adminToken, '--insecure'];
  const child = spawn(process.execPath, [path.join(recordings, script), 'run', ...server, ...options]);
  let report = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      report += chunk;
    });
  }
  await new Promise((resolve) => child.on('close', resolve));
  const [, equal, total] = /^(\d+) of (\d+) \w+ equal$/m.exec(report) ?? [];
  return { equal: Number(equal ?? 0), total: Number(total ?? 0), report };
}

describe.skipIf(!present)('answers as recorded of kube-apiserver', () => {
  it('over HTTP', async () => {
    const { equal, total, report } = await play('wire.mjs', '--brief');
    expect(total, report).toBe(EQUAL_EXCHANGES.of);
    expect(equal, report).toBeGreaterThanOrEqual(EQUAL_EXCHANGES.atLeast);
  });

  // The commands were recorded with kubectl 1.32; an older one prints other things.
  it.skipIf(!hasKubectl(32))('to kubectl', async () => {
    const { equal, total, report } = await play('kubectl/kubectl.mjs', '--kubectl', KUBECTL);
    expect(total, report).toBe(EQUAL_COMMANDS.of);
    expect(equal, report).toBeGreaterThanOrEqual(EQUAL_COMMANDS.atLeast);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Compaction } from '../../src/cluster/apiserver/index.ts';
import { ServerProcess } from './process.ts';
import { Revisions } from './revisions.ts';
import { Watcher } from './watcher.ts';
import { CONFIGMAPS, Writer } from './writer.ts';

/** `KANARI_KILLS=100 npm run durability` for a long run: two and a half seconds for each. */
const KILLS = Number(process.env.KANARI_KILLS ?? 4);
const SEED = Number(process.env.KANARI_SEED ?? Date.now() % 1e6);
const WRITERS = 12;
const WATCHERS = 3;
/** At least; more than the shortest past that is kept, however slow the machine. */
const WRITES_BETWEEN_KILLS = 150;
const TIMEOUT_MS = 30_000 + KILLS * 10_000;

let stateDir: string;
let server: ServerProcess | undefined;

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'kanari-kill-'));
});

afterEach(async () => {
  await server?.kill9();
  rmSync(stateDir, { recursive: true, force: true });
});

/** A fixed sequence of numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Writers and watchers on a server that is killed again and again; what they know afterwards. */
async function killUnderLoad(kills: number, compaction?: Partial<Compaction>) {
  const random = randomFrom(SEED);
  const revisions = new Revisions();
  const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(`${i}`, revisions, random));
  const watchers = Array.from({ length: WATCHERS }, () => new Watcher(revisions));
  const options = { stateDir, ...(compaction && { compaction }) };
  for (let kill = 0; kill <= kills; kill += 1) {
    server = await ServerProcess.start(options);
    const { body } = await server.send(`GET ${CONFIGMAPS}`);
    for (const writer of writers) writer.check(body.items.filter(({ data }: { data?: object }) => data));
    const wanted = new AbortController();
    const watching = watchers.map((watcher, i) =>
      // One of them is away for a while, so that it comes back to a past that may be gone.
      i === 0 && kill % 2 === 1 ? undefined : watcher.run(server as ServerProcess, wanted.signal),
    );
    if (kill === kills) {
      await caughtUp(watchers, Number(body.metadata.resourceVersion));
      wanted.abort();
      await Promise.all(watching);
      return { writers, watchers, revisions };
    }
    const before = acknowledgedBy(writers);
    const writing = writers.map((writer) => writer.run(server as ServerProcess));
    const loaded = async () => {
      await delay(100 + random() * 300);
      while (acknowledgedBy(writers) < before + WRITES_BETWEEN_KILLS) await delay(5);
    };
    await Promise.race([loaded(), Promise.all(writing)]);
    await server.kill9();
    await Promise.all([...writing, ...watching]);
  }
  throw new Error('unreachable');
}

const acknowledgedBy = (writers: readonly Writer[]) =>
  writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);

async function caughtUp(watchers: readonly Watcher[], revision: number): Promise<void> {
  while (watchers.some(({ at }) => at < revision)) await delay(20);
}

/** Every acknowledged write is an event of every watcher, but for those that a 410 has owned up to. */
function expectNothingSkipped(writers: readonly Writer[], watchers: readonly Watcher[]): void {
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  for (const { seen, gaps } of watchers) {
    const events = new Set(seen.map(({ op, revision }) => `${revision} ${op}`));
    const skipped = acknowledged.filter(
      ({ op, revision = 0 }) =>
        op !== undefined &&
        !events.has(`${revision} ${op}`) &&
        !gaps.some(({ after, until }) => revision > after && revision <= until),
    );
    expect(skipped).toEqual([]);
    if (gaps.length > 0) continue;
    // The answer to a deletion does not tell its revision.
    const deletions = Map.groupBy(
      seen.filter(({ type }) => type === 'DELETED'),
      ({ name }) => name,
    );
    const deleted = Map.groupBy(
      acknowledged.filter(({ op }) => op === undefined),
      ({ name }) => name,
    );
    for (const [name, times] of deleted) {
      expect(deletions.get(name)?.length ?? 0, `deletions of ${name}`).toBeGreaterThanOrEqual(times.length);
    }
  }
}

describe(`an API server that is killed under load (seed ${SEED})`, () => {
  it(
    `keeps what it acknowledged, gives no revision twice, and its watches skip nothing: ${KILLS} kills`,
    async () => {
      const { writers, watchers, revisions } = await killUnderLoad(KILLS);
      expect(revisions.size).toBeGreaterThan(20 * KILLS);
      expect(watchers.flatMap(({ gaps }) => gaps)).toEqual([]);
      expectNothingSkipped(writers, watchers);
      expect(writers.some(({ acknowledged }) => acknowledged.some(({ op }) => op === undefined))).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'resumes watches or answers 410, while compaction runs close behind',
    async () => {
      const { writers, watchers } = await killUnderLoad(KILLS, { revisions: 60 });
      expect(watchers[0]?.gaps.length).toBeGreaterThan(0);
      expectNothingSkipped(writers, watchers);
    },
    TIMEOUT_MS,
  );
});

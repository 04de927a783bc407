import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSqliteLog } from '../log/index.ts';
import { type Resource, Store } from './index.ts';

const RESOURCES = ['/pods', 'apps/deployments'];
const KEYS = ['a/x', 'a/y', 'b/x', 'b/y', 'c/z'];

/** One thing that happens to a store. */
type Step =
  | { do: 'put' | 'delete'; writes: { resource: number; key: number }[] }
  | { do: 'compact'; keep: number }
  | { do: 'restart' }
  | { do: 'catch up'; reader: number };

const write = fc.record({
  resource: fc.nat(RESOURCES.length - 1),
  key: fc.nat(KEYS.length - 1),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('put' as const), writes: fc.array(write, { maxLength: 6 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('delete' as const), writes: fc.array(write, { maxLength: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), keep: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('catch up' as const), reader: fc.nat(2) }) },
);

/** What a reader of all is told of a write. */
interface Told {
  revision: number;
  key: string;
  deleted: boolean;
}

/** The history as it was written, beside the store that has to remember it. */
class World {
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'kanari-history-'));
  readonly #writes = RESOURCES.map((): Told[] => []);
  /** By resource, then reader: up to where it has been told. */
  readonly #readers = RESOURCES.map(() => [0, 0, 0]);
  #keep = 1000;
  #store = this.#open();

  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const next of steps) {
        await this.#take(next);
        this.#check();
      }
    } finally {
      await this.#store.close();
      rmSync(this.#dir, { recursive: true });
    }
  }

  #open(): Store {
    const compaction = { revisions: this.#keep, ageMs: Number.MAX_SAFE_INTEGER };
    return new Store(openSqliteLog(this.#dir), { clock: () => 0, compaction });
  }

  async #take(next: Step): Promise<void> {
    switch (next.do) {
      case 'put':
      case 'delete':
        await Promise.all(next.writes.map((one) => this.#write(one, next.do === 'delete')));
        return;
      case 'compact':
      case 'restart':
        await this.#store.close();
        if (next.do === 'compact') this.#keep = next.keep;
        this.#store = this.#open();
        if (next.do === 'compact') await this.#store.compact();
        return;
      case 'catch up':
        for (const resource of RESOURCES.keys()) this.#catchUp(resource, next.reader);
    }
  }

  async #write({ resource, key: at }: { resource: number; key: number }, deleted: boolean): Promise<void> {
    const stored = this.#store.resource(RESOURCES[resource] as string);
    const key = KEYS[at] as string;
    const last = this.#store.latest(stored, key);
    if (deleted && !last) return;
    const object = { metadata: { name: key } };
    const { revision } = await (deleted
      ? this.#store.delete(stored, key, object)
      : this.#store.put(stored, key, object));
    this.#writes[resource]?.push({ revision, key, deleted });
  }

  /** A reader is told each write since it was told the last, in order and once, or that they are not known. */
  #catchUp(resource: number, reader: number): void {
    const stored = this.#store.resource(RESOURCES[resource] as string);
    const readers = this.#readers[resource] as number[];
    const from = readers[reader] as number;
    if (stored.remembers(from)) {
      const expected = this.#writes[resource]?.filter(({ revision }) => revision > from);
      expect(changesAfter(stored, from)).toEqual(expected);
    }
    readers[reader] = this.#store.revision;
  }

  /** Every revision that is known is listed as it was, and the last one is known. */
  #check(): void {
    const { revision: now } = this.#store;
    for (const [resource, name] of RESOURCES.entries()) {
      const stored = this.#store.resource(name);
      for (const then of new Set([now, now - 1, now - 5, now - 15, 0])) {
        if (then < 0) continue;
        const listed = stored.listAt(then);
        expect(listed === undefined).toBe(!stored.remembers(then));
        expect(listed?.map(({ key, revision }) => ({ key, revision }))).toEqual(
          listed && this.#stateAt(resource, then),
        );
      }
      expect(stored.remembers(now)).toBe(true);
    }
  }

  #stateAt(resource: number, then: number): { key: string; revision: number }[] {
    const state = new Map<string, number>();
    for (const { key, revision, deleted } of this.#writes[resource] ?? []) {
      if (revision > then) continue;
      if (deleted) state.delete(key);
      else state.set(key, revision);
    }
    return [...state].map(([key, revision]) => ({ key, revision })).sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

function changesAfter(resource: Resource, revision: number): Told[] {
  const changes: Told[] = [];
  for (let at = resource.positionAfter(revision); at < resource.end; at += 1) {
    const { entry, deleted, revision } = resource.change(at)!;
    changes.push({ revision, key: entry.key, deleted });
  }
  return changes;
}

describe('the history of a store', () => {
  it('is told without gaps and listed as it was, or owned up to be gone, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => new World().run(steps)),
      { numRuns: 60 },
    );
  });
});

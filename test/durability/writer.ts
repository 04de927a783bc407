import type { ServerProcess } from './process.ts';
import type { Revisions } from './revisions.ts';

export const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';

/** The state that a write leaves; `op` undefined: deleted. */
interface State {
  op: string | undefined;
  /** Unknown for deletions, whose answer does not tell it. */
  revision?: number;
}

/** A write that was acknowledged. */
export interface Acknowledged extends State {
  name: string;
}

interface Stored {
  metadata: { name: string; resourceVersion: string; labels?: Record<string, string> };
  data: Record<string, string>;
}

/**
 * One client that writes objects of its own, one write at a time, and knows what the server has said about each. A
 * write without an answer may have happened or not; the next `check` finds out.
 */
export class Writer {
  readonly acknowledged: Acknowledged[] = [];
  readonly #id: string;
  readonly #revisions: Revisions;
  readonly #random: () => number;
  readonly #states = new Map<string, State>();
  #unanswered: { name: string | undefined; op: string | undefined } | undefined;
  #count = 0;

  constructor(id: string, revisions: Revisions, random: () => number) {
    this.#id = id;
    this.#revisions = revisions;
    this.#random = random;
  }

  /** Writes until the connection breaks. @throws when an answer is not what it must be */
  async run(server: ServerProcess): Promise<void> {
    for (;;) {
      try {
        await this.#write(server);
      } catch (error) {
        if (error instanceof WrongAnswerError) throw error;
        return;
      }
    }
  }

  /** Compares what is stored with what was acknowledged, and settles the write that had no answer. */
  check(stored: readonly Stored[]): void {
    const mine = stored.filter(({ metadata }) => metadata.labels?.writer === this.#id);
    const byName = new Map(mine.map((object) => [object.metadata.name, object]));
    for (const object of mine) this.#checkOne(object);
    for (const [name, { op }] of this.#states) {
      if (op === undefined || byName.has(name)) continue;
      const deleting = this.#unanswered?.name === name && this.#unanswered.op === undefined;
      if (!deleting) throw new Error(`${name} is missing: ${op} was acknowledged`);
      this.#states.set(name, { op: undefined });
    }
    this.#unanswered = undefined;
  }

  #checkOne({ metadata, data }: Stored): void {
    const { name, resourceVersion } = metadata;
    const op = data.op ?? '';
    const known = this.#states.get(name);
    const revision = this.#revisions.see(resourceVersion, `${name} ${op}`);
    if (data.check !== op.repeat(20)) throw new Error(`${name} holds half of ${op}`);
    if (known?.op === op) {
      if (known.revision !== revision) {
        throw new Error(
          `${name} was acknowledged with revision ${known.revision} and is stored with ${revision}`,
        );
      }
      return;
    }
    const pending = this.#unanswered;
    const isPending = pending?.op === op && (pending.name === undefined || pending.name === name);
    if (!isPending)
      throw new Error(`${name} holds ${op}, but ${known?.op ?? 'its deletion'} was acknowledged`);
    if (revision <= (known?.revision ?? 0)) throw new Error(`${name} went back to revision ${revision}`);
    this.#states.set(name, { op, revision });
  }

  async #write(server: ServerProcess): Promise<void> {
    this.#count += 1;
    const op = `${this.#id}.${this.#count}`;
    const names = [...this.#states].filter(([, { op }]) => op !== undefined).map(([name]) => name);
    const name = names[Math.floor(this.#random() * names.length)];
    const data = { op, check: op.repeat(20) };
    const metadata = { labels: { writer: this.#id } };
    const choice = this.#random();
    if (name === undefined || (names.length < 8 && choice < 0.3)) {
      // A name that was used before may come again, as a new object.
      const own = choice < 0.15 ? undefined : `w${this.#id}-${Math.floor(this.#random() * 1000)}`;
      if (own !== undefined && names.includes(own)) return;
      const named = own === undefined ? { generateName: `w${this.#id}-g-` } : { name: own };
      const body = { metadata: { ...metadata, ...named }, data };
      await this.#settle(own, op, 201, () => server.send(`POST ${CONFIGMAPS}`, body));
    } else if (choice < 0.5) {
      const body = { metadata: { ...metadata, name }, data };
      await this.#settle(name, op, 200, () => server.send(`PUT ${CONFIGMAPS}/${name}`, body));
    } else if (choice < 0.85) {
      const patch = () =>
        server.send(`PATCH ${CONFIGMAPS}/${name}`, { data }, 'application/merge-patch+json');
      await this.#settle(name, op, 200, patch);
    } else {
      await this.#settle(name, undefined, 200, () => server.send(`DELETE ${CONFIGMAPS}/${name}`));
    }
  }

  async #settle(
    name: string | undefined,
    op: string | undefined,
    expected: number,
    send: () => ReturnType<ServerProcess['send']>,
  ): Promise<void> {
    this.#unanswered = { name, op };
    const { status, body } = await send();
    if (status !== expected) throw new WrongAnswerError(`${status}: ${JSON.stringify(body)}`);
    const written = name ?? body.metadata.name;
    const state: State =
      op === undefined
        ? { op }
        : { op, revision: this.#revisions.see(body.metadata.resourceVersion, `${written} ${op}`) };
    this.#states.set(written, state);
    this.acknowledged.push({ name: written, ...state });
    this.#unanswered = undefined;
  }
}

class WrongAnswerError extends Error {
  override name = 'WrongAnswerError';
}

import type { ServerProcess } from './process.ts';
import type { Revisions } from './revisions.ts';
import { CONFIGMAPS } from './writer.ts';

interface Seen {
  type: string;
  name: string;
  op: string;
  revision: number;
}

/**
 * A client that watches from where it left off, whatever happens to the server, and lists anew only when it is told
 * that this is too long ago.
 */
export class Watcher {
  readonly seen: Seen[] = [];
  /** Gaps that the server has owned up to with 410: revisions after the first up to the second. */
  readonly gaps: { after: number; until: number }[] = [];
  readonly #revisions: Revisions;
  #from: number | undefined;

  constructor(revisions: Revisions) {
    this.#revisions = revisions;
  }

  /** The revision that it has come to. */
  get at(): number {
    return this.#from ?? 0;
  }

  /** Watches until the server dies or the signal comes. @throws when an event cannot be right */
  async run(server: ServerProcess, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#from === undefined) this.#from = await listRevision(server);
      if (this.#from === undefined) return;
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=${this.#from}`;
      let any = false;
      for await (const line of server.lines(`${CONFIGMAPS}?${query}`, signal)) {
        any = true;
        const { type, object } = JSON.parse(line);
        if (type === 'ERROR') {
          if (object.code !== 410 || object.reason !== 'Expired') throw new Error(line);
          const until = await listRevision(server);
          if (until === undefined) return;
          this.gaps.push({ after: this.#from, until });
          this.#from = until;
        } else {
          this.#see(type, object);
        }
      }
      if (!any && (await listRevision(server)) === undefined) return;
    }
  }

  #see(
    type: string,
    object: { metadata: { name: string; resourceVersion: string }; data?: Record<string, string> },
  ): void {
    const { name, resourceVersion } = object.metadata;
    const revision = Number(resourceVersion);
    const last = this.#from ?? 0;
    if (type === 'BOOKMARK') {
      if (revision < last) throw new Error(`a bookmark of ${revision} after ${last}`);
      this.#from = revision;
      return;
    }
    const op = object.data?.op ?? '';
    this.#revisions.see(resourceVersion, type === 'DELETED' ? `${name} deleted` : `${name} ${op}`);
    if (revision <= last) throw new Error(`an event of revision ${revision} after ${last}`);
    this.#from = revision;
    this.seen.push({ type, name, op, revision });
  }
}

async function listRevision(server: ServerProcess): Promise<number | undefined> {
  try {
    const { body } = await server.send(`GET ${CONFIGMAPS}?limit=1`);
    return Number(body.metadata.resourceVersion);
  } catch {
    return undefined;
  }
}

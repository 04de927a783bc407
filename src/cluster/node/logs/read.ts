import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Instant, parseTime } from '../../../api/index.ts';
import { parseEntry } from './format.ts';

/** What `kubectl logs` may ask for. */
export interface LogQuery {
  /** Only the last n lines. */
  tailLines?: number | undefined;
  /** Only lines written at or after this time. */
  since?: Instant | undefined;
  /** Each line begins with its time. */
  timestamps?: boolean | undefined;
  /** The answer is cut after this many bytes. */
  limitBytes?: number | undefined;
  /** Go on with what is written later, until the container ends or the signal aborts. */
  follow?: boolean | undefined;
}

/** Where a log grows; a LogCollector is one. */
export interface GrowingLog {
  readonly folder: string;
  readonly finished: boolean;
  onChange(listener: () => void): () => void;
}

/** Streams a log as the query asks. */
export async function* readLog(
  log: GrowingLog,
  query: LogQuery,
  signal?: AbortSignal,
): AsyncIterable<Buffer> {
  const files = new LogFiles(log.folder);
  const render = renderer(query);
  let left = query.limitBytes ?? Number.POSITIVE_INFINITY;
  const change = changeSignal(log, signal);
  try {
    let tail: Buffer[] | undefined = query.tailLines === undefined ? undefined : [];
    for (;;) {
      const done = log.finished || signal?.aborted || !query.follow;
      for await (const line of files.lines()) {
        const text = render(line);
        if (!text) continue;
        if (tail) {
          tail.push(text);
          if (tail.length > 2 * query.tailLines! + 1024) tail = lastLines(tail, query.tailLines!);
        } else {
          yield text.subarray(0, left);
          left -= text.length;
        }
        if (left <= 0) return;
      }
      for (const text of tail ? lastLines(tail, query.tailLines!) : []) {
        if (left <= 0) return;
        yield text.subarray(0, left);
        left -= text.length;
      }
      tail = undefined;
      if (done) return;
      await change.next();
    }
  } finally {
    change.stop();
    await files.close();
  }
}

const ENDS_LINE = 0x0a;

/** The pieces that make up the last n lines; a line may have come in several pieces. */
function lastLines(pieces: Buffer[], count: number): Buffer[] {
  let lines = 0;
  let start = pieces.length;
  while (start > 0) {
    if (pieces[start - 1]!.at(-1) === ENDS_LINE || start === pieces.length) {
      if (lines === count) break;
      lines += 1;
    }
    start -= 1;
  }
  return pieces.slice(start);
}

function renderer(query: LogQuery): (line: Buffer) => Buffer | undefined {
  const inLine = { stdout: false, stderr: false };
  return (line) => {
    const entry = parseEntry(line);
    if (!entry) return undefined;
    if (query.since !== undefined && (parseTime(entry.time) ?? 0) < query.since) return undefined;
    const parts: Buffer[] = [];
    if (query.timestamps && !inLine[entry.stream]) parts.push(Buffer.from(`${entry.time} `));
    parts.push(entry.text);
    if (entry.complete) parts.push(Buffer.from('\n'));
    inLine[entry.stream] = !entry.complete;
    return Buffer.concat(parts);
  };
}

/** Remembers changes that happen while nobody waits. */
function changeSignal(log: GrowingLog, signal: AbortSignal | undefined) {
  let changed = false;
  let wake: (() => void) | undefined;
  const onChange = () => {
    changed = true;
    wake?.();
  };
  const unsubscribe = log.onChange(onChange);
  signal?.addEventListener('abort', onChange);
  return {
    async next() {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
      changed = false;
      wake = undefined;
    },
    stop() {
      unsubscribe();
      signal?.removeEventListener('abort', onChange);
    },
  };
}

/** Reads `log.1` and then `log` line by line; called again it goes on where it ended, across a rotation. */
class LogFiles {
  readonly #folder: string;
  #file: FileHandle | undefined;
  #inode = 0n;
  #position = 0;
  #rest = Buffer.alloc(0);

  constructor(folder: string) {
    this.#folder = folder;
  }

  async *lines(): AsyncIterable<Buffer> {
    if (!this.#file) {
      yield* this.#wholeFile('log.1');
      await this.#openCurrent();
    }
    for (;;) {
      yield* this.#toEnd();
      if (!(await this.#rotated())) return;
      yield* this.#toEnd();
      await this.#file?.close();
      await this.#openCurrent();
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async *#wholeFile(name: string): AsyncIterable<Buffer> {
    const file = await openIfExists(join(this.#folder, name));
    if (!file) return;
    this.#file = file;
    this.#position = 0;
    try {
      yield* this.#toEnd();
    } finally {
      await file.close();
      this.#file = undefined;
    }
  }

  async #openCurrent(): Promise<void> {
    this.#file = await openIfExists(join(this.#folder, 'log'));
    this.#inode = this.#file ? (await this.#file.stat({ bigint: true })).ino : 0n;
    this.#position = 0;
    this.#rest = Buffer.alloc(0);
  }

  async #rotated(): Promise<boolean> {
    const current = await openIfExists(join(this.#folder, 'log'));
    if (!current) return false;
    try {
      return (await current.stat({ bigint: true })).ino !== this.#inode;
    } finally {
      await current.close();
    }
  }

  async *#toEnd(): AsyncIterable<Buffer> {
    const file = this.#file;
    if (!file) return;
    const chunk = Buffer.allocUnsafe(64 * 1024);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const data = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = data.indexOf('\n'); end >= 0; end = data.indexOf('\n', start)) {
        yield data.subarray(start, end);
        start = end + 1;
      }
      this.#rest = Buffer.from(data.subarray(start));
    }
  }
}

async function openIfExists(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { formatEntry, formatNanoseconds, MAX_ENTRY_BYTES, type Stream } from './format.ts';

const STREAMS: readonly Stream[] = ['stdout', 'stderr'];
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** Shared: copying is synchronous. */
const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

export interface LogLimits {
  /** The log is renamed to `log.1` (which it replaces) beyond this size. Default 10 MiB, as kubelet's. */
  maxLogBytes?: number;
  /** What the program wrote is emptied once it has been copied and is larger than this. Default 4 MiB. */
  maxRawBytes?: number;
}

interface RawFile {
  stream: Stream;
  fd: number;
  /** Bytes that are in the log already. */
  offset: number;
  /** Bytes that those who follow the output were told of; beyond `offset` while a line is unfinished. */
  told: number;
}

type OutputListener = (stream: Stream, bytes: Buffer) => void;

/**
 * Copies what a program writes to the files `stdout` and `stderr` of its folder into `log`, with time and stream.
 *
 * The program owns its files, so it neither blocks nor dies when the agent does. Each copied batch is followed by a
 * note in `offsets`: how far the files were read and how long the log was. A crash in between is undone by the next
 * collector: it cuts the log back to the noted length and reads on from the noted offsets, so that no line is lost or
 * doubled. The one loss there can be: a line that is written in the instant in which a raw file is emptied.
 */
export class LogCollector {
  readonly #folder: string;
  readonly #maxLogBytes: number;
  readonly #maxRawBytes: number;
  readonly #raw: RawFile[];
  readonly #offsetsFd: number;
  readonly #followers = new Set<() => void>();
  readonly #outputListeners = new Set<OutputListener>();
  #logFd: number;
  #logSize: number;
  #finished = false;

  constructor(folder: string, limits: LogLimits = {}) {
    this.#folder = folder;
    this.#maxLogBytes = limits.maxLogBytes ?? 10 * 1024 * 1024;
    this.#maxRawBytes = limits.maxRawBytes ?? 4 * 1024 * 1024;
    this.#offsetsFd = openSync(join(folder, 'offsets'), 'a+', 0o600);
    const noted = this.#readOffsets();
    this.#raw = STREAMS.map((stream) => {
      const fd = openSync(join(folder, stream), 'a+', 0o600);
      const { size } = fstatSync(fd);
      const offset = noted[stream];
      return { stream, fd, offset: offset > size ? 0 : offset, told: size };
    });
    this.#logFd = openSync(join(folder, 'log'), 'a+', 0o600);
    const { size } = fstatSync(this.#logFd);
    this.#logSize = Math.min(size, noted.log);
    if (size > this.#logSize) ftruncateSync(this.#logFd, this.#logSize);
  }

  get folder(): string {
    return this.#folder;
  }

  /** Whether nothing more will be added: the program has ended and all it wrote is in the log. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Copies what is new. Called when a raw file changes. */
  drain(): void {
    if (this.#finished) return;
    let added = 0;
    for (const raw of this.#raw) added += this.#copy(raw, false);
    if (added > 0) this.#afterCopy();
  }

  /** Copies the rest, an unfinished last line included, and closes the files. */
  finish(): void {
    if (this.#finished) return;
    for (const raw of this.#raw) this.#copy(raw, true);
    this.#noteOffsets();
    this.#finished = true;
    for (const fd of [this.#logFd, this.#offsetsFd, ...this.#raw.map((raw) => raw.fd)]) closeSync(fd);
    this.#notify();
  }

  /** Calls back after each addition and at the end. Returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  /** Calls back with all that is written from now on, unfinished lines too. Returns how to stop it. */
  onOutput(listener: OutputListener): () => void {
    this.#outputListeners.add(listener);
    return () => this.#outputListeners.delete(listener);
  }

  #copy(raw: RawFile, last: boolean): number {
    let added = 0;
    for (;;) {
      const length = readSync(raw.fd, chunk, 0, CHUNK_BYTES, raw.offset);
      if (length === 0) break;
      this.#tell(raw, chunk.subarray(0, length));
      const time = formatNanoseconds(fstatSync(raw.fd, { bigint: true }).mtimeNs);
      const { entries, consumed } = this.#entries(chunk.subarray(0, length), raw.stream, time, last);
      if (consumed === 0) break;
      const bytes = Buffer.concat(entries);
      writeSync(this.#logFd, bytes);
      this.#logSize += bytes.length;
      raw.offset += consumed;
      added += bytes.length;
    }
    return added;
  }

  /** Passes on what is new in bytes that were read at the file's offset. */
  #tell(raw: RawFile, bytes: Buffer): void {
    const end = raw.offset + bytes.length;
    if (end <= raw.told) return;
    const fresh = bytes.subarray(Math.max(0, raw.told - raw.offset));
    raw.told = end;
    if (this.#outputListeners.size === 0) return;
    const copy = Buffer.from(fresh);
    for (const listener of [...this.#outputListeners]) listener(raw.stream, copy);
  }

  #entries(
    data: Buffer,
    stream: Stream,
    time: string,
    last: boolean,
  ): { entries: Buffer[]; consumed: number } {
    const entries: Buffer[] = [];
    let start = 0;
    while (start < data.length) {
      const newline = data.indexOf(NEWLINE, start);
      const end = newline < 0 ? data.length : newline;
      const text = data.subarray(start, Math.min(end, start + MAX_ENTRY_BYTES));
      const isWhole = newline >= 0 && text.length === end - start;
      if (!isWhole && text.length < MAX_ENTRY_BYTES && !last) break;
      const complete = isWhole || (last && newline < 0 && text.length === end - start);
      entries.push(formatEntry({ time, stream, complete, text }));
      start += text.length + (isWhole ? 1 : 0);
    }
    return { entries, consumed: start };
  }

  #afterCopy(): void {
    if (this.#logSize > this.#maxLogBytes) {
      renameSync(join(this.#folder, 'log'), join(this.#folder, 'log.1'));
      closeSync(this.#logFd);
      this.#logFd = openSync(join(this.#folder, 'log'), 'a+', 0o600);
      this.#logSize = 0;
    }
    for (const raw of this.#raw) {
      if (raw.offset > this.#maxRawBytes && fstatSync(raw.fd).size === raw.offset) {
        ftruncateSync(raw.fd, 0);
        raw.offset = 0;
        raw.told = 0;
      }
    }
    this.#noteOffsets();
    this.#notify();
  }

  #readOffsets(): { stdout: number; stderr: number; log: number } {
    const text = Buffer.alloc(64);
    const length = readSync(this.#offsetsFd, text, 0, text.length, 0);
    const [stdout = 0, stderr = 0, log = 0] = text
      .toString('latin1', 0, length)
      .trim()
      .split(/\s+/)
      .map(Number);
    return { stdout, stderr, log };
  }

  #noteOffsets(): void {
    const [stdout, stderr] = this.#raw;
    const text = [stdout!.offset, stderr!.offset, this.#logSize].map((n) => String(n).padStart(15)).join(' ');
    ftruncateSync(this.#offsetsFd, 0);
    writeSync(this.#offsetsFd, `${text}\n`);
  }

  #notify(): void {
    for (const listener of [...this.#followers]) listener();
  }
}

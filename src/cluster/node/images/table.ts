import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Logger } from 'pino';
import { parseDocument } from 'yaml';
import { type Image, ImagePullError } from '../runtime/runtime.ts';
import { bundledImages } from './bundled.ts';
import { type ImageEntry, imageOfEntry, problemsOfEntry } from './entry.ts';
import { matchesImage } from './match.ts';
import type { BundledPrograms } from './programs.ts';

export interface ImageTableOptions {
  /** Files need not exist. */
  paths: readonly string[];
  /** The path that messages tell the user to write to. */
  advised: string;
  programs: BundledPrograms;
  log: Logger;
}

/** What one images.yaml holds. */
interface ImageFile {
  path: string;
  entries: ImageEntry[];
  problems: string[];
}

/**
 * Which program stands for which image. Entries are looked through in order: the files in the order in which they were
 * given, then the stand-ins that come with Kanari; the first match counts. A changed file is read again at once. A bad
 * entry is left out and named in the log and in the message of each image that is not found.
 */
export class ImageTable {
  readonly #paths: readonly string[];
  readonly #advised: string;
  readonly #programs: BundledPrograms;
  readonly #log: Logger;
  readonly #watchers: FSWatcher[] = [];
  readonly #listeners = new Set<() => void>();
  #files: ImageFile[] = [];

  constructor({ paths, advised, programs, log }: ImageTableOptions) {
    this.#paths = paths;
    this.#advised = advised;
    this.#programs = programs;
    this.#log = log;
    this.#read();
  }

  /** @throws ImagePullError that says how to map the image to a program */
  find(image: string): Image {
    const entry = this.#find(image);
    if (!entry) throw new ImagePullError(this.#howToMap(image));
    return imageOfEntry(entry, this.#programs);
  }

  /** Whether a program stands for the image. */
  has(image: string): boolean {
    return this.#find(image) !== undefined;
  }

  /** Reads changed files from now on, and calls back after each change. */
  watch(onChange: () => void): void {
    this.#listeners.add(onChange);
    for (const path of this.#paths) this.#watchFile(path);
  }

  close(): void {
    this.#listeners.clear();
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #find(image: string): ImageEntry | undefined {
    const entries = [...this.#files.flatMap((file) => file.entries), ...bundledImages];
    return entries.find((candidate) => matchesImage(candidate.image, image));
  }

  #watchFile(path: string): void {
    const cannot = (error: unknown) => this.#log.warn({ err: error, path }, 'cannot watch the image table');
    try {
      const watcher = watch(dirname(path), (_event, name) => {
        if (name !== basename(path)) return;
        this.#read();
        for (const listener of this.#listeners) listener();
      });
      watcher.on('error', cannot);
      this.#watchers.push(watcher);
    } catch (error) {
      cannot(error);
    }
  }

  #read(): void {
    this.#files = this.#paths.map(readImageFile);
    for (const { path, problems } of this.#files) {
      for (const problem of problems) this.#log.warn({ path }, `image table: ${problem}`);
    }
  }

  #howToMap(image: string): string {
    const problems = this.#files.flatMap(({ path, problems }) =>
      problems.map((problem) => ` (Note: in ${path}, ${problem}.)`),
    );
    return (
      `no program is known for image "${image}" on this node. Pods run here as processes; tell which one by adding to ` +
      `${this.#advised} the lines:\nimages:\n- image: ${image}\n  command: [/path/to/program, argument]\n` +
      `The program is given HOST and PORT to listen on.${problems.join('')}`
    );
  }
}

/** Reads an images.yaml: `images:` with a list of entries. Missing: no entries. */
function readImageFile(path: string): ImageFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { path, entries: [], problems: code === 'ENOENT' ? [] : [`the file cannot be read: ${message}`] };
  }
  return { path, ...parseImageFile(text) };
}

export function parseImageFile(text: string): { entries: ImageEntry[]; problems: string[] } {
  const document = parseDocument(text, { prettyErrors: true });
  const [syntaxError] = document.errors;
  if (syntaxError) return { entries: [], problems: [syntaxError.message.trim()] };
  const content: unknown = document.toJS();
  if (content === null || content === undefined) return { entries: [], problems: [] };
  const images = (content as { images?: unknown }).images;
  if (typeof content !== 'object' || Array.isArray(content) || !Array.isArray(images)) {
    return { entries: [], problems: ['the file must hold "images:" with a list of entries'] };
  }
  const unknown = Object.keys(content).filter((name) => name !== 'images');
  const problems = unknown.map((name) => `unknown field ${JSON.stringify(name)}; allowed: images`);
  const entries: ImageEntry[] = [];
  images.forEach((value: unknown, index) => {
    const found = problemsOfEntry(value);
    if (found.length === 0) entries.push(value as ImageEntry);
    else problems.push(...found.map((problem) => `images[${index}]${nameOf(value)}: ${problem}`));
  });
  return { entries, problems };
}

function nameOf(value: unknown): string {
  const image = (value as { image?: unknown } | null)?.image;
  return typeof image === 'string' ? ` (${image})` : '';
}

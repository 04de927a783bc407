import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Image } from '../runtime/runtime.ts';

/** Programs that come with Kanari, by the name that an image table gives them. */
export const programNames = ['web'] as const;
export type ProgramName = (typeof programNames)[number];

/** This module's own ending: `.ts` as it is developed, `.js` as it is packaged. */
const ENDING = import.meta.filename.slice(-3);

/**
 * The programs that come with Kanari, copied to a folder of the state: as plain JavaScript they start faster and take
 * about 12 MiB less each, and an update of the package does not change what runs.
 */
export class BundledPrograms {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of programNames) {
      const source = fileURLToPath(new URL(`../programs/${name}${ENDING}`, import.meta.url));
      copyFileSync(source, `${this.#path(name)}.new`);
      renameSync(`${this.#path(name)}.new`, this.#path(name));
    }
  }

  /** Runs on the same Node.js as the agent, with a small heap: there may be hundreds. */
  image(name: ProgramName): Image {
    return {
      command: [process.execPath, '--max-old-space-size=48', '--max-semi-space-size=1', this.#path(name)],
      args: [],
      env: {},
      port: 8080,
      listens: true,
      standsIn: true,
    };
  }

  #path(name: ProgramName): string {
    return join(this.#folder, `${name}.mjs`);
  }
}

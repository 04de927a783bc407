import { fileURLToPath } from 'node:url';
import type { Image } from '../runtime/runtime.ts';

/** Programs that come with Kanari, by the name that an image table gives them. */
export const programNames = ['web'] as const;
export type ProgramName = (typeof programNames)[number];

/** This module's own ending: `.ts` as it is developed, `.js` as it is packaged. */
const ENDING = import.meta.filename.slice(-3);

/** Runs on the same Node.js as the agent, with a small heap: there may be hundreds. */
export function programImage(name: ProgramName): Image {
  const file = fileURLToPath(new URL(`../programs/${name}${ENDING}`, import.meta.url));
  return {
    command: [
      process.execPath,
      '--max-old-space-size=48',
      '--max-semi-space-size=1',
      '--disable-warning=ExperimentalWarning',
      file,
    ],
    args: [],
    env: {},
    port: 8080,
    listens: true,
  };
}

import type { Context } from '../context.ts';

/** Colours of the terminal (CLI §4.3). */

const codes: Record<string, number> = {
  '✔': 32,
  stable: 32,
  active: 32,
  '◷': 33,
  '?': 33,
  canary: 33,
  '✖': 31,
  '⚠': 31,
  '◌': 94,
  preview: 94,
  ping: 94,
  pong: 94,
  Pending: 94,
  Running: 94,
};

/** Colours a text by the icon, tag or phase that it stands for. */
export type Paint = (text: string, like?: string) => string;

const plain: Paint = (text) => text;
const coloured: Paint = (text, like = text) => `\u001b[${codes[like] ?? 0}m${text}\u001b[0m`;

export interface ColourFlags {
  /** `always`, `never` or `auto`; false with `--no-color`. */
  color?: string | false;
}

/**
 * `--no-color` and `--color` decide; without them there is colour when a person looks on who has not asked for none
 * (`NO_COLOR`, `TERM=dumb`; CLI-076).
 */
export function paintFor(flags: ColourFlags, { env, stdout }: Pick<Context, 'env' | 'stdout'>): Paint {
  if (flags.color === false || flags.color === 'never') return plain;
  if (flags.color === 'always') return coloured;
  return stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb' ? coloured : plain;
}

import type { Context, Output } from '../context.ts';

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
  /** False with `--no-color`. */
  color?: string | boolean;
}

/**
 * `--no-color` and `--color` decide; without them there is colour when a person looks on who has not asked for none
 * (`NO_COLOR`, `TERM=dumb`; CLI-076).
 */
export function paintFor(flags: ColourFlags, context: Context, output: Output = context.stdout): Paint {
  const { NO_COLOR, TERM } = context.env;
  const wanted = flags.color;
  if (wanted === false || wanted === 'never') return plain;
  if (wanted === 'always' || wanted === true) return coloured;
  return output.isTTY && !NO_COLOR && TERM !== 'dumb' ? coloured : plain;
}

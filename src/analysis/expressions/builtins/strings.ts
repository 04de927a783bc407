import { Failure } from '../error.ts';
import { BOOL, INT, type Kind, listOf, STRING } from '../types.ts';
import { display, type Value } from '../values.ts';
import type { Builtin } from './builtin.ts';

const TEXT: readonly Kind[] = ['string'];
const INTEGER: readonly Kind[] = ['int'];

const text = (value: Value | undefined): string => value as string;

const ofText = (change: (value: string) => string): Builtin => ({
  params: [TEXT],
  returns: STRING,
  call: ([value]) => change(text(value)),
});

const ofTwoTexts = (returns: Builtin['returns'], compute: (a: string, b: string) => Value): Builtin => ({
  params: [TEXT, TEXT],
  returns,
  call: ([a, b]) => compute(text(a), text(b)),
});

/** `trim`: without a set of characters, white space. */
function trim(value: string, characters: string | undefined): string {
  if (characters === undefined) return value.trim();
  const set = new Set(characters);
  const points = [...value];
  const start = points.findIndex((point) => !set.has(point));
  if (start < 0) return '';
  return points.slice(start, points.findLastIndex((point) => !set.has(point)) + 1).join('');
}

/** Like Go's SplitN and SplitAfterN: at most `limit` parts, the last with the rest; negative: no limit. */
function split(value: string, separator: string, limit: number, keep: boolean): string[] {
  const pieces = separator === '' ? [...value] : value.split(separator);
  const glue = keep ? separator : '';
  const all = pieces.map((piece, i) => (i < pieces.length - 1 ? piece + glue : piece));
  if (limit < 0 || all.length <= limit) return all;
  if (limit === 0) return [];
  const rest = pieces.slice(limit - 1).join(separator);
  return [...all.slice(0, limit - 1), rest];
}

const splitting = (keep: boolean): Builtin => ({
  params: [TEXT, TEXT, INTEGER],
  optional: 1,
  returns: listOf(STRING),
  call: ([value, separator, limit], { budget }) => {
    budget.allocate(text(value).length);
    return split(text(value), text(separator), limit === undefined ? -1 : Number(limit), keep);
  },
});

export const stringFunctions: Record<string, Builtin> = {
  trim: {
    params: [TEXT, TEXT],
    optional: 1,
    returns: STRING,
    call: ([value, characters]) => trim(text(value), characters as string | undefined),
  },
  trimPrefix: {
    params: [TEXT, TEXT],
    optional: 1,
    returns: STRING,
    call: ([value, prefix = ' ']) =>
      text(value).startsWith(text(prefix)) ? text(value).slice(text(prefix).length) : text(value),
  },
  trimSuffix: {
    params: [TEXT, TEXT],
    optional: 1,
    returns: STRING,
    call: ([value, suffix = ' ']) =>
      text(value).endsWith(text(suffix))
        ? text(value).slice(0, text(value).length - text(suffix).length)
        : text(value),
  },
  upper: ofText((value) => value.toUpperCase()),
  lower: ofText((value) => value.toLowerCase()),
  split: splitting(false),
  splitAfter: splitting(true),
  replace: {
    params: [TEXT, TEXT, TEXT, INTEGER],
    optional: 1,
    returns: STRING,
    call: ([value, from, to, limit], { budget }) => {
      const parts = split(text(value), text(from), limit === undefined ? -1 : Number(limit) + 1, false);
      budget.allocate(text(value).length + parts.length * text(to).length);
      return limit !== undefined && Number(limit) === 0 ? text(value) : parts.join(text(to));
    },
  },
  repeat: {
    params: [TEXT, INTEGER],
    returns: STRING,
    call: ([value, times], { budget }) => {
      if (Number(times) < 0)
        throw new Failure(`invalid argument for repeat (expected positive integer, got ${times})`);
      budget.allocate(text(value).length * Number(times));
      return text(value).repeat(Number(times));
    },
  },
  join: {
    params: [['array'], TEXT],
    optional: 1,
    returns: STRING,
    call: ([list, glue = ''], { budget }) => {
      const parts = list as readonly Value[];
      const notText = parts.find((part) => typeof part !== 'string');
      if (notText !== undefined)
        throw new Failure(`invalid argument for join: ${display(notText)} is no string`);
      budget.allocate(parts.reduce<number>((sum, part) => sum + text(part).length + text(glue).length, 0));
      return parts.join(text(glue));
    },
  },
  indexOf: ofTwoTexts(INT, (value, part) => byteIndex(value, value.indexOf(part))),
  lastIndexOf: ofTwoTexts(INT, (value, part) => byteIndex(value, value.lastIndexOf(part))),
  hasPrefix: ofTwoTexts(BOOL, (value, prefix) => value.startsWith(prefix)),
  hasSuffix: ofTwoTexts(BOOL, (value, suffix) => value.endsWith(suffix)),
  string: { params: [undefined], returns: STRING, call: ([value = null]) => display(value) },
};

/** Positions in a string are counted in bytes of UTF-8. */
function byteIndex(value: string, index: number): bigint {
  return index < 0 ? -1n : BigInt(new TextEncoder().encode(value.slice(0, index)).length);
}

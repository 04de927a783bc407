import { Option } from 'commander';
import { DurationError, parseDuration } from '../api/index.ts';
import { CliError } from './errors.ts';

/** Flags with values that are checked; a bad one is refused in the words of Go's flag library (CLI §1). */

const refuse = (value: string, option: Option, why: string) =>
  new CliError(`invalid argument ${JSON.stringify(value)} for "${flagName(option)}" flag: ${why}`);

/** `-t, --timeout` */
function flagName(option: Option): string {
  return [option.short, option.long].filter(Boolean).join(', ');
}

/** A whole number. */
export function integerOption(flags: string, description: string, fallback?: number): Option {
  const option = new Option(flags, description).default(fallback);
  return option.argParser((text: string) => {
    if (!/^[+-]?\d+$/.test(text)) {
      throw refuse(text, option, `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    }
    const number = Number(text);
    if (!Number.isSafeInteger(number)) {
      throw refuse(text, option, `strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
    }
    return number;
  });
}

/** A Go duration such as `90s`; its value is in milliseconds. */
export function durationOption(flags: string, description: string, fallbackMs?: number): Option {
  const option = new Option(flags, description);
  if (fallbackMs !== undefined) option.default(fallbackMs, `${fallbackMs / 1000}s`);
  return option.argParser((text: string) => {
    try {
      return parseDuration(text);
    } catch (error) {
      if (error instanceof DurationError) throw refuse(text, option, error.message);
      throw error;
    }
  });
}

/** A flag that may be given several times; its value is the list. */
export function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before: string[] | undefined) => [
    ...(before ?? []),
    text,
  ]);
}

/** One of a few words. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => {
    if (!choices.includes(text)) throw refuse(text, option, `must be one of ${choices.join(', ')}`);
    return text;
  });
}

const truths: Record<string, boolean> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false])),
};

/**
 * The arguments with `--flag=true|false` and `-f=value`, which commander does not know, written in ways that it does.
 * An on/off flag that is on by default is switched off through its hidden `--no-…` twin.
 */
export function normalizeFlags(args: readonly string[], options: readonly Option[]): string[] {
  const end = args.indexOf('--');
  const flags = end < 0 ? args : args.slice(0, end);
  const rest = end < 0 ? [] : args.slice(end);
  return [...flags.flatMap((argument) => normalizeFlag(argument, options)), ...rest];
}

function normalizeFlag(argument: string, options: readonly Option[]): string[] {
  const [, name, value] = /^(--?[A-Za-z][\w-]*)=(.*)$/s.exec(argument) ?? [];
  if (name === undefined || value === undefined) return [argument];
  const option = options.find((candidate) => candidate.long === name || candidate.short === name);
  if (!option) return [argument];
  if (option.required || option.optional) return option.short === name ? [name, value] : [argument];
  const on = truths[value];
  if (on === undefined) {
    throw refuse(value, option, `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  if (on) return [name];
  const twin = options.find((candidate) => candidate.long === `--no-${option.long?.slice(2)}`);
  return twin?.long ? [twin.long] : [];
}

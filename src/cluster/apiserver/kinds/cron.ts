import { parseDuration } from '../../../api/index.ts';

/** The schedules that Kubernetes knows, and what it says of others: cron's five fields, or a descriptor such as `@daily`. */

interface Bounds {
  min: number;
  max: number;
  names: readonly string[];
}

const bounds = (min: number, max: number, names = ''): Bounds => ({ min, max, names: names.split(' ') });

const fields: readonly Bounds[] = [
  bounds(0, 59),
  bounds(0, 23),
  bounds(1, 31),
  bounds(1, 12, ' jan feb mar apr may jun jul aug sep oct nov dec'),
  bounds(0, 6, 'sun mon tue wed thu fri sat'),
];

const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** What is wrong with a schedule; undefined: nothing. */
export function scheduleProblem(schedule: string): string | undefined {
  if (schedule.includes('TZ')) return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  if (schedule.startsWith('@')) return descriptorProblem(schedule);
  const parts = schedule.trim().split(/\s+/).filter(Boolean);
  if (parts.length !== fields.length) {
    return `expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`;
  }
  for (const [i, part] of parts.entries()) {
    for (const range of part.split(',').filter(Boolean)) {
      const problem = rangeProblem(range, fields[i]!);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function descriptorProblem(schedule: string): string | undefined {
  if (descriptors.includes(schedule)) return undefined;
  const every = /^@every (.*)$/.exec(schedule)?.[1];
  if (every === undefined) return `unrecognized descriptor: ${schedule}`;
  try {
    parseDuration(every);
    return undefined;
  } catch (error) {
    return `failed to parse duration ${schedule}: ${(error as Error).message}`;
  }
}

/** `*`, `?`, `n`, `n-m`, each perhaps with `/step`. */
function rangeProblem(text: string, { min, max, names }: Bounds): string | undefined {
  const [range = '', step, ...more] = text.split('/');
  const [low = '', high, ...beyond] = range.split('-');
  try {
    let [start, end] = [min, max];
    if (low !== '*' && low !== '?') {
      start = numberOf(low, names);
      end = high === undefined ? start : numberOf(high, names);
      if (beyond.length > 0) return `too many hyphens: ${text}`;
    }
    if (more.length > 0) return `too many slashes: ${text}`;
    const every = step === undefined ? 1 : numberOf(step, []);
    // A single number with a step goes on to the end.
    if (step !== undefined && high === undefined) end = max;
    if (start < min) return `beginning of range (${start}) below minimum (${min}): ${text}`;
    if (end > max) return `end of range (${end}) above maximum (${max}): ${text}`;
    if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
    return every === 0 ? `step of range should be a positive number: ${text}` : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function numberOf(text: string, names: readonly string[]): number {
  const name = text === '' ? -1 : names.indexOf(text.toLowerCase());
  if (name >= 0) return name;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Error(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  if (text.startsWith('-')) throw new Error(`negative number (${Number(text)}) not allowed: ${text}`);
  return Number(text);
}

/** What is wrong with the name of a time zone; undefined: nothing. */
export function timeZoneProblem(timeZone: string): string | undefined {
  if (timeZone === '') return 'timeZone must be nil or non-empty string';
  if (timeZone.toLowerCase() === 'local') {
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  }
  try {
    // An offset such as `+01:00` is no name of the database, though it is understood here.
    if (/^[A-Za-z]/.test(timeZone)) {
      new Intl.DateTimeFormat('en', { timeZone });
      return undefined;
    }
  } catch {
    // told below
  }
  return `unknown time zone ${timeZone}`;
}

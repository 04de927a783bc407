import { type Logger, pino } from 'pino';
import { formatTime } from '../api/index.ts';

/** The log of a controller (OPS §9). */

export type LogFormat = 'text' | 'json';

/** Names of levels as operators know them. */
const levelNames: Readonly<Record<string, string>> = { warn: 'warning', trace: 'debug' };
const levelsOfNames: Readonly<Record<string, string>> = { warning: 'warn', panic: 'fatal' };

/** One line per entry, to `write`. */
export function createLog(level: string, format: LogFormat, write: (line: string) => void): Logger {
  return pino(
    {
      level: levelsOfNames[level] ?? level,
      base: null,
      timestamp: () => `,"time":${JSON.stringify(formatTime(Date.now()))}`,
      formatters: { level: (label) => ({ level: levelNames[label] ?? label }) },
    },
    { write: format === 'json' ? write : (line) => write(`${textLine(JSON.parse(line))}\n`) },
  );
}

/** `time="…" level=info msg="…" key=value …` */
export function textLine({ time, level, msg = '', ...fields }: Record<string, unknown>): string {
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${bare(value)}`);
  return [`time=${JSON.stringify(time)}`, `level=${level}`, `msg=${JSON.stringify(msg)}`, ...rest].join(' ');
}

/** An error as pino writes it. */
interface LoggedError {
  type: string;
  message: string;
  stack: string;
}

const isLoggedError = (value: unknown): value is LoggedError =>
  typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;

/** What the API server refused says all in its message; where anything else comes from is told too. */
function textOf(value: unknown): string {
  if (isLoggedError(value)) return value.type === 'ApiError' ? value.message : value.stack;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Quoted when it would not read as one word. */
function bare(value: unknown): string {
  const text = textOf(value);
  return /^[\w./:@-]+$/.test(text) ? text : JSON.stringify(text);
}

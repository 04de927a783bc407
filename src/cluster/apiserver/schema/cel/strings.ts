import type { Environment } from '@marcbachmann/cel-js';
import { compilePattern, matchesPattern } from '../patterns.ts';

/** The functions on text that Kubernetes has beside those of CEL itself. Lengths and places count code points. */
export function registerStrings(environment: Environment): void {
  environment
    // Called `matches` in expressions: the library's own is not in the dialect of RE2, and can take forever.
    .registerFunction('string.matchesRe2(string): bool', matchesPattern)
    .registerFunction('string.find(string): string', (text: string, pattern: string) => {
      const matcher = compilePattern(pattern).matcher(text);
      return matcher.find() ? matcher.group() : '';
    })
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      findAll(text, pattern, Number.POSITIVE_INFINITY),
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, pattern: string, limit: bigint) =>
        findAll(text, pattern, limit < 0n ? Number.POSITIVE_INFINITY : Number(limit)),
    )
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => {
      const points = [...text];
      if (index < 0n || index > points.length) throw new Error(`index out of range: ${index}`);
      return points[Number(index)] ?? '';
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, limit: bigint) => replaceSome(text, from, to, limit),
    )
    .registerFunction('string.reverse(): string', (text: string) => [...text].reverse().join(''))
    .registerFunction('string.format(list): string', (template: string, values: unknown[]) =>
      format(template, values),
    );
}

function findAll(text: string, pattern: string, limit: number): string[] {
  const matcher = compilePattern(pattern).matcher(text);
  const found: string[] = [];
  while (found.length < limit && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

function replaceSome(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(from, () => to);
  let result = text;
  let at = 0;
  for (let left = limit; left > 0n; left -= 1n) {
    const found = result.indexOf(from, at);
    if (found < 0) break;
    result = result.slice(0, found) + to + result.slice(found + from.length);
    at = found + to.length;
  }
  return result;
}

const CLAUSE = /%(?:\.(\d+))?([sdfeboxX%])/g;

/** `%s`, `%d`, `%f`, `%e`, `%b`, `%x`, `%o` with their values. */
function format(template: string, values: unknown[]): string {
  let next = 0;
  const text = template.replaceAll(CLAUSE, (_, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (next >= values.length) throw new Error(`index ${next} out of range`);
    const value = values[next];
    next += 1;
    return formatted(value, verb, precision === undefined ? 6 : Number(precision));
  });
  return text;
}

function formatted(value: unknown, verb: string, precision: number): string {
  switch (verb) {
    case 's':
      return textOf(value);
    case 'd':
      if (typeof value !== 'bigint') break;
      return value.toString();
    case 'f':
      return Number(value).toFixed(precision);
    case 'e':
      return Number(value)
        .toExponential(precision)
        .replace(/e([+-])(\d)$/, 'e$10$2');
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      return BigInt(value as bigint).toString(2);
    case 'o':
      return BigInt(value as bigint).toString(8);
    case 'x':
    case 'X': {
      const hex =
        typeof value === 'string' ? Buffer.from(value).toString('hex') : BigInt(value as bigint).toString(16);
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
  }
  throw new Error(`error during formatting: ${textOf(value)} does not fit %${verb}`);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(quoted).join(', ')}]`;
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).map(([key, child]) => `${quoted(key)}: ${quoted(child)}`);
    return `{${entries.join(', ')}}`;
  }
  return String(value);
}

const quoted = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value) : textOf(value));

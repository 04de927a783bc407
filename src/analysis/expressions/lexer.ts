import { ExpressionError } from './error.ts';

export type TokenKind = 'number' | 'string' | 'bytes' | 'name' | 'operator' | 'bracket' | 'pointer' | 'end';

export interface Token {
  kind: TokenKind;
  /** The text; of a string or bytes the decoded content. */
  text: string;
  /** Offset into the source. */
  at: number;
}

/** Names that are operators. */
const wordOperators = new Set([
  'and',
  'or',
  'not',
  'in',
  'matches',
  'contains',
  'startsWith',
  'endsWith',
  'let',
  'if',
  'else',
]);

/** Longest first. */
const symbols = [
  '??',
  '?.',
  '::',
  '..',
  '**',
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '?',
  ':',
  ';',
  ',',
  '.',
  '*',
  '/',
  '%',
  '^',
  '+',
  '-',
  '<',
  '>',
  '=',
  '!',
  '|',
] as const;

const number =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
const name = /[\p{L}_$][\p{L}\p{N}_$]*/uy;

/** The tokens of an expression, `end` last. @throws ExpressionError */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const fail = (message: string, where = at): never => {
    throw new ExpressionError(message, source, where);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };

  while (at < source.length) {
    const char = source[at] as string;
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      at = end < 0 ? source.length : end + 1;
      continue;
    }
    if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2);
      if (end < 0) fail('unclosed comment');
      at = end + 2;
      continue;
    }
    const start = at;
    if (/\d/.test(char) || (char === '.' && /\d/.test(source[at + 1] ?? ''))) {
      const text = match(number) ?? char;
      at += text.length;
      const rest = match(name);
      if (rest) fail(`bad number syntax: ${JSON.stringify(text + rest)}`, start);
      tokens.push({ kind: 'number', text, at: start });
      continue;
    }
    const bytes = char === 'b' && /["']/.test(source[at + 1] ?? '');
    if (bytes || char === '"' || char === "'" || char === '`') {
      const { text, end } = readString(source, bytes ? at + 1 : at, fail);
      tokens.push({ kind: bytes ? 'bytes' : 'string', text, at: start });
      at = end;
      continue;
    }
    const word = match(name);
    if (word !== undefined) {
      const afterDot = /^\??\.$/.test(tokens.at(-1)?.text ?? '') && tokens.at(-1)?.kind === 'operator';
      tokens.push({ kind: wordOperators.has(word) && !afterDot ? 'operator' : 'name', text: word, at });
      at += word.length;
      continue;
    }
    if ('()[]{}'.includes(char)) {
      tokens.push({ kind: 'bracket', text: char, at });
      at++;
      continue;
    }
    if (char === '#') {
      at++;
      const pointer = match(name) ?? '';
      tokens.push({ kind: 'pointer', text: pointer, at: start });
      at += pointer.length;
      continue;
    }
    const symbol = symbols.find((text) => source.startsWith(text, at));
    // `c ?.5 : 1` is a conditional.
    const operator = symbol === '?.' && /\d/.test(source[at + 2] ?? '') ? '?' : symbol;
    if (operator === undefined) return fail(`unrecognized character: ${describe(source, at)}`);
    tokens.push({ kind: 'operator', text: operator, at });
    at += operator.length;
  }
  tokens.push({ kind: 'end', text: '', at: source.length });
  return tokens;
}

function describe(source: string, at: number): string {
  const code = source.codePointAt(at) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}

const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

function readString(
  source: string,
  start: number,
  fail: (message: string, at?: number) => never,
): { text: string; end: number } {
  const quote = source[start];
  let text = '';
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at] as string;
    if (char === quote) {
      if (quote !== '`' || source[at + 1] !== '`') return { text, end: at + 1 };
      text += char;
      at++;
    } else if (char === '\\' && quote !== '`') {
      const [, hex] =
        /^\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/
          .exec(source.slice(at, at + 10))
          ?.filter((part) => part !== undefined) ?? [];
      const octal = /^\\([0-3][0-7]{2})/.exec(source.slice(at, at + 4))?.[1];
      const code =
        hex !== undefined
          ? Number.parseInt(hex, 16)
          : octal !== undefined
            ? Number.parseInt(octal, 8)
            : undefined;
      if (code !== undefined && code <= 0x10ffff) {
        text += String.fromCodePoint(code);
        at += hex === undefined ? 3 : hex.length + 1;
        continue;
      }
      const escaped = escapes[source[at + 1] ?? ''];
      if (escaped === undefined) fail('invalid escape in string', at);
      text += escaped;
      at++;
    } else if (char === '\n' && quote !== '`') {
      break;
    } else {
      text += char;
    }
  }
  return fail('literal not terminated', start);
}

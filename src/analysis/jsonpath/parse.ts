/** A template that cannot be read. */
export class JsonPathSyntaxError extends Error {
  override name = 'JsonPathSyntaxError';
}

type Comparison = '==' | '!=' | '<' | '>' | '<=' | '>=';
type Operand = { literal: string | number | boolean | null } | { path: Segment[] };

/** One step of a path. */
export type Segment =
  | { kind: 'root' }
  | { kind: 'field'; name: string }
  | { kind: 'wildcard' }
  | { kind: 'recursive' }
  /** With `from` alone: one element. */
  | { kind: 'slice'; from?: number; to?: number; step?: number }
  | { kind: 'union'; paths: Segment[][] }
  | { kind: 'filter'; left: Operand; operator?: Comparison; right?: Operand };

/** Part of a template: a path in braces, or literal text. */
export type TemplatePart = { text: string } | { path: Segment[] };

/** @throws JsonPathSyntaxError */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  for (let at = 0; at < template.length; ) {
    const open = template.indexOf('{', at);
    if (open !== at) {
      const end = open < 0 ? template.length : open;
      parts.push({ text: template.slice(at, end) });
      at = end;
      continue;
    }
    const close = closingBrace(template, open);
    parts.push(parseAction(template.slice(open + 1, close).trim()));
    at = close + 1;
  }
  return parts;
}

function closingBrace(template: string, open: number): number {
  let quote = '';
  for (let at = open + 1; at < template.length; at++) {
    const char = template[at] as string;
    if (quote) {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '}') return at;
  }
  throw new JsonPathSyntaxError(`unclosed action in ${JSON.stringify(template)}`);
}

/** What stands in braces: a path, or a quoted literal. */
function parseAction(text: string): TemplatePart {
  if (/^(range\b|end$)/.test(text))
    throw new JsonPathSyntaxError(`${JSON.stringify(text)}: range is not supported here`);
  const literal = /^("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')$/.exec(text)?.[0];
  if (literal) return { text: unquote(literal) };
  const reader = new PathReader(text);
  const path = reader.readPath();
  if (!reader.atEnd) reader.fail();
  return { path };
}

function unquote(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(.)/gs, (_, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char);
}

class PathReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** A path up to where it cannot go on. */
  readPath(): Segment[] {
    const path: Segment[] = [];
    const first = this.take(/[$@]/y);
    if (first === '$') path.push({ kind: 'root' });
    for (;;) {
      if (this.take(/\.\./y)) {
        path.push({ kind: 'recursive' });
        const name = this.readName();
        if (name !== undefined) path.push(name);
      } else if (this.take(/\./y)) {
        const name = this.readName();
        if (name === undefined) {
          // `{.}` and `{$.}` are the document itself; `.[0]` is `[0]`.
          if (!this.atEnd && this.peek() !== '[') this.fail();
        } else path.push(name);
      } else if (this.peek() === '[') {
        path.push(this.readBrackets());
      } else if (path.length === 0 && first === undefined) {
        const name = this.readName();
        if (name === undefined) return path;
        path.push(name);
      } else {
        return path;
      }
    }
  }

  private readName(): Segment | undefined {
    if (this.take(/\*/y)) return { kind: 'wildcard' };
    const name = this.take(/(?:\\.|[^\s.[\]{}()'"$@*?,=!<>|\\])+/y);
    return name === undefined ? undefined : { kind: 'field', name: name.replace(/\\(.)/g, '$1') };
  }

  private readBrackets(): Segment {
    this.expect('[');
    const items: Segment[][] = [];
    do {
      this.take(/\s+/y);
      items.push([this.readSelector()]);
      this.take(/\s+/y);
    } while (this.take(/,/y));
    this.expect(']');
    const [only] = items;
    return items.length === 1 && only?.[0] ? only[0] : { kind: 'union', paths: items };
  }

  private readSelector(): Segment {
    if (this.take(/\*/y)) return { kind: 'wildcard' };
    if (this.take(/\?\(/y)) return this.readFilter();
    const quoted = this.readQuoted();
    if (quoted !== undefined) return { kind: 'field', name: quoted };
    const slice = this.take(/-?\d*(:-?\d*){0,2}/y);
    if (slice) return this.parseSlice(slice);
    const name = this.readName();
    return name ?? this.fail();
  }

  private parseSlice(text: string): Segment {
    const [from = '', to, step] = text.split(':');
    if (step !== undefined && step !== '' && Number(step) < 1)
      this.fail('the step of a slice must be positive');
    if (to === undefined) return { kind: 'slice', from: Number(from) };
    return {
      kind: 'slice',
      from: from === '' ? 0 : Number(from),
      ...(to !== '' && { to: Number(to) }),
      step: step ? Number(step) : 1,
    };
  }

  private readFilter(): Segment {
    const left = this.readOperand();
    this.take(/\s+/y);
    const operator = this.take(/==|!=|<=|>=|<|>/y) as Comparison | undefined;
    this.take(/\s+/y);
    const right = operator && this.readOperand();
    this.take(/\s+/y);
    this.expect(')');
    return { kind: 'filter', left, ...(operator && { operator }), ...(right && { right }) };
  }

  private readOperand(): Operand {
    this.take(/\s+/y);
    const quoted = this.readQuoted();
    if (quoted !== undefined) return { literal: quoted };
    const number = this.take(/-?\d+(\.\d+)?([eE][+-]?\d+)?/y);
    if (number !== undefined) return { literal: Number(number) };
    const word = this.take(/(true|false|null)\b/y);
    if (word !== undefined) return { literal: JSON.parse(word) as boolean | null };
    const path = this.readPath();
    return path.length > 0 || this.text[this.at - 1] === '@' ? { path } : this.fail();
  }

  private readQuoted(): string | undefined {
    const literal = this.take(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y);
    return literal === undefined ? undefined : unquote(literal);
  }

  private peek(): string | undefined {
    return this.text[this.at];
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined || found === '') return undefined;
    this.at += found.length;
    return found;
  }

  private expect(char: string): void {
    if (this.text[this.at] !== char) this.fail();
    this.at++;
  }

  fail(message?: string): never {
    const where = this.atEnd ? 'its end' : JSON.stringify(this.text.slice(this.at));
    throw new JsonPathSyntaxError(
      message ?? `cannot read path ${JSON.stringify(this.text)} from ${where} on`,
    );
  }
}

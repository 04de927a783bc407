import type { BinaryOperator, Node } from './ast.ts';
import { ExpressionError } from './error.ts';
import type { Token } from './lexer.ts';
import { binaryOperators, chainable, negatable, predicates, unaryOperators } from './operators.ts';
import { TokenReader } from './token-reader.ts';

/** Characters of an expression. */
const MAX_LENGTH = 100_000;
/** Expressions within expressions: keeps the parser off the end of the stack. */
const MAX_NESTING = 400;

/** The syntax tree of an expression (ANA §5.1). @throws ExpressionError */
export function parse(source: string): Node {
  if (source.length > MAX_LENGTH) {
    throw new ExpressionError(`expression is longer than ${MAX_LENGTH} characters`, source);
  }
  return new Parser(source).parse();
}

class Parser extends TokenReader {
  private nesting = 0;
  /** How many predicates are open around here; `#` and `.f` mean something inside one only. */
  private predicateDepth = 0;

  parse(): Node {
    const node = this.parseSequence();
    if (this.current.kind !== 'end') this.unexpected();
    return node;
  }

  // ── Expressions ────────────────────────────────────────────────────────────────────────────────────────────────

  private parseSequence(): Node {
    const first = this.parseExpression(0);
    if (!this.is('operator', ';')) return first;
    const items = [first];
    while (
      this.accept('operator', ';') &&
      this.current.kind !== 'end' &&
      !this.is('bracket', ')') &&
      !this.is('bracket', '}')
    ) {
      items.push(this.parseExpression(0));
    }
    return items.length === 1 ? first : this.node(first.at, { kind: 'sequence', items });
  }

  private parseExpression(precedence: number): Node {
    this.nesting++;
    if (this.nesting > MAX_NESTING) this.fail(`expression is nested deeper than ${MAX_NESTING} levels`);
    const node =
      precedence === 0 && this.is('operator', 'let')
        ? this.parseLet()
        : precedence === 0 && this.is('operator', 'if')
          ? this.parseIf()
          : this.parseOperators(precedence);
    this.nesting--;
    return node;
  }

  private parseOperators(precedence: number): Node {
    let left = this.parsePrimary();
    let previous = '';
    while (this.current.kind === 'operator') {
      const negate = this.is('operator', 'not');
      const token = negate ? this.peek() : this.current;
      if (negate && !(token.kind === 'operator' && negatable.has(token.text))) break;
      const rule = binaryOperators.get(token.text);
      if (!rule || rule.precedence < precedence) break;
      this.advance(negate ? 2 : 1);
      if (previous === '??' && token.text !== '??' && token.text !== '|') {
        this.fail(
          `Operator (${token.text}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.`,
          token,
        );
      }
      if (rule.operator === '|') left = this.parsePipe(left);
      else if (chainable.has(token.text)) left = this.parseComparison(left, token, rule.precedence);
      else {
        const right = this.parseExpression(rule.precedence + (rule.rightAssociative ? 0 : 1));
        left = this.binary(token, rule.operator, left, right);
        if (negate) left = this.node(token.at, { kind: 'unary', operator: 'not', operand: left });
      }
      previous = token.text;
    }
    return precedence === 0 ? this.parseConditional(left) : left;
  }

  /** `a < b < c` is `a < b and b < c`. */
  private parseComparison(first: Node, firstToken: Token, precedence: number): Node {
    let left = first;
    let token = firstToken;
    let all: Node | undefined;
    for (;;) {
      const right = this.parseExpression(precedence + 1);
      const compared = this.binary(token, token.text as BinaryOperator, left, right);
      all = all
        ? this.node(token.at, { kind: 'binary', operator: 'and', left: all, right: compared, spelled: '&&' })
        : compared;
      if (this.current.kind !== 'operator' || !chainable.has(this.current.text)) return all;
      left = right;
      token = this.current;
      this.advance();
    }
  }

  /** `x | f(y)` is `f(x, y)`. */
  private parsePipe(first: Node): Node {
    const token = this.current;
    if (token.kind !== 'name') this.unexpected();
    this.advance();
    if (!this.is('bracket', '(')) this.fail(`expected ( after | ${token.text}`);
    return this.parsePostfix(this.parseCall(token, false, first));
  }

  private parseConditional(test: Node): Node {
    if (!this.is('operator', '?')) return test;
    const at = this.current.at;
    this.advance();
    if (this.accept('operator', ':')) {
      return this.node(at, { kind: 'conditional', test, whenTrue: test, whenFalse: this.parseExpression(0) });
    }
    const whenTrue = this.parseExpression(0);
    this.expect('operator', ':');
    return this.node(at, { kind: 'conditional', test, whenTrue, whenFalse: this.parseExpression(0) });
  }

  private parseLet(): Node {
    const at = this.current.at;
    this.advance();
    const token = this.current;
    if (token.kind !== 'name') this.unexpected();
    this.advance();
    this.expect('operator', '=');
    const value = this.parseExpression(0);
    this.expect('operator', ';');
    return this.node(at, { kind: 'let', name: token.text, value, body: this.parseSequence() });
  }

  private parseIf(): Node {
    const at = this.current.at;
    this.advance();
    const test = this.parseExpression(0);
    const whenTrue = this.parseBlock();
    this.expect('operator', 'else');
    const whenFalse = this.is('operator', 'if') ? this.parseExpression(0) : this.parseBlock();
    return this.node(at, { kind: 'conditional', test, whenTrue, whenFalse });
  }

  private parseBlock(): Node {
    this.expect('bracket', '{');
    const body = this.parseSequence();
    this.expect('bracket', '}');
    return body;
  }

  // ── Operands ───────────────────────────────────────────────────────────────────────────────────────────────────

  private parsePrimary(): Node {
    const token = this.current;
    const unary = token.kind === 'operator' ? unaryOperators.get(token.text) : undefined;
    if (unary) {
      this.advance();
      const operand = this.parseExpression(unary.precedence);
      return this.parsePostfix(this.node(token.at, { kind: 'unary', operator: unary.operator, operand }));
    }
    if (this.accept('bracket', '(')) {
      const inner = this.parseSequence();
      this.expect('bracket', ')');
      return this.parsePostfix(inner);
    }
    if (token.kind === 'pointer') return this.parsePostfix(this.parsePointer(token));
    if (this.is('operator', '.') && this.predicateDepth > 0) {
      return this.parsePostfix(this.node(token.at, { kind: 'pointer', name: '' }));
    }
    if (this.accept('operator', '::')) {
      const name = this.current;
      if (name.kind !== 'name') this.unexpected();
      this.advance();
      return this.parsePostfix(this.parseCall(name, true));
    }
    return this.parsePostfix(this.parseOperand(token));
  }

  private parsePointer(token: Token): Node {
    if (this.predicateDepth === 0) this.fail('# is only known inside a predicate', token);
    if (token.text !== '' && token.text !== 'index' && token.text !== 'acc') {
      this.fail(`unknown pointer #${token.text}`, token);
    }
    this.advance();
    return this.node(token.at, { kind: 'pointer', name: token.text as '' | 'index' | 'acc' });
  }

  private parseOperand(token: Token): Node {
    switch (token.kind) {
      case 'number':
        this.advance();
        return this.node(token.at, { kind: 'literal', value: this.parseNumber(token) });
      case 'string':
        this.advance();
        return this.node(token.at, { kind: 'literal', value: token.text });
      case 'bytes':
        this.advance();
        return this.node(token.at, { kind: 'literal', value: new TextEncoder().encode(token.text) });
      case 'name':
        return this.parseName(token);
      case 'bracket':
        if (token.text === '[') return this.parseArray();
        if (token.text === '{') return this.parseMap();
        return this.unexpected();
      default:
        return this.unexpected();
    }
  }

  private parseNumber(token: Token): bigint | number {
    const digits = token.text.replaceAll('_', '');
    const integer = /^(0[xXoObB].*|\d+)$/.test(digits);
    if (!integer) return Number(digits);
    const value = /^0[xXoObB]$/.test(digits) ? undefined : BigInt(digits);
    if (value === undefined || value > 0x7fff_ffff_ffff_ffffn)
      this.fail(`invalid integer: ${token.text}`, token);
    return value;
  }

  private parseName(token: Token): Node {
    this.advance();
    switch (token.text) {
      case 'true':
      case 'false':
        return this.node(token.at, { kind: 'literal', value: token.text === 'true' });
      case 'nil':
        return this.node(token.at, { kind: 'literal', value: null });
      case '$env':
        return this.node(token.at, { kind: 'env' });
      default:
        if (this.is('bracket', '(')) return this.parseCall(token, false);
        return this.node(token.at, { kind: 'name', name: token.text });
    }
  }

  private parseCall(name: Token, builtinOnly: boolean, first?: Node): Node {
    const predicate = predicates.get(name.text);
    if (!predicate) {
      const args = [...(first ? [first] : []), ...this.parseArguments()];
      return this.node(name.at, { kind: 'call', name: name.text, builtinOnly, args });
    }
    this.expect('bracket', '(');
    const list = first ?? this.parseExpression(0);
    const more = first ? !this.is('bracket', ')') : this.accept('operator', ',') && !this.is('bracket', ')');
    const body = more ? this.parsePredicate() : undefined;
    if (!body && predicate.body === 'required') this.fail(`not enough arguments to call ${name.text}`, name);
    const rest: Node[] = [];
    while (this.accept('operator', ',') && !this.is('bracket', ')')) rest.push(this.parseExpression(0));
    if (rest.length > predicate.rest) this.fail(`too many arguments to call ${name.text}`, name);
    this.expect('bracket', ')');
    return this.node(name.at, { kind: 'predicate', name: name.text, list, ...(body && { body }), rest });
  }

  private parsePredicate(): Node {
    this.predicateDepth++;
    const body = this.is('bracket', '{') ? this.parseBlock() : this.parseExpression(0);
    this.predicateDepth--;
    return body;
  }

  private parseArguments(): Node[] {
    this.expect('bracket', '(');
    const args = this.parseList(')', () => this.parseExpression(0));
    return args;
  }

  private parseArray(): Node {
    const at = this.current.at;
    this.advance();
    return this.node(at, { kind: 'array', items: this.parseList(']', () => this.parseExpression(0)) });
  }

  private parseMap(): Node {
    const at = this.current.at;
    this.advance();
    const entries = this.parseList('}', () => {
      const key = this.parseMapKey();
      this.expect('operator', ':');
      return { key, value: this.parseExpression(0) };
    });
    return this.node(at, { kind: 'map', entries });
  }

  private parseMapKey(): Node {
    const token = this.current;
    if (token.kind === 'string' || token.kind === 'name' || token.kind === 'number') {
      this.advance();
      return this.node(token.at, { kind: 'literal', value: token.text });
    }
    if (this.is('bracket', '(')) return this.parseExpression(0);
    return this.fail(
      'a map key must be a quoted string, a number, an identifier, or an expression in parentheses',
    );
  }

  /** Items up to the closing bracket; a comma may follow the last. */
  private parseList<T>(closing: string, parseItem: () => T): T[] {
    const items: T[] = [];
    while (!this.accept('bracket', closing)) {
      items.push(parseItem());
      if (this.accept('operator', ',')) continue;
      this.expect('bracket', closing);
      break;
    }
    return items;
  }

  // ── Members ────────────────────────────────────────────────────────────────────────────────────────────────────

  private parsePostfix(operand: Node): Node {
    let node = operand;
    let chained = false;
    for (;;) {
      const token = this.current;
      if (this.is('operator', '.') || this.is('operator', '?.')) {
        const optional = token.text === '?.';
        chained ||= optional;
        this.advance();
        node =
          optional && this.is('bracket', '[')
            ? this.parseIndex(node, true)
            : this.parseMember(node, token.at, optional);
      } else if (this.is('bracket', '[')) {
        node = this.parseIndex(node, false);
      } else {
        return chained ? this.node(node.at, { kind: 'chain', inner: node }) : node;
      }
    }
  }

  private parseMember(object: Node, at: number, optional: boolean): Node {
    const name = this.current;
    if (name.kind !== 'name') this.unexpected();
    this.advance();
    if (this.is('bracket', '(')) {
      return this.node(name.at, {
        kind: 'method',
        object,
        name: name.text,
        args: this.parseArguments(),
        optional,
      });
    }
    const property = this.node(name.at, { kind: 'literal', value: name.text });
    return this.node(at, { kind: 'member', object, property, optional });
  }

  private parseIndex(object: Node, optional: boolean): Node {
    const at = this.current.at;
    this.expect('bracket', '[');
    const from = this.is('operator', ':') ? undefined : this.parseExpression(0);
    if (this.accept('operator', ':')) {
      const to = this.is('bracket', ']') ? undefined : this.parseExpression(0);
      this.expect('bracket', ']');
      return this.node(at, { kind: 'slice', object, ...(from && { from }), ...(to && { to }) });
    }
    this.expect('bracket', ']');
    return this.node(at, { kind: 'member', object, property: from as Node, optional });
  }

  private binary(token: Token, operator: BinaryOperator, left: Node, right: Node): Node {
    return this.node(token.at, { kind: 'binary', operator, left, right, spelled: token.text });
  }
}

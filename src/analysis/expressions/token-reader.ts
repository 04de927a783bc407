import type { Node } from './ast.ts';
import { ExpressionError } from './error.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';

/** Bounds of one expression: they keep the evaluator off the ends of memory and stack. */
const MAX_NODES = 10_000;
/** Of the tree; a chain such as `a + b + c` is a deep one too. */
const MAX_DEPTH = 1000;

/** Distributes over all union members, which Omit does not. */
type Draft = Node extends infer N ? (N extends Node ? Omit<N, 'at'> : never) : never;

/** What a parser stands on: a place among the tokens, errors that point there, and nodes that are counted. */
export class TokenReader {
  private readonly source: string;
  private readonly tokens: Token[];
  private position = 0;
  private nodes = 0;
  private readonly depths = new WeakMap<object, number>();

  constructor(source: string) {
    this.source = source;
    this.tokens = tokenize(source);
  }

  protected get current(): Token {
    return this.tokens[this.position] as Token;
  }

  protected peek(): Token {
    return this.tokens[this.position + 1] ?? this.current;
  }

  protected advance(by = 1): void {
    this.position = Math.min(this.position + by, this.tokens.length - 1);
  }

  protected is(kind: TokenKind, text: string): boolean {
    return this.current.kind === kind && this.current.text === text;
  }

  protected accept(kind: TokenKind, text: string): boolean {
    const found = this.is(kind, text);
    if (found) this.advance();
    return found;
  }

  protected expect(kind: TokenKind, text: string): void {
    if (!this.accept(kind, text)) this.unexpected(`, expected ${text}`);
  }

  protected unexpected(hint = ''): never {
    const { kind, text } = this.current;
    return this.fail(
      `unexpected token ${kind === 'end' ? 'end of expression' : `${kind} ${JSON.stringify(text)}`}${hint}`,
    );
  }

  protected fail(message: string, token = this.current): never {
    throw new ExpressionError(message, this.source, token.at);
  }

  protected node(at: number, draft: Draft): Node {
    if (++this.nodes > MAX_NODES) this.fail(`expression exceeds ${MAX_NODES} nodes`);
    const depth = 1 + this.deepest(Object.values(draft));
    if (depth > MAX_DEPTH) this.fail(`expression has more than ${MAX_DEPTH} operations in one chain`);
    const node = { ...draft, at } as Node;
    this.depths.set(node, depth);
    return node;
  }

  /** Depth of the deepest tree among the parts of a node: nodes, lists of nodes, entries of a map. */
  private deepest(parts: readonly unknown[]): number {
    let depth = 0;
    for (const part of parts) {
      if (typeof part !== 'object' || part === null || part instanceof Uint8Array) continue;
      depth = Math.max(depth, this.depths.get(part) ?? this.deepest(Object.values(part)));
    }
    return depth;
  }
}

/** The syntax tree. `at` is the offset in the source that an error points at. */
export type Node = { at: number } & (
  | { kind: 'literal'; value: null | boolean | bigint | number | string | Uint8Array }
  | { kind: 'name'; name: string }
  | { kind: 'env' }
  | { kind: 'unary'; operator: '-' | '+' | 'not'; operand: Node }
  | { kind: 'binary'; operator: BinaryOperator; left: Node; right: Node; spelled: string }
  | { kind: 'conditional'; test: Node; whenTrue: Node; whenFalse: Node }
  | { kind: 'member'; object: Node; property: Node; optional: boolean }
  /** The end of a `?.` chain: a nil in it makes the whole chain nil. */
  | { kind: 'chain'; inner: Node }
  | { kind: 'slice'; object: Node; from?: Node; to?: Node }
  | { kind: 'array'; items: Node[] }
  | { kind: 'map'; entries: { key: Node; value: Node }[] }
  | { kind: 'call'; name: string; builtinOnly: boolean; args: Node[] }
  | { kind: 'method'; object: Node; name: string; args: Node[]; optional: boolean }
  | { kind: 'predicate'; name: string; list: Node; body?: Node; rest: Node[] }
  /** `#`, `#index`, `#acc`. */
  | { kind: 'pointer'; name: '' | 'index' | 'acc' }
  | { kind: 'let'; name: string; value: Node; body: Node }
  | { kind: 'sequence'; items: Node[] }
);

export type BinaryOperator =
  | 'or'
  | 'and'
  | '=='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'in'
  | 'matches'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | '..'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '??';

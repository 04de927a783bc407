/** What is wrong with an expression, with the place in its source. */
export class ExpressionError extends Error {
  override name = 'ExpressionError';
  /** The message alone, without place and source line. */
  readonly problem: string;

  /** @param at offset into the source in UTF-16 units; undefined: the expression as a whole */
  constructor(problem: string, source: string, at?: number) {
    super(at === undefined ? problem : problem + locate(source, at));
    this.problem = problem;
  }
}

/** A problem whose place the evaluator knows better than the one who met it. */
export class Failure extends Error {
  override name = 'Failure';
}

/** ` (line:column)`, the line, and a caret below it. */
function locate(source: string, at: number): string {
  const before = source.slice(0, at).split('\n');
  const column = [...(before.at(-1) ?? '')].length;
  const line = (source.split('\n')[before.length - 1] ?? '').replaceAll('\t', ' ');
  return ` (${before.length}:${column + 1})\n | ${line}\n | ${'.'.repeat(column)}^`;
}

import type { Node } from './ast.ts';
import type { Budget } from './budget.ts';
import type { Value } from './values.ts';

/** What names and pointers stand for at one place. */
export interface Frame {
  variables: ReadonlyMap<string, Value>;
  /** `#`, `#index` and `#acc` of the innermost predicate. */
  element?: Value;
  index?: number;
  acc?: Value;
}

/** One evaluation, for those who evaluate parts of it. */
export interface Evaluation {
  readonly budget: Budget;
  /** @throws ExpressionError */
  evaluate(node: Node, frame: Frame): Value;
}

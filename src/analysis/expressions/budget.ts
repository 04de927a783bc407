import { Failure } from './error.ts';

/** Elements that an expression may make (ANA §5.1). */
const MEMORY = 1_000_000;
/** Evaluated nodes: an expression over a large result ends within a second or so. */
const STEPS = 5_000_000;

/** Bounds what one evaluation may use. */
export class Budget {
  private memory = MEMORY;
  private steps = STEPS;

  /** Before making a list, map or string of this many elements. @throws Failure */
  allocate(elements: number): void {
    this.memory -= elements;
    if (!(this.memory >= 0)) throw new Failure('memory budget exceeded');
  }

  /** Before evaluating a node, or anything else that takes as long as so many. @throws Failure */
  step(cost = 1): void {
    this.steps -= cost;
    if (this.steps < 0) throw new Failure('expression takes too many steps');
  }
}

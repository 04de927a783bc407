import type { Node } from './ast.ts';
import { Budget } from './budget.ts';
import type { Builtin } from './builtins/builtin.ts';
import { builtins, callBuiltin } from './builtins/index.ts';
import { callMethod } from './builtins/time.ts';
import { compute, negate } from './compute.ts';
import { ExpressionError, Failure } from './error.ts';
import type { Evaluation, Frame } from './frame.ts';
import { evaluatePredicate } from './predicates.ts';
import { isList, isMap, isNumber, mapGet, typeName, type Value } from './values.ts';

/** What an evaluation starts from. */
export interface Globals {
  variables: ReadonlyMap<string, Value>;
  functions: ReadonlyMap<string, Builtin>;
  /** Milliseconds since the epoch, for `now()`. */
  now: number;
}

/** Ends a `?.` chain early. */
const NOTHING = Symbol('nothing');

/** The value of a checked expression. @throws ExpressionError */
export function evaluateNode(root: Node, source: string, globals: Globals): Value {
  return new Evaluator(source, globals).evaluate(root, { variables: globals.variables });
}

class Evaluator implements Evaluation {
  readonly budget = new Budget();
  private readonly source: string;
  private readonly globals: Globals;

  constructor(source: string, globals: Globals) {
    this.source = source;
    this.globals = globals;
  }

  evaluate(node: Node, frame: Frame): Value {
    const value = this.reduce(node, frame);
    return value === NOTHING ? null : value;
  }

  /** A test that must be true or false. */
  test(node: Node, frame: Frame, what: string): boolean {
    const value = this.evaluate(node, frame);
    if (typeof value !== 'boolean') this.fail(node, `${what} should be bool (got ${typeName(value)})`);
    return value;
  }

  private reduce(node: Node, frame: Frame): Value | typeof NOTHING {
    try {
      this.budget.step();
      return this.apply(node, frame);
    } catch (error) {
      if (error instanceof Failure) this.fail(node, error.message);
      throw error;
    }
  }

  private apply(node: Node, frame: Frame): Value | typeof NOTHING {
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'name':
        return frame.variables.get(node.name) ?? null;
      case 'env':
        return this.globals.variables as ReadonlyMap<Value, Value>;
      case 'unary':
        return node.operator === 'not'
          ? !this.test(node.operand, frame, 'operand of not')
          : negate(node.operator, this.evaluate(node.operand, frame));
      case 'binary':
        return this.applyBinary(node, frame);
      case 'conditional': {
        const chosen = this.test(node.test, frame, 'condition') ? node.whenTrue : node.whenFalse;
        return this.evaluate(chosen, frame);
      }
      case 'member':
        return this.applyMember(node, frame);
      case 'method':
        return this.applyMethod(node, frame);
      case 'chain':
        return this.evaluate(node.inner, frame);
      case 'slice':
        return this.applySlice(node, frame);
      case 'array':
        this.budget.allocate(node.items.length);
        return node.items.map((item) => this.evaluate(item, frame));
      case 'map':
        this.budget.allocate(node.entries.length);
        return new Map(
          node.entries.map(({ key, value }) => [this.evaluate(key, frame), this.evaluate(value, frame)]),
        );
      case 'call': {
        const own = node.builtinOnly ? undefined : this.globals.functions.get(node.name);
        const builtin = own ?? builtins.get(node.name);
        if (!builtin) throw new Failure(`unknown name ${node.name}`);
        const args = node.args.map((arg) => this.evaluate(arg, frame));
        return callBuiltin(node.name, builtin, args, { now: this.globals.now, budget: this.budget });
      }
      case 'predicate':
        return evaluatePredicate(this, node, frame);
      case 'pointer':
        if (node.name === 'index') return BigInt(frame.index ?? 0);
        return (node.name === 'acc' ? frame.acc : frame.element) ?? null;
      case 'let': {
        const value = this.evaluate(node.value, frame);
        return this.evaluate(node.body, {
          ...frame,
          variables: new Map([...frame.variables, [node.name, value]]),
        });
      }
      case 'sequence':
        return node.items.map((item) => this.evaluate(item, frame)).at(-1) ?? null;
    }
  }

  private applyBinary(node: Extract<Node, { kind: 'binary' }>, frame: Frame): Value {
    const operand = `operand of ${node.spelled}`;
    switch (node.operator) {
      case 'and':
        return this.test(node.left, frame, operand) && this.test(node.right, frame, operand);
      case 'or':
        return this.test(node.left, frame, operand) || this.test(node.right, frame, operand);
      case '??':
        return this.evaluate(node.left, frame) ?? this.evaluate(node.right, frame);
      default: {
        const left = this.evaluate(node.left, frame);
        return compute(node.operator, node.spelled, left, this.evaluate(node.right, frame), this.budget);
      }
    }
  }

  private applyMember(node: Extract<Node, { kind: 'member' }>, frame: Frame): Value | typeof NOTHING {
    const object = this.reduce(node.object, frame);
    if (object === NOTHING) return NOTHING;
    if (object === null && node.optional) return NOTHING;
    return fetch(object, this.evaluate(node.property, frame));
  }

  private applyMethod(node: Extract<Node, { kind: 'method' }>, frame: Frame): Value | typeof NOTHING {
    const object = this.reduce(node.object, frame);
    if (object === NOTHING) return NOTHING;
    if (object === null && node.optional) return NOTHING;
    return callMethod(
      object,
      node.name,
      node.args.map((arg) => this.evaluate(arg, frame)),
    );
  }

  /** Bounds beyond the ends are brought to them; negative ones count from the end. */
  private applySlice(node: Extract<Node, { kind: 'slice' }>, frame: Frame): Value {
    const object = this.evaluate(node.object, frame);
    const bound = (part: Node | undefined): number | undefined => {
      if (!part) return undefined;
      const value = this.evaluate(part, frame);
      if (typeof value !== 'bigint') throw new Failure(`non-integer slice index ${typeName(value)}`);
      return Number(value);
    };
    const [from, to] = [bound(node.from), bound(node.to)];
    if (typeof object === 'string') {
      const bytes = new TextEncoder().encode(object);
      return new TextDecoder().decode(bytes.slice(from, to));
    }
    if (!isList(object)) throw new Failure(`cannot slice ${typeName(object)}`);
    return object.slice(from, to);
  }

  private fail(node: Node, message: string): never {
    throw new ExpressionError(message, this.source, node.at);
  }
}

/** A member of a value. @throws Failure */
function fetch(object: Value, key: Value): Value {
  if (isMap(object)) return mapGet(object, key);
  const elements = typeof object === 'string' ? new TextEncoder().encode(object) : object;
  if (!isList(elements) && !(elements instanceof Uint8Array)) {
    const name = typeof key === 'string' || isNumber(key) ? String(key) : typeName(key);
    throw new Failure(`cannot fetch ${name} from ${typeName(object)}`);
  }
  if (typeof key !== 'bigint') throw new Failure(`cannot fetch ${String(key)} from ${typeName(object)}`);
  const index = Number(key) < 0 ? Number(key) + elements.length : Number(key);
  if (index < 0 || index >= elements.length) {
    throw new Failure(`index out of range: ${key} (array length is ${elements.length})`);
  }
  const element = elements[index] ?? null;
  return elements instanceof Uint8Array ? BigInt(Number(element)) : element;
}

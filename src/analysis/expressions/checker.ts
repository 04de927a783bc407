import type { Node } from './ast.ts';
import type { Builtin } from './builtins/builtin.ts';
import { builtins, checkCall } from './builtins/index.ts';
import { ExpressionError } from './error.ts';
import { binaryType, unaryType } from './operator-types.ts';
import { predicates } from './operators.ts';
import { compilePattern } from './pattern.ts';
import {
  ANY_LIST,
  ANY_MAP,
  BOOL,
  BYTES,
  either,
  FLOAT,
  INT,
  isNumeric,
  isUnknown,
  listOf,
  nameOf,
  STRING,
  type Type,
  UNKNOWN,
} from './types.ts';

/** What an expression may refer to. */
export interface Environment {
  variables: ReadonlyMap<string, Type>;
  functions: ReadonlyMap<string, Builtin>;
}

/** What `#` and its like stand for inside a predicate. */
interface Scope {
  variables: ReadonlyMap<string, Type>;
  pointers?: { element: Type; acc: Type | undefined };
}

/**
 * The static type of an expression. Names that do not exist and types that can never fit are errors even in a branch
 * that would not run; what is unknown (members of a result, nil) is left to the evaluation.
 * @throws ExpressionError
 */
export function check(root: Node, source: string, environment: Environment): Type {
  return new Checker(source, environment).visit(root, { variables: environment.variables });
}

class Checker {
  private readonly source: string;
  private readonly environment: Environment;

  constructor(source: string, environment: Environment) {
    this.source = source;
    this.environment = environment;
  }

  visit(node: Node, scope: Scope): Type {
    switch (node.kind) {
      case 'literal':
        return literalType(node.value);
      case 'name':
        return scope.variables.get(node.name) ?? this.fail(node, `unknown name ${node.name}`);
      case 'env':
        return ANY_MAP;
      case 'unary':
        return this.orFail(node, unaryType(node.operator, this.visit(node.operand, scope)));
      case 'binary':
        return this.visitBinary(node, scope);
      case 'conditional': {
        const test = this.visit(node.test, scope);
        if (test.kind !== 'bool' && !isUnknown(test)) {
          return this.fail(node.test, `non-bool expression (type ${nameOf(test)}) used as condition`);
        }
        return either(this.visit(node.whenTrue, scope), this.visit(node.whenFalse, scope));
      }
      case 'member':
        return this.visitMember(node, scope);
      case 'chain':
        this.visit(node.inner, scope);
        return UNKNOWN;
      case 'slice':
        return this.visitSlice(node, scope);
      case 'array': {
        const types = node.items.map((item) => this.visit(item, scope));
        return listOf(types.length > 0 ? types.reduce(either) : UNKNOWN);
      }
      case 'map':
        for (const { key, value } of node.entries) {
          this.visit(key, scope);
          this.visit(value, scope);
        }
        return ANY_MAP;
      case 'call':
        return this.visitCall(node, scope);
      case 'method':
        this.visit(node.object, scope);
        for (const arg of node.args) this.visit(arg, scope);
        return UNKNOWN;
      case 'predicate':
        return this.visitPredicate(node, scope);
      case 'pointer':
        return this.visitPointer(node, scope);
      case 'let': {
        const taken =
          scope.variables.has(node.name) || this.environment.functions.has(node.name)
            ? 'variable'
            : builtins.has(node.name) || predicates.has(node.name)
              ? 'builtin'
              : undefined;
        if (taken) return this.fail(node, `cannot redeclare ${taken} ${node.name}`);
        const value = this.visit(node.value, scope);
        return this.visit(node.body, {
          ...scope,
          variables: new Map([...scope.variables, [node.name, value]]),
        });
      }
      case 'sequence':
        return node.items.map((item) => this.visit(item, scope)).at(-1) ?? UNKNOWN;
    }
  }

  private visitBinary(node: Extract<Node, { kind: 'binary' }>, scope: Scope): Type {
    const left = this.visit(node.left, scope);
    const right = this.visit(node.right, scope);
    if (
      node.operator === 'matches' &&
      node.right.kind === 'literal' &&
      typeof node.right.value === 'string'
    ) {
      const pattern = compilePattern(node.right.value);
      if ('problem' in pattern) return this.fail(node.right, pattern.problem);
    }
    const type = binaryType(node.operator, left, right);
    if (type) return type;
    return this.fail(
      node,
      `invalid operation: ${node.spelled} (mismatched types ${nameOf(left)} and ${nameOf(right)})`,
    );
  }

  private visitMember(node: Extract<Node, { kind: 'member' }>, scope: Scope): Type {
    const object = this.visit(node.object, scope);
    const property = this.visit(node.property, scope);
    switch (object.kind) {
      case 'unknown':
        return UNKNOWN;
      case 'map':
        return object.of;
      case 'array':
        if (property.kind === 'int' || isUnknown(property)) return object.of;
        return this.fail(
          node,
          `array elements can only be selected using an integer (got ${nameOf(property)})`,
        );
      case 'string':
        if (property.kind === 'int' || isUnknown(property)) return INT;
        break;
      case 'record': {
        const name = node.property.kind === 'literal' ? String(node.property.value) : undefined;
        if (name === undefined) return UNKNOWN;
        const field = Object.hasOwn(object.fields, name) ? object.fields[name] : undefined;
        return (
          field ??
          this.fail(node, `type struct has no field ${name}; it has ${Object.keys(object.fields).join(', ')}`)
        );
      }
    }
    const name = node.property.kind === 'literal' ? ` ${String(node.property.value)}` : '';
    return this.fail(node, `type ${nameOf(object)} has no field${name}`);
  }

  private visitSlice(node: Extract<Node, { kind: 'slice' }>, scope: Scope): Type {
    const object = this.visit(node.object, scope);
    for (const bound of [node.from, node.to]) {
      const type = bound ? this.visit(bound, scope) : INT;
      if (bound && type.kind !== 'int' && !isUnknown(type)) {
        this.fail(bound, `non-integer slice index ${nameOf(type)}`);
      }
    }
    if (object.kind === 'array' || object.kind === 'string' || isUnknown(object)) return object;
    return this.fail(node, `cannot slice ${nameOf(object)}`);
  }

  private visitCall(node: Extract<Node, { kind: 'call' }>, scope: Scope): Type {
    const own = node.builtinOnly ? undefined : this.environment.functions.get(node.name);
    const builtin = own ?? builtins.get(node.name);
    if (!builtin) return this.fail(node, `unknown name ${node.name}`);
    const args = node.args.map((arg) => this.visit(arg, scope));
    const problem = checkCall(node.name, builtin, args);
    if (problem) return this.fail(node, problem);
    return typeof builtin.returns === 'function' ? builtin.returns(args) : builtin.returns;
  }

  private visitPredicate(node: Extract<Node, { kind: 'predicate' }>, scope: Scope): Type {
    const list = this.visit(node.list, scope);
    if (list.kind !== 'array' && !isUnknown(list) && list.kind !== 'map') {
      return this.fail(node.list, `builtin ${node.name} takes only array (got ${nameOf(list)})`);
    }
    const element = list.kind === 'array' ? list.of : UNKNOWN;
    const rest = node.rest.map((arg) => this.visit(arg, scope));
    const pointers = {
      element,
      acc: node.name === 'reduce' ? UNKNOWN : undefined,
    };
    const body = node.body ? this.visit(node.body, { ...scope, pointers }) : undefined;
    if (body && testing.has(node.name) && body.kind !== 'bool' && !isUnknown(body)) {
      return this.fail(node.body as Node, `predicate should return boolean (got ${nameOf(body)})`);
    }
    const order = node.name === 'sortBy' ? rest[0] : undefined;
    if (order && order.kind !== 'string' && !isUnknown(order)) {
      return this.fail(node, `invalid argument for sortBy (type ${nameOf(order)})`);
    }
    return predicateType(node.name, list, element, body);
  }

  private visitPointer(node: Extract<Node, { kind: 'pointer' }>, { pointers }: Scope): Type {
    if (!pointers) return this.fail(node, '# is only known inside a predicate');
    if (node.name === '') return pointers.element;
    if (node.name === 'index') return INT;
    return pointers.acc ?? this.fail(node, '#acc is only known inside reduce');
  }

  private orFail(node: Node, type: Type | string): Type {
    return typeof type === 'string' ? this.fail(node, type) : type;
  }

  private fail(node: Node, message: string): never {
    throw new ExpressionError(message, this.source, node.at);
  }
}

/** Functions whose predicate is a test. */
const testing: ReadonlySet<string> = new Set([
  'all',
  'any',
  'one',
  'none',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'count',
]);

function predicateType(name: string, list: Type, element: Type, body: Type | undefined): Type {
  switch (name) {
    case 'all':
    case 'any':
    case 'one':
    case 'none':
      return BOOL;
    case 'filter':
    case 'sortBy':
      return list.kind === 'array' ? list : ANY_LIST;
    case 'map':
      return listOf(body ?? UNKNOWN);
    case 'find':
    case 'findLast':
      return element;
    case 'count':
      return INT;
    case 'sum': {
      const summed = body ?? element;
      return isNumeric(summed) ? summed : UNKNOWN;
    }
    case 'groupBy':
      return ANY_MAP;
    default:
      return UNKNOWN;
  }
}

function literalType(value: Extract<Node, { kind: 'literal' }>['value']): Type {
  if (value === null) return UNKNOWN;
  if (value instanceof Uint8Array) return BYTES;
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'bigint':
      return INT;
    case 'number':
      return FLOAT;
    default:
      return STRING;
  }
}

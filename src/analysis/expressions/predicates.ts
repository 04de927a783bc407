import type { Node } from './ast.ts';
import { sorted } from './builtins/lists.ts';
import { compute } from './compute.ts';
import { Failure } from './error.ts';
import type { Evaluation, Frame } from './frame.ts';
import { isList, isMap, mapEntries, typeName, type Value } from './values.ts';

type PredicateCall = Extract<Node, { kind: 'predicate' }>;

/** Applies a function that evaluates its second argument for each element (ANA §5.2). @throws Failure */
export function evaluatePredicate(evaluator: Evaluation, call: PredicateCall, frame: Frame): Value {
  const { name, body } = call;
  const list = elementsOf(name, evaluator.evaluate(call.list, frame));
  const at = (element: Value, index: number, acc?: Value): Frame => ({
    variables: frame.variables,
    element,
    index,
    ...(acc !== undefined && { acc }),
  });
  const value = (element: Value, index: number): Value =>
    body ? evaluator.evaluate(body, at(element, index)) : element;
  const test = (element: Value, index: number): boolean => {
    const result = value(element, index);
    if (typeof result !== 'boolean')
      throw new Failure(`predicate should return boolean (got ${typeName(result)})`);
    return result;
  };

  switch (name) {
    case 'all':
      return list.every(test);
    case 'any':
      return list.some(test);
    case 'none':
      return !list.some(test);
    case 'one':
      return list.filter(test).length === 1;
    case 'count':
      return BigInt(list.filter(test).length);
    case 'filter':
      evaluator.budget.allocate(list.length);
      return list.filter(test);
    case 'map':
      evaluator.budget.allocate(list.length);
      return list.map(value);
    case 'find':
      return list.find(test) ?? null;
    case 'findLast':
      return list.findLast(test) ?? null;
    case 'findIndex':
      return BigInt(list.findIndex(test));
    case 'findLastIndex':
      return BigInt(list.findLastIndex(test));
    case 'sum':
      return list.reduce<Value>(
        (sum, element, i) => compute('+', '+', sum, value(element, i), evaluator.budget),
        0n,
      );
    case 'groupBy': {
      evaluator.budget.allocate(list.length);
      return Map.groupBy(list, value);
    }
    case 'sortBy': {
      evaluator.budget.allocate(list.length);
      const keys = new Map(list.map((element, i) => [i, value(element, i)]));
      const order = call.rest[0] && evaluator.evaluate(call.rest[0], frame);
      const indexes = sorted(
        list.map((_, i) => BigInt(i)),
        order,
        (i) => keys.get(Number(i)) ?? null,
      );
      return indexes.map((i) => list[Number(i)] ?? null);
    }
    case 'reduce': {
      const initial = call.rest[0] && evaluator.evaluate(call.rest[0], frame);
      if (initial === undefined && list.length === 0)
        throw new Failure('reduce of an empty array needs an initial value');
      const rest = initial === undefined ? list.slice(1) : list;
      return rest.reduce<Value>(
        (acc, element, i) =>
          body ? evaluator.evaluate(body, at(element, initial === undefined ? i + 1 : i, acc)) : acc,
        initial ?? list[0] ?? null,
      );
    }
    default:
      throw new Failure(`unknown name ${name}`);
  }
}

function elementsOf(name: string, value: Value): readonly Value[] {
  if (isList(value)) return value;
  if (isMap(value)) return mapEntries(value).map(([, element]) => element);
  throw new Failure(`builtin ${name} takes only array (got ${typeName(value)})`);
}

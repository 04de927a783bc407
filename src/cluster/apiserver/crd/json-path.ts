import { isObject } from '../schema/json.ts';

/**
 * The simple JSONPath of printer columns and selectable fields: `.spec.size`, `.status.conditions[0].type`,
 * `.metadata.annotations.a\.b/c`, `.status.conditions[?(@.type=="Ready")].status`. Nothing there: no value.
 */
type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'all' }
  | { kind: 'filter'; path: string; value: string };

const stepPattern =
  /\.((?:\\.|[^.[\]\\])+)|\[(-?\d+)\]|\[\*\]|\['([^']+)'\]|\[\?\(\s*@((?:\.[^=!<>\s]+)+)\s*==\s*["']([^"']*)["']\s*\)\]/y;

/** @throws Error when the path is not one */
export function parsePath(path: string): Step[] {
  const text = path.startsWith('{') && path.endsWith('}') ? path.slice(1, -1) : path;
  const steps: Step[] = [];
  stepPattern.lastIndex = 0;
  while (stepPattern.lastIndex < text.length) {
    const at = stepPattern.lastIndex;
    const match = stepPattern.exec(text);
    if (!match)
      throw new Error(
        `cannot read ${JSON.stringify(text.slice(at))} in the JSON path ${JSON.stringify(path)}`,
      );
    const [whole, field, index, quoted, filter, value] = match;
    if (field !== undefined) {
      steps.push(field === '*' ? { kind: 'all' } : { kind: 'field', name: field.replace(/\\(.)/g, '$1') });
    } else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (quoted !== undefined) steps.push({ kind: 'field', name: quoted });
    else if (filter !== undefined) steps.push({ kind: 'filter', path: filter, value: value ?? '' });
    else if (whole === '[*]') steps.push({ kind: 'all' });
  }
  return steps;
}

/** All values at the path. */
export function valuesAt(root: unknown, steps: readonly Step[]): unknown[] {
  return steps.reduce<unknown[]>((values, step) => values.flatMap((value) => take(value, step)), [root]);
}

function take(value: unknown, step: Step): unknown[] {
  const list = Array.isArray(value) ? value : [];
  switch (step.kind) {
    case 'field':
      return isObject(value) && value[step.name] !== undefined ? [value[step.name]] : [];
    case 'index': {
      const item = list.at(step.index);
      return item === undefined ? [] : [item];
    }
    case 'all':
      return isObject(value) ? Object.values(value) : list;
    case 'filter': {
      const inner = parsePath(step.path);
      return list.filter((item) => String(valuesAt(item, inner)[0]) === step.value);
    }
  }
}

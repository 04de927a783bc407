import { parseTemplate, type Segment } from './parse.ts';

/** A path that leads nowhere in this document; the message names the missing key or index. */
export class JsonPathMissing extends Error {
  override name = 'JsonPathMissing';
}

/** A template of kubectl's JSONPath dialect, ready to be applied. */
export interface JsonPath {
  /**
   * What the first part of the template selects, in document order: text outside braces selects itself.
   * @throws JsonPathMissing when a key or index does not exist
   */
  select(document: unknown): unknown[];
}

/** Reads a template such as `{$.items[0].value}`. @throws JsonPathSyntaxError */
export function compileJsonPath(template: string): JsonPath {
  const [first] = parseTemplate(template);
  return {
    select: (document) => {
      if (!first) return [];
      return 'text' in first ? [first.text] : apply(first.path, [document], document);
    },
  };
}

function apply(path: readonly Segment[], start: readonly unknown[], root: unknown): unknown[] {
  return path.reduce<unknown[]>((values, segment) => steps(segment, values, root), [...start]);
}

/** A key must be found in one of the values at least; those without it are passed over. */
function steps(segment: Segment, values: readonly unknown[], root: unknown): unknown[] {
  const found = values.flatMap((value) => step(segment, value, root));
  if (segment.kind === 'field' && found.length === 0 && values.length > 0) {
    throw new JsonPathMissing(`${segment.name} is not found`);
  }
  return found;
}

function step(segment: Segment, value: unknown, root: unknown): unknown[] {
  switch (segment.kind) {
    case 'root':
      return [root];
    case 'field':
      return field(segment.name, value);
    case 'wildcard':
      return members(value);
    case 'recursive':
      return descendants(value);
    case 'slice':
      return slice(segment, value);
    case 'union':
      return segment.paths.flatMap((path) => apply(path, [value], root));
    case 'filter':
      return members(value).filter((member) => matches(segment, member, root));
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function field(name: string, value: unknown): unknown[] {
  return isObject(value) && Object.hasOwn(value, name) ? [value[name]] : [];
}

function members(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

/** The value itself and all below it. */
function descendants(value: unknown): unknown[] {
  return [
    value,
    ...members(value).flatMap((member) => (typeof member === 'object' ? descendants(member) : [])),
  ];
}

function slice({ from, to, step: by }: Extract<Segment, { kind: 'slice' }>, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new JsonPathMissing(`${describe(value)} is not array or slice`);
  if (from !== undefined && to === undefined && by === undefined) {
    const index = from < 0 ? from + value.length : from;
    if (index < 0 || index >= value.length) {
      throw new JsonPathMissing(`array index out of bounds: index ${from}, length ${value.length}`);
    }
    return [value[index]];
  }
  const bound = (at: number) => Math.min(Math.max(at < 0 ? at + value.length : at, 0), value.length);
  return value.slice(bound(from ?? 0), bound(to ?? value.length)).filter((_, i) => i % (by ?? 1) === 0);
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function matches(filter: Extract<Segment, { kind: 'filter' }>, member: unknown, root: unknown): boolean {
  const left = operand(filter.left, member, root);
  if (!filter.operator) return left !== undefined;
  if (left === undefined) return false;
  const right = operand(filter.right, member, root);
  if (right === undefined) return false;
  switch (filter.operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
  }
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) return false;
  const other = right as typeof left;
  switch (filter.operator) {
    case '<':
      return left < other;
    case '>':
      return left > other;
    case '<=':
      return left <= other;
    case '>=':
      return left >= other;
  }
}

/** The first value of a path, or the literal; undefined when the path leads nowhere. */
function operand(
  side: Extract<Segment, { kind: 'filter' }>['left'] | undefined,
  member: unknown,
  root: unknown,
): unknown {
  if (!side) return undefined;
  if ('literal' in side) return side.literal;
  try {
    return apply(side.path, [member], root)[0];
  } catch (error) {
    if (error instanceof JsonPathMissing) return undefined;
    throw error;
  }
}

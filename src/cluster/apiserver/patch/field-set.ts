import { isObject } from '../schema/json.ts';

/**
 * A set of fields of an object, as `managedFields` records who owns what. A tree of path elements in the notation of
 * FieldsV1: `f:name` a field, `k:{"name":"x"}` an element of an associative list, `v:"x"` a member of a set.
 * Sets are never changed once built; operations return new ones.
 */
export interface FieldSet {
  /** Whether the path that leads here is a member itself, and not only paths below it. */
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

/** A field set while it is built. */
export interface MutableFieldSet extends FieldSet {
  member: boolean;
  readonly children: Map<string, MutableFieldSet>;
}

export const emptyFieldSet: FieldSet = { member: false, children: new Map() };

export const newFieldSet = (): MutableFieldSet => ({ member: false, children: new Map() });

/** The child of that path element, made if need be. */
export function descend(set: MutableFieldSet, element: string): MutableFieldSet {
  let child = set.children.get(element);
  if (!child) {
    child = newFieldSet();
    set.children.set(element, child);
  }
  return child;
}

export function isEmpty(set: FieldSet): boolean {
  return !set.member && [...set.children.values()].every(isEmpty);
}

/** Combines two sets member by member; branches that end up empty are left out. */
function combine(a: FieldSet, b: FieldSet, keep: (inA: boolean, inB: boolean) => boolean): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const element of new Set([...a.children.keys(), ...b.children.keys()])) {
    const child = combine(
      a.children.get(element) ?? emptyFieldSet,
      b.children.get(element) ?? emptyFieldSet,
      keep,
    );
    if (child.member || child.children.size > 0) children.set(element, child);
  }
  return { member: keep(a.member, b.member), children };
}

export const union = (a: FieldSet, b: FieldSet) => combine(a, b, (x, y) => x || y);
export const difference = (a: FieldSet, b: FieldSet) => combine(a, b, (x, y) => x && !y);
export const intersection = (a: FieldSet, b: FieldSet) => combine(a, b, (x, y) => x && y);

/** The set with every field that leads to a member. */
export function withParents(set: FieldSet): FieldSet {
  const children = new Map([...set.children].map(([element, child]) => [element, withParents(child)]));
  return { member: set.member || children.size > 0, children };
}

export const sameFields = (a: FieldSet, b: FieldSet) => isEmpty(combine(a, b, (x, y) => x !== y));

/** Reads `fieldsV1`. */
export function decodeFields(json: unknown): FieldSet {
  const children = new Map<string, FieldSet>();
  if (!isObject(json)) return emptyFieldSet;
  for (const [element, child] of Object.entries(json)) {
    if (element === '.') continue;
    const decoded = decodeFields(child);
    const isLeaf = decoded.children.size === 0;
    children.set(element, isLeaf ? { ...decoded, member: true } : decoded);
  }
  return { member: '.' in json, children };
}

/** Writes `fieldsV1`, in the order that Kubernetes writes it. */
export function encodeFields(set: FieldSet): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  if (set.member && set.children.size > 0) result['.'] = {};
  for (const element of [...set.children.keys()].sort(compareElements)) {
    result[element] = encodeFields(set.children.get(element) ?? emptyFieldSet);
  }
  return result;
}

const elementOrder = 'fkvi';

function compareElements(a: string, b: string): number {
  const kind = elementOrder.indexOf(a[0] ?? '') - elementOrder.indexOf(b[0] ?? '');
  return kind || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * The members as paths for people, e.g. `.spec.containers[name="main"].image`; sorted, those of one level before those
 * below it.
 */
export function memberPaths(set: FieldSet, path = ''): string[] {
  const children = [...set.children]
    .sort(([a], [b]) => compareElements(a, b))
    .map(([element, child]) => ({ child, at: path + elementText(element) }));
  return [
    ...children.filter(({ child }) => child.member).map(({ at }) => at),
    ...children.flatMap(({ child, at }) => memberPaths(child, at)),
  ];
}

function elementText(element: string): string {
  const value = element.slice(2);
  if (element.startsWith('f:')) return `.${value}`;
  if (!element.startsWith('k:')) return `[${element.startsWith('v:') ? '=' : ''}${value}]`;
  const key = JSON.parse(value) as Record<string, unknown>;
  return `[${Object.entries(key)
    .map(([name, part]) => `${name}=${JSON.stringify(part)}`)
    .join(',')}]`;
}

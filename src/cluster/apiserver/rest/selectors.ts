import type { KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { badRequest } from '../status.ts';

/** Whether an object is selected. */
export type Matches = (object: KubeObject) => boolean;

/**
 * The predicate of a request's `labelSelector` and `fieldSelector`; undefined when there is neither.
 * @throws StatusError 400 when one cannot be read, or names a field that the kind does not select by
 */
export function parseSelectors(kind: Kind, query: URLSearchParams): Matches | undefined {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(kind, query.get('fieldSelector') ?? '');
  if (!labels) return fields;
  if (!fields) return labels;
  return (object) => labels(object) && fields(object);
}

const KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

type Requirement = (labels: Record<string, string>) => boolean;

/** A label selector in its string form, e.g. `app=x,tier in (a,b),!old`; undefined when empty. */
function parseLabelSelector(text: string): Matches | undefined {
  const requirements = splitTop(text).map(parseRequirement);
  if (requirements.length === 0) return undefined;
  return ({ metadata }) => {
    const labels = metadata?.labels ?? {};
    return requirements.every((requirement) => requirement(labels));
  };
}

/** Splits at commas outside of parentheses. */
function splitTop(text: string): string[] {
  if (text.trim() === '') return [];
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '(') depth += 1;
    else if (text[i] === ')') depth -= 1;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

function parseRequirement(text: string): Requirement {
  const negated = text.startsWith('!');
  const rest = negated ? text.slice(1).trim() : text;
  const key = KEY.exec(rest)?.[0];
  if (!key) throw unparsable(`found '${rest}', expected: identifier`);
  const operation = rest.slice(key.length).trim();
  if (negated) {
    if (operation !== '') throw unparsable(`found '${operation}', expected: ',' or end of string`);
    return (labels) => !(key in labels);
  }
  if (operation === '') return (labels) => key in labels;
  const set = /^(in|notin)\b\s*(.*)$/.exec(operation);
  if (set) return setRequirement(key, set[1] === 'in', set[2]!);
  const comparison = /^(==|=|!=|<|>)\s*(.*)$/.exec(operation);
  if (!comparison) {
    throw unparsable(`found '${operation}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  return compareRequirement(key, comparison[1]!, checkedValue(comparison[2]!));
}

function setRequirement(key: string, wanted: boolean, list: string): Requirement {
  if (!list.startsWith('(')) throw unparsable(`found '${list}', expected: '('`);
  if (!list.endsWith(')')) throw unparsable(`found '', expected: ',' or ')'`);
  const values = new Set(
    list
      .slice(1, -1)
      .split(',')
      .map((value) => checkedValue(value.trim())),
  );
  return wanted
    ? (labels) => key in labels && values.has(labels[key]!)
    : (labels) => !(key in labels && values.has(labels[key]!));
}

function compareRequirement(key: string, operator: string, value: string): Requirement {
  if (operator === '!=') return (labels) => labels[key] !== value;
  if (operator === '<' || operator === '>') {
    const bound = Number(value);
    if (!/^-?\d+$/.test(value)) {
      throw unparsable(
        `values[0][${key}]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    return (labels) => {
      if (!/^-?\d+$/.test(labels[key] ?? '')) return false;
      return operator === '<' ? Number(labels[key]) < bound : Number(labels[key]) > bound;
    };
  }
  return (labels) => labels[key] === value;
}

function checkedValue(value: string): string {
  if (value.length > 63 || !VALUE.test(value)) {
    throw unparsable(
      `values: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of at most ` +
        `63 alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    );
  }
  return value;
}

const unparsable = (problem: string) => badRequest(`unable to parse requirement: ${problem}`);

/** Fields that every kind is selected by. */
function fieldsOf(kind: Kind, object: KubeObject): Record<string, string> {
  return {
    'metadata.name': object.metadata?.name ?? '',
    ...(kind.namespaced && { 'metadata.namespace': object.metadata?.namespace ?? '' }),
    ...kind.strategy.fields?.(kind.strategy.fromStorage?.(object) ?? object),
  };
}

/** A field selector in its string form, e.g. `spec.nodeName=n,status.phase!=Failed`; undefined when empty. */
export function parseFieldSelector(kind: Kind, text: string): Matches | undefined {
  if (text.trim() === '') return undefined;
  const known = fieldsOf(kind, { metadata: {} });
  const terms = fieldTerms(text);
  const unknown = terms.find(({ field }) => !(field in known));
  if (unknown) throw unknownField(kind, unknown.field);
  return (object) => {
    const fields = fieldsOf(kind, object);
    return terms.every(({ field, equal, value }) => (fields[field] === value) === equal);
  };
}

/** One comparison of a field selector. */
interface FieldTerm {
  field: string;
  /** `=` or `==`, as opposed to `!=`. */
  equal: boolean;
  value: string;
}

/** The comparisons of a field selector, whichever its fields. @throws StatusError 400 when it cannot be read */
export function fieldTerms(text: string): FieldTerm[] {
  return text
    .split(/(?<!\\),/)
    .filter((term) => term.trim() !== '')
    .map((term) => {
      const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
      if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
      const [, field = '', operator, value = ''] = match;
      return { field, equal: operator !== '!=', value: value.replace(/\\([\\,=])/g, '$1') };
    });
}

function unknownField(kind: Kind, field: string) {
  if (kind.strategy.fields) return badRequest(`field label not supported: ${field}`);
  return badRequest(
    `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

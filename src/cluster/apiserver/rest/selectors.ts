import type { KubeObject } from '../../../api/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { badRequest } from '../status.ts';
import { parseLabelSelector } from './label-selector.ts';

/** Whether an object is selected. */
export type Matches = (object: KubeObject) => boolean;

/**
 * The predicate of a request's `labelSelector` and `fieldSelector`; undefined when there is neither.
 * @throws StatusError 400 when one cannot be read, or names a field that the kind does not select by
 */
export function parseSelectors(kind: Kind, query: URLSearchParams): Matches | undefined {
  const selected = parseLabelSelector(query.get('labelSelector') ?? '');
  const labels = selected && (({ metadata }: KubeObject) => selected(metadata?.labels ?? {}));
  const fields = parseFieldSelector(kind, query.get('fieldSelector') ?? '');
  if (!labels) return fields;
  if (!fields) return labels;
  return (object) => labels(object) && fields(object);
}

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
  if (text === '') return undefined;
  const known = fieldsOf(kind, { metadata: {} });
  const terms = fieldTerms(text);
  const unknown = terms.find(({ field }) => !Object.hasOwn(known, field));
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
    .filter((term) => term !== '')
    .map((term) => {
      const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
      if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
      const [, field = '', operator, value = ''] = match;
      return { field, equal: operator !== '!=', value: unescaped(value) };
    });
}

/** A value without its escapes; what separates terms must have one. @throws StatusError 400 */
function unescaped(value: string): string {
  return value.replace(/\\([\s\S]?)|[,=]/g, (found: string, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    }
    if (escaped === '' || !'\\,='.includes(escaped)) {
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
    }
    return escaped;
  });
}

function unknownField(kind: Kind, field: string) {
  const { unknownFieldText } = kind.strategy;
  if (unknownFieldText) return badRequest(unknownFieldText(field));
  if (kind.strategy.fields) return badRequest(`field label not supported: ${field}`);
  return badRequest(
    `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

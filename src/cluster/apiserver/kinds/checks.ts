import { equal } from '../../../api/index.ts';
import { type FieldError, Verbatim } from '../errors.ts';

/** Field errors in Kubernetes' words, for the rules of the built-in kinds. */
export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  detail,
});

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  value,
  detail,
});

export const forbidden = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  detail,
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  value,
  detail: '',
});

export const notFound = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  value,
  detail: '',
});

/** Refuses a value that is not among those supported; absent is for others to refuse. */
export function oneOf(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (value === undefined || supported.includes(value)) return [];
  const list = supported.map((item) => JSON.stringify(item)).join(', ');
  return [{ type: 'FieldValueNotSupported', field, value, detail: `supported values: ${list}` }];
}

export function nonNegative(field: string, value: number | undefined): FieldError[] {
  if (value === undefined || value >= 0) return [];
  return [invalid(field, value, 'must be greater than or equal to 0')];
}

export function positive(field: string, value: number | undefined): FieldError[] {
  return value === undefined || value > 0 ? [] : [invalid(field, value, 'must be greater than 0')];
}

/** One error per problem that a rule for names has with the value. */
export function check(field: string, value: string, rule: (value: string) => string[]): FieldError[] {
  return rule(value).map((problem) => invalid(field, value, problem));
}

export function immutable(field: string, next: unknown, old: unknown): FieldError[] {
  return equal(next, old) ? [] : [invalid(field, next, 'field is immutable')];
}

/** Labels as Go prints them, which is how they are quoted: `map[string]string{"app":"web"}`. */
export function goStringMap(map: Record<string, string> | undefined): Verbatim {
  const entries = Object.entries(sortedMap(map) ?? {});
  const text = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(', ');
  return new Verbatim(map ? `map[string]string{${text}}` : 'map[string]string(nil)');
}

export const goStrings = (list: readonly string[]) =>
  new Verbatim(`[]string{${list.map((item) => JSON.stringify(item)).join(', ')}}`);

/** Texts by name as messages quote them: sorted; null where there are none. */
export const sortedMap = (map: Record<string, string> | undefined) =>
  map ? Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))) : null;

/** A count, or a share such as `25%`. */
export function countOrPercent(field: string, value: number | string | undefined): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return nonNegative(field, value);
  if (/^\d+%$/.test(value)) return [];
  const problem =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
  return [invalid(field, value, problem)];
}

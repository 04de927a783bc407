import { type FieldError, Verbatim } from '../errors.ts';
import { badRequest, invalid } from '../status.ts';

/** Query parameters of writes. */
export interface WriteOptions {
  dryRun: boolean;
  /** Who is recorded in managedFields. */
  fieldManager: string;
  fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** For server-side apply: take fields from other managers; undefined: not said. */
  force: boolean | undefined;
}

const VALIDATIONS = ['Ignore', 'Warn', 'Strict'] as const;
const MANAGER_MAX = 128;

/**
 * Reads the options of a write.
 * @param kind the options' own kind, for messages: `CreateOptions`, `UpdateOptions`, `PatchOptions`
 * @throws StatusError 422 naming each refused option
 */
export function parseWriteOptions(
  query: URLSearchParams,
  userAgent: string | undefined,
  kind: string,
): WriteOptions {
  const errors: FieldError[] = [];
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  if (!VALIDATIONS.includes(fieldValidation as never)) {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'fieldValidation',
      value: fieldValidation,
      detail: 'supported values: "", "Ignore", "Strict", "Warn"',
    });
  }
  const fieldManager = query.get('fieldManager') ?? '';
  if (fieldManager.length > MANAGER_MAX) {
    errors.push({
      type: 'FieldValueTooLong',
      field: 'fieldManager',
      detail: `may not be more than ${MANAGER_MAX} bytes`,
    });
  }
  if (/\p{C}|\p{Zl}|\p{Zp}/u.test(fieldManager)) {
    errors.push({
      type: 'FieldValueInvalid',
      field: 'fieldManager',
      value: fieldManager,
      detail: 'should only contain printable characters',
    });
  }
  const dryRun = parseDryRun(query.getAll('dryRun'), errors);
  const force = parseFlag(query, 'force');
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun,
    fieldManager: fieldManager || managerOf(userAgent),
    fieldValidation: fieldValidation as WriteOptions['fieldValidation'],
    force,
  };
}

/** Whether `dryRun=All` is asked for; other values are added to the errors. */
export function parseDryRun(values: readonly string[], errors: FieldError[]): boolean {
  const unknown = values.filter((value) => value !== 'All' && value !== '');
  if (unknown.length > 0) {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'dryRun',
      value: new Verbatim(`[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`),
      detail: 'supported values: "All"',
    });
  }
  return values.includes('All');
}

/** A boolean query parameter; undefined when absent. As in kube-apiserver only `0` and `false` are false. */
export function parseFlag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  return value !== '0' && value.toLowerCase() !== 'false';
}

/** A whole-number query parameter; undefined when absent or negative. @throws StatusError 400 */
export function parseCount(query: URLSearchParams, name: string): number | undefined {
  const value = parseWhole(query, name);
  return value === undefined || value < 0 ? undefined : value;
}

/** A whole-number query parameter; undefined when absent. @throws StatusError 400 */
export function parseWhole(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^[+-]?\d{1,15}$/.test(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  return Number(value);
}

/** The part of the user agent before the slash, as Kubernetes names managers that do not name themselves. */
function managerOf(userAgent: string | undefined): string {
  return (userAgent?.split('/')[0] ?? '').slice(0, MANAGER_MAX) || 'unknown';
}

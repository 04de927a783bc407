import { type FieldError, Verbatim } from '../errors.ts';
import { goQuote, isPrintable } from '../go-quote.ts';
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

/** What a patch is, since its options depend on it. */
export type PatchForm = 'apply' | 'other';

/**
 * Reads the options of a write.
 * @param kind the options' own kind, for messages: `CreateOptions`, `UpdateOptions`, `PatchOptions`
 * @param patch undefined when it is no patch
 * @throws StatusError 422 naming each refused option
 */
export function parseWriteOptions(
  query: URLSearchParams,
  userAgent: string | undefined,
  kind: string,
  patch?: PatchForm,
): WriteOptions {
  const errors: FieldError[] = [];
  const fieldManager = query.get('fieldManager') ?? '';
  const force = parseFlag(query, 'force');
  if (patch === 'apply' && fieldManager === '') {
    errors.push({
      type: 'FieldValueRequired',
      field: 'fieldManager',
      detail: 'is required for apply patch',
    });
  }
  if (patch === 'other' && force !== undefined) {
    errors.push({
      type: 'FieldValueForbidden',
      field: 'force',
      detail: 'may not be specified for non-apply patch',
    });
  }
  errors.push(...managerErrors(fieldManager));
  const dryRun = parseDryRun(query.getAll('dryRun'), errors);
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  if (!VALIDATIONS.includes(fieldValidation as never)) {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'fieldValidation',
      value: fieldValidation,
      detail: 'supported values: "", "Ignore", "Strict", "Warn"',
    });
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun,
    fieldManager: fieldManager || managerOf(userAgent),
    fieldValidation: fieldValidation as WriteOptions['fieldValidation'],
    force,
  };
}

function managerErrors(fieldManager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(fieldManager) > MANAGER_MAX) {
    errors.push({
      type: 'FieldValueTooLong',
      field: 'fieldManager',
      detail: `may not be more than ${MANAGER_MAX} bytes`,
    });
  }
  let position = 0;
  for (const char of fieldManager) {
    if (!isPrintable(char)) {
      const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push({
        type: 'FieldValueInvalid',
        field: 'fieldManager',
        value: new Verbatim(goQuote(fieldManager)),
        detail: `invalid character U+${code} (at position ${position})`,
      });
    }
    position += Buffer.byteLength(char);
  }
  return errors;
}

/** Whether `dryRun=All` is asked for; other values are added to the errors. */
export function parseDryRun(values: readonly string[], errors: FieldError[]): boolean {
  if (values.some((value) => value !== 'All')) {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'dryRun',
      value: values,
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
  if (value === null) return undefined;
  const problem = wholeProblem(value, -(2n ** 63n), 2n ** 63n - 1n);
  if (problem) throw badRequest(`strconv.ParseInt: parsing ${goQuote(value)}: ${problem}`);
  return Number(value);
}

/** What is wrong with a text that should be a whole number within bounds; undefined when nothing is. */
export function wholeProblem(text: string, least: bigint, most: bigint): string | undefined {
  if (!/^[+-]?\d+$/.test(text) || (least >= 0n && /^[+-]/.test(text))) return 'invalid syntax';
  const number = BigInt(text.replace(/^\+/, ''));
  return number < least || number > most ? 'value out of range' : undefined;
}

/** The part of the user agent before the slash, as Kubernetes names managers that do not name themselves. */
function managerOf(userAgent: string | undefined): string {
  return (userAgent?.split('/')[0] ?? '').slice(0, MANAGER_MAX) || 'unknown';
}

import { parseTime } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { badRequest, invalid } from '../status.ts';

/**
 * Checks the options of a request for a log before a node is asked.
 * @throws StatusError 400 for what is no number or time, 422 naming each refused option
 */
export function checkLogOptions(query: URLSearchParams, pod: string): void {
  const errors: FieldError[] = [];
  const refuse = (field: string, value: number, detail: string) =>
    errors.push({ type: 'FieldValueInvalid', field, value, detail });
  const tailLines = wholeNumber(query, 'tailLines');
  const limitBytes = wholeNumber(query, 'limitBytes');
  const sinceSeconds = wholeNumber(query, 'sinceSeconds');
  if (tailLines !== undefined && tailLines < 0) {
    refuse('tailLines', tailLines, 'must be greater than or equal to 0');
  }
  if (limitBytes !== undefined && limitBytes < 1) refuse('limitBytes', limitBytes, 'must be greater than 0');
  if (sinceSeconds !== undefined && query.get('sinceTime')) {
    errors.push({
      type: 'FieldValueForbidden',
      field: 'sinceSeconds',
      detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified',
    });
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    refuse('sinceSeconds', sinceSeconds, 'must be greater than 0');
  }
  const sinceTime = query.get('sinceTime');
  if (sinceTime && parseTime(sinceTime) === undefined) {
    throw badRequest(
      `sinceTime: ${JSON.stringify(sinceTime)} is no RFC 3339 time such as 2026-01-31T12:00:00Z`,
    );
  }
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, errors);
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

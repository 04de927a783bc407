import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from 'kubernetes-types/batch/v1.d.ts';
import { type FieldError, Verbatim } from '../errors.ts';
import { qualifiedName } from '../schema/names.ts';
import { check, duplicate, invalid, nonNegative, oneOf, required } from './checks.ts';

/** The rules of a Job on failures of its pods, and on when enough of them have succeeded. */

const MAX_RULES = 20;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const quoted = (values: readonly string[]) => values.map((value) => JSON.stringify(value)).join(', ');

/** The message shows no value where a whole rule is meant. */
const NO_VALUE = new Verbatim('');

function atMost(field: string, items: readonly unknown[] | undefined, limit: number): FieldError[] {
  const count = items?.length ?? 0;
  if (count <= limit) return [];
  return [{ type: 'FieldValueTooMany', field, detail: `${count}: must have at most ${limit} items` }];
}

export function validateFailurePolicy(spec: JobSpec, field: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = [...containers, ...initContainers].map(({ name }) => name);
  const perIndex = spec.backoffLimitPerIndex !== undefined;
  return [
    ...atMost(`${field}.rules`, rules, MAX_RULES),
    ...rules.flatMap((rule, i) => validateRule(rule, `${field}.rules[${i}]`, names, perIndex)),
  ];
}

function validateRule(
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  field: string,
  names: readonly string[],
  perIndex: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!action) errors.push(required(`${field}.action`, `valid values: ${quoted(actions)}`));
  else if (action === 'FailIndex' && !perIndex) {
    errors.push(invalid(`${field}.action`, action, 'requires the backoffLimitPerIndex to be set'));
  } else errors.push(...oneOf(`${field}.action`, action, actions));
  if (onExitCodes) errors.push(...validateExitCodes(onExitCodes, `${field}.onExitCodes`, names));
  for (const [i, { type, status }] of onPodConditions.entries()) {
    const at = `${field}.onPodConditions[${i}]`;
    errors.push(...check(`${at}.type`, type, qualifiedName));
    errors.push(...oneOf(`${at}.status`, status, ['False', 'True', 'Unknown']));
  }
  errors.push(...atMost(`${field}.onPodConditions`, onPodConditions, MAX_RULES));
  if (onExitCodes && onPodConditions.length > 0) {
    errors.push(invalid(field, NO_VALUE, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  } else if (!onExitCodes && onPodConditions.length === 0) {
    errors.push(invalid(field, NO_VALUE, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

function validateExitCodes(
  { operator, values, containerName }: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  field: string,
  names: readonly string[],
): FieldError[] {
  const errors: FieldError[] = [];
  if (!operator) errors.push(required(`${field}.operator`, `valid values: ${quoted(operators)}`));
  else errors.push(...oneOf(`${field}.operator`, operator, operators));
  if (containerName !== undefined && !names.includes(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${field}.containerName`, containerName, detail));
  }
  if (!values?.length) errors.push(invalid(`${field}.values`, [], 'at least one value is required'));
  errors.push(...atMost(`${field}.values`, values, 255));
  for (const [i, value] of (values ?? []).entries()) {
    const at = `${field}.values[${i}]`;
    if (operator === 'In' && value === 0) errors.push(invalid(at, 0, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < i) errors.push(duplicate(at, value));
  }
  if (values?.some((value, i) => i > 0 && value < (values[i - 1] ?? value))) {
    errors.push(invalid(`${field}.values`, values, 'must be ordered'));
  }
  return errors;
}

export function validateSuccessPolicy(spec: JobSpec, field: string): FieldError[] {
  const { successPolicy, completionMode, completions = 0 } = spec;
  if (!successPolicy) return [];
  if (completionMode !== 'Indexed') {
    return [invalid(field, successPolicy, 'requires indexed completion mode')];
  }
  const rules = successPolicy.rules ?? [];
  if (rules.length === 0) {
    const detail = 'at least one rules must be specified when the successPolicy is specified';
    return [required(`${field}.rules`, detail)];
  }
  return [
    ...atMost(`${field}.rules`, rules, MAX_RULES),
    ...rules.flatMap((rule, i) => validateSuccessRule(rule, `${field}.rules[${i}]`, completions)),
  ];
}

function validateSuccessRule(
  { succeededCount, succeededIndexes }: SuccessPolicyRule,
  field: string,
  completions: number,
): FieldError[] {
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return [required(field, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  const errors = nonNegative(`${field}.succeededCount`, succeededCount);
  if (succeededCount !== undefined && succeededCount > completions) {
    const detail = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(invalid(`${field}.succeededCount`, succeededCount, detail));
  }
  const problem = succeededIndexes === undefined ? undefined : indexesProblem(succeededIndexes, completions);
  if (problem !== undefined) {
    const detail = `error parsing succeededIndexes: ${problem}`;
    errors.push(invalid(`${field}.succeededIndexes`, succeededIndexes, detail));
  }
  return errors;
}

/** `0-2,4`: numbers and ranges in order, below the number of completions. */
function indexesProblem(text: string, completions: number): string | undefined {
  let last = -1;
  for (const part of text.split(',')) {
    const [first = '', end = first, ...more] = part.split('-');
    if (more.length > 0)
      return `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`;
    for (const number of [first, end]) {
      if (!/^\d+$/.test(number)) {
        return `cannot convert string to integer for index: ${JSON.stringify(number)}`;
      }
      if (Number(number) >= completions) return `too large index: ${JSON.stringify(number)}`;
    }
    if (Number(first) <= last || Number(end) < Number(first))
      return `non-increasing order, previous: ${last}, current: ${first}`;
    last = Number(end);
  }
  return undefined;
}

import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { matchesSelector } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { validateLabels } from '../schema/metadata.ts';
import { labelValue, qualifiedName } from '../schema/names.ts';
import { check, forbidden, goStringMap, invalid, required, sortedMap } from './checks.ts';

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Problems of a label selector. */
export function validateSelector(selector: LabelSelector | undefined, field: string): FieldError[] {
  const errors = validateLabels(selector?.matchLabels, `${field}.matchLabels`);
  for (const [i, { key, operator, values = [] }] of (selector?.matchExpressions ?? []).entries()) {
    const at = `${field}.matchExpressions[${i}]`;
    if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
      errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
      errors.push(
        forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    } else if (!operators.includes(operator)) {
      errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'));
    }
    errors.push(...check(`${at}.key`, key, qualifiedName));
    for (const [j, value] of values.entries()) errors.push(...check(`${at}.values[${j}]`, value, labelValue));
  }
  return errors;
}

/**
 * What workloads ask of their selector: there is one, it is not empty, it can be read, and it selects the template's
 * pods.
 * @param owner what messages call the workload
 */
export function validatePodSelector(
  selector: LabelSelector | undefined,
  labels: Record<string, string> | undefined,
  owner: 'daemonset' | 'deployment' | 'statefulset',
): FieldError[] {
  const errors = validateSelector(selector, 'spec.selector');
  const isUnreadable = errors.length > 0;
  // What a DaemonSet says of a selector that is not there is that it selects nothing.
  if (!selector && owner !== 'daemonset') errors.push(required('spec.selector'));
  const isEmpty = selector && !selector.matchLabels && !selector.matchExpressions?.length;
  if (isEmpty) errors.push(invalid('spec.selector', {}, `empty selector is invalid for ${owner}`));
  if (isUnreadable) {
    const detail = owner === 'deployment' ? 'invalid label selector' : '';
    if (owner !== 'daemonset') errors.push(invalid('spec.selector', quotedSelector(selector), detail));
  } else if (!isEmpty && !(selector && matchesSelector(selector, labels))) {
    errors.push(mismatch(labels));
  }
  return errors;
}

/** A template whose pods its workload would not find. */
export const mismatch = (labels: Record<string, string> | undefined): FieldError =>
  invalid(
    'spec.template.metadata.labels',
    goStringMap(labels),
    '`selector` does not match template `labels`',
  );

/** A selector as the errors that are about the whole of it quote it. */
export function quotedSelector(selector: LabelSelector | undefined) {
  if (!selector) return null;
  const { matchLabels, matchExpressions } = selector;
  return {
    ...(matchLabels && { matchLabels: sortedMap(matchLabels) }),
    ...(matchExpressions && { matchExpressions }),
  };
}

import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { matchesSelector } from '../../../api/index.ts';
import { type FieldError, Verbatim } from '../errors.ts';
import { validateLabels } from '../schema/metadata.ts';
import { labelValue, qualifiedName } from '../schema/names.ts';
import { check, forbidden, goStringMap, invalid, required } from './checks.ts';

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

/** What workloads ask of their selector: there is one, it is not empty, and it selects the template's pods. */
export function validatePodSelector(
  selector: LabelSelector | undefined,
  labels: Record<string, string> | undefined,
): FieldError[] {
  if (!selector) return [required('spec.selector')];
  const errors = validateSelector(selector, 'spec.selector');
  if (!selector.matchLabels && !selector.matchExpressions?.length) {
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for workloads'));
  } else if (errors.length === 0 && !matchesSelector(selector, labels)) {
    const detail = '`selector` does not match template `labels`';
    errors.push(invalid('spec.template.metadata.labels', goStringMap(labels), detail));
  }
  return errors;
}

/** A selector as Go prints it, for the errors that quote one. */
export function goSelector(selector: LabelSelector | undefined): Verbatim {
  if (!selector) return new Verbatim('nil');
  const expressions = selector.matchExpressions?.map(
    ({ key, operator, values }) =>
      `v1.LabelSelectorRequirement{Key:${JSON.stringify(key)}, Operator:${JSON.stringify(operator)}, Values:[]string{${(values ?? []).map((value) => JSON.stringify(value)).join(', ')}}}`,
  );
  const list = expressions
    ? `[]v1.LabelSelectorRequirement{${expressions.join(', ')}}`
    : '[]v1.LabelSelectorRequirement(nil)';
  return new Verbatim(
    `v1.LabelSelector{MatchLabels:${goStringMap(selector.matchLabels).text}, MatchExpressions:${list}}`,
  );
}

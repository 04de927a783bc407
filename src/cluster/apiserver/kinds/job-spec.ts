import type { Job, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import { equal } from '../../../api/index.ts';
import { type FieldError, Verbatim } from '../errors.ts';
import { dnsSubdomain } from '../schema/names.ts';
import { check, immutable, invalid, nonNegative, oneOf, required } from './checks.ts';
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts';
import { validateTemplate } from './pods/validate.ts';
import { validateSelector } from './selectors.ts';

const restartPolicies = ['OnFailure', 'Never'];
const MAX_INDEXED = 100_000;

/** What of a Job's spec Kubernetes refuses, in its order and words. */
export function validateJobSpec(spec: JobSpec | undefined, field: string): FieldError[] {
  if (!spec) return [required(field)];
  return [
    ...nonNegative(`${field}.parallelism`, spec.parallelism),
    ...nonNegative(`${field}.completions`, spec.completions),
    ...nonNegative(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds),
    ...nonNegative(`${field}.backoffLimit`, spec.backoffLimit),
    ...nonNegative(`${field}.ttlSecondsAfterFinished`, spec.ttlSecondsAfterFinished),
    ...validateIndexed(spec, field),
    ...(spec.managedBy === undefined ? [] : check(`${field}.managedBy`, spec.managedBy, domainPath)),
    ...validateFailurePolicy(spec, `${field}.podFailurePolicy`),
    ...validateSuccessPolicy(spec, `${field}.successPolicy`),
    ...oneOf(
      `${field}.podReplacementPolicy`,
      spec.podReplacementPolicy,
      spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'],
    ),
    ...validateSelector(spec.selector, `${field}.selector`),
    ...validatePods(spec, field),
  ];
}

/** What only Jobs whose pods are numbered may have, and what these must have. */
function validateIndexed(spec: JobSpec, field: string): FieldError[] {
  const { completionMode, completions, parallelism, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const errors = [
    ...nonNegative(`${field}.backoffLimitPerIndex`, backoffLimitPerIndex),
    ...nonNegative(`${field}.maxFailedIndexes`, maxFailedIndexes),
    ...oneOf(`${field}.completionMode`, completionMode, ['Indexed', 'NonIndexed']),
  ];
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (completionMode !== 'Indexed') {
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[name] === undefined) continue;
      errors.push(invalid(`${field}.${name}`, spec[name], 'requires indexed completion mode'));
    }
    return errors;
  }
  if (completions === undefined) {
    errors.push(required(`${field}.completions`, 'when completion mode is Indexed'));
  }
  if (parallelism !== undefined && parallelism > MAX_INDEXED) {
    const detail = `must be less than or equal to ${MAX_INDEXED} when completion mode is Indexed`;
    errors.push(invalid(`${field}.parallelism`, parallelism, detail));
  }
  if (maxFailedIndexes !== undefined && completions !== undefined && maxFailedIndexes > completions) {
    const detail = 'must be less than or equal to completions';
    errors.push(invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, detail));
  }
  return errors;
}

function validatePods({ template, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  const policy = template?.spec?.restartPolicy;
  const at = `${field}.template.spec.restartPolicy`;
  const errors = validateTemplate(template, `${field}.template`, [...restartPolicies, 'Always']);
  // Kubernetes words this one as a missing value, since Always is what it fills in.
  if (policy === 'Always') errors.push(required(at, 'valid values: "OnFailure", "Never"'));
  else if (policy === 'OnFailure' && podFailurePolicy) {
    errors.push(invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified'));
  }
  return errors;
}

/** The name of a controller, as `example.com/name`. */
function domainPath(value: string): string[] {
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) {
    return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  }
  return dnsSubdomain(value.slice(0, slash));
}

const fixed = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const;

/** What may not change in a Job once it exists. */
export function validateJobUpdate({ spec: next }: Job, { spec: old, status }: Job): FieldError[] {
  const errors: FieldError[] = [];
  if (old?.completionMode !== 'Indexed') {
    errors.push(...immutable('spec.completions', next?.completions, old?.completions));
  } else if (next?.completions !== old.completions && next?.completions !== next?.parallelism) {
    const detail = 'can only be modified in tandem with spec.parallelism';
    errors.push(invalid('spec.completions', next?.completions, detail));
  }
  for (const name of fixed) errors.push(...immutable(`spec.${name}`, next?.[name], old?.[name]));
  // Where its pods may run can still be said before the first one starts.
  const isOpen = old?.suspend === true && status?.startTime === undefined;
  const [after, before] = [next?.template, old?.template].map((each) =>
    isOpen ? withoutPlacement(each) : each,
  );
  if (!equal(after, before)) {
    errors.push(invalid('spec.template', new Verbatim('core.PodTemplateSpec{…}'), 'field is immutable'));
  }
  return errors;
}

function withoutPlacement(template: PodTemplateSpec | undefined) {
  const {
    nodeSelector: _selector,
    affinity: _affinity,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...spec
  } = template?.spec ?? {};
  const { labels: _labels, annotations: _annotations, ...metadata } = template?.metadata ?? {};
  return { metadata, spec };
}

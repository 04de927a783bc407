import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { matchesSelector, type RolloutSpec } from '../../api/index.ts';
import { blueGreenErrors } from './bluegreen.ts';
import { canaryErrors } from './canary.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { podTemplateErrors } from './pod-template.ts';

const DEFAULT_DEADLINE_SECONDS = 600;

/** What is wrong with a spec, in the order in which it is to be told (CAN §2.5, BGW §14.2). */
export function* specErrors(spec: RolloutSpec): Generator<FieldError> {
  yield* notNegative('spec.replicas', spec.replicas);
  if (!spec.workloadRef) {
    yield* selectorErrors(spec.selector);
    yield* templateErrors(spec);
  }
  yield* notNegative('spec.minReadySeconds', spec.minReadySeconds);
  yield* notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  yield* notNegative('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds);
  const deadline = spec.progressDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS;
  if (deadline <= (spec.minReadySeconds ?? 0)) {
    yield invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
  }
  const { canary, blueGreen } = spec.strategy ?? {};
  const path = 'spec.strategy.strategy';
  if (canary && blueGreen) {
    yield invalid(path, 'blueGreen: true canary: true', 'Multiple Strategies can not be listed');
  } else if (canary) {
    yield* canaryErrors(canary);
    yield* metadataErrors(spec);
  } else if (blueGreen) yield* blueGreenErrors(blueGreen, spec);
  else {
    yield required(path, "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'");
  }
}

/** Pods that change a label which the selector asks for would leave their ReplicaSet (CAN §10). */
function* metadataErrors({ selector, strategy }: RolloutSpec): Generator<FieldError> {
  const selected = new Set([
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map(({ key }) => key),
  ]);
  for (const field of ['canaryMetadata', 'stableMetadata'] as const) {
    for (const [key, value] of Object.entries(strategy?.canary?.[field]?.labels ?? {})) {
      if (!selected.has(key)) continue;
      yield invalid(
        `spec.strategy.${field}.labels[${key}]`,
        value,
        'must not be a label that spec.selector uses',
      );
    }
  }
}

function* notNegative(path: string, value: number | undefined): Generator<FieldError> {
  if (value !== undefined && value < 0) yield invalid(path, value, 'must be greater than or equal to 0');
}

function* selectorErrors(selector: LabelSelector | undefined): Generator<FieldError> {
  const path = 'spec.selector';
  if (!selector) {
    yield required(path, "Rollout has missing field '.spec.selector'");
    return;
  }
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) {
    yield invalid(path, selector, 'empty selector is invalid for deployment');
  }
  for (const [i, { operator, values = [] }] of matchExpressions.entries()) {
    const at = `${path}.matchExpressions[${i}]`;
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) {
        yield required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      }
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) {
        yield invalid(
          `${at}.values`,
          values,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }
    } else
      yield invalid(
        `${at}.operator`,
        operator,
        'not a valid selector operator; allowed: In, NotIn, Exists, DoesNotExist',
      );
  }
}

function* templateErrors({ selector, template }: RolloutSpec): Generator<FieldError> {
  if (!template) {
    yield required('spec.template', "Rollout has missing field '.spec.template'");
    return;
  }
  const labels = template.metadata?.labels ?? {};
  if (selector && !matchesSelector(selector, labels)) {
    yield invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
  }
  yield* podTemplateErrors(template);
}

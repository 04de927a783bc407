import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import { type FieldError, invalid, required, unsupported } from './field-error.ts';

/**
 * What is plainly wrong with a pod template. The rest is told by the API server, which refuses the ReplicaSet
 * (condition `ReplicaSetCreateError`).
 */
export function* podTemplateErrors({ spec }: PodTemplateSpec): Generator<FieldError> {
  const path = 'spec.template.spec';
  const containers = spec?.containers ?? [];
  if (containers.length === 0) yield required(`${path}.containers`, 'at least one container is needed');
  for (const [i, { name, image }] of containers.entries()) {
    if (!name) yield required(`${path}.containers[${i}].name`, 'a container needs a name');
    else if (containers.findIndex((other) => other.name === name) < i) {
      yield invalid(`${path}.containers[${i}].name`, name, 'another container has the same name');
    }
    if (!image) yield required(`${path}.containers[${i}].image`, 'a container needs an image');
  }
  if (spec?.restartPolicy && spec.restartPolicy !== 'Always') {
    yield unsupported(`${path}.restartPolicy`, spec.restartPolicy, 'supported values: "Always"');
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    yield invalid(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 'must not be specified');
  }
}

import type { Deployment, DeploymentSpec } from 'kubernetes-types/apps/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { countOrPercent, forbidden, invalid, nonNegative, oneOf, required } from './checks.ts';
import { column, podColumns } from './columns.ts';
import { builtin, workloadScale } from './define.ts';
import { defaultTemplate } from './pods/defaults.ts';
import { refuseDeadline, validateTemplate } from './pods/validate.ts';
import { quotedSelector, validatePodSelector } from './selectors.ts';

export const deployments = builtin({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  package: 'io.k8s.api.apps.v1',
  shortNames: ['deploy'],
  categories: ['all'],
  status: true,
  scale: workloadScale,
  // Annotations too: a rollout reads them.
  generation: ['spec', 'metadata.annotations'],
  columns: [
    column<Deployment>(
      'Ready',
      'Pods that are ready, of those wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`,
    ),
    column<Deployment>(
      'Up-to-date',
      'Pods of the current template.',
      ({ status }) => status?.updatedReplicas ?? 0,
    ),
    column<Deployment>(
      'Available',
      'Pods that are available.',
      ({ status }) => status?.availableReplicas ?? 0,
    ),
    ...podColumns,
  ],
  defaults: (object) => defaultDeployment(object as Deployment) as KubeObject,
  prepareForUpdate(next, old, subresource) {
    // Labels of a Deployment do not come along with its status.
    if (subresource !== 'status') return next;
    const { labels: _labels, ...metadata } = next.metadata ?? {};
    const labels = old.metadata?.labels;
    return { ...next, metadata: { ...metadata, ...(labels && { labels }) } };
  },
  validate: (object) => validateDeployment((object as Deployment).spec),
  validateUpdate(next, old, subresource) {
    if (subresource === 'status') return validateStatus(next as Deployment);
    const [after, before] = [(next as Deployment).spec?.selector, (old as Deployment).spec?.selector];
    return equal(after, before)
      ? []
      : [invalid('spec.selector', quotedSelector(after), 'field is immutable')];
  },
});

function defaultDeployment(deployment: Deployment): Deployment {
  const spec: Partial<DeploymentSpec> = deployment.spec ?? {};
  const type = spec.strategy?.type ?? 'RollingUpdate';
  const rollingUpdate =
    type === 'RollingUpdate'
      ? { maxUnavailable: '25%', maxSurge: '25%', ...spec.strategy?.rollingUpdate }
      : spec.strategy?.rollingUpdate;
  return {
    ...deployment,
    spec: {
      ...(spec as DeploymentSpec),
      replicas: spec.replicas ?? 1,
      template: defaultTemplate(spec.template),
      strategy: { ...spec.strategy, type, ...(rollingUpdate && { rollingUpdate }) },
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
    },
  };
}

function validateDeployment(spec: DeploymentSpec | undefined): FieldError[] {
  if (!spec) return [required('spec')];
  const { strategy, minReadySeconds = 0, progressDeadlineSeconds } = spec;
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...validatePodSelector(spec.selector, spec.template?.metadata?.labels, 'deployment'),
    ...validateTemplate(spec.template, 'spec.template'),
    ...refuseDeadline(spec.template, 'ReplicaSet'),
    ...oneOf('spec.strategy.type', strategy?.type, ['Recreate', 'RollingUpdate']),
  ];
  if (strategy?.type === 'Recreate' && strategy.rollingUpdate) {
    const detail = "may not be specified when strategy `type` is 'Recreate'";
    errors.push(forbidden('spec.strategy.rollingUpdate', detail));
  } else if (strategy?.rollingUpdate) {
    const { maxUnavailable, maxSurge } = strategy.rollingUpdate;
    const field = 'spec.strategy.rollingUpdate';
    errors.push(...countOrPercent(`${field}.maxUnavailable`, maxUnavailable));
    errors.push(...countOrPercent(`${field}.maxSurge`, maxSurge));
    if (isZero(maxUnavailable) && isZero(maxSurge)) {
      errors.push(invalid(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
    }
  }
  errors.push(...nonNegative('spec.minReadySeconds', spec.minReadySeconds));
  errors.push(...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit));
  if (progressDeadlineSeconds !== undefined) {
    errors.push(...nonNegative('spec.progressDeadlineSeconds', progressDeadlineSeconds));
    if (progressDeadlineSeconds <= minReadySeconds) {
      const detail = 'must be greater than minReadySeconds';
      errors.push(invalid('spec.progressDeadlineSeconds', progressDeadlineSeconds, detail));
    }
  }
  return errors;
}

const isZero = (value: number | string | undefined) => value === 0 || value === '0%';

function validateStatus({ status = {} }: Deployment): FieldError[] {
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const errors = [
    ...nonNegative('status.observedGeneration', status.observedGeneration),
    ...nonNegative('status.replicas', replicas),
    ...nonNegative('status.updatedReplicas', updatedReplicas),
    ...nonNegative('status.readyReplicas', readyReplicas),
    ...nonNegative('status.availableReplicas', availableReplicas),
    ...nonNegative('status.unavailableReplicas', status.unavailableReplicas),
  ];
  const exceeds = (field: string, value: number, limit: number, of: string) => {
    if (value > limit) errors.push(invalid(`status.${field}`, value, `cannot be greater than ${of}`));
  };
  exceeds('updatedReplicas', updatedReplicas, replicas, 'status.replicas');
  exceeds('readyReplicas', readyReplicas, replicas, 'status.replicas');
  exceeds('availableReplicas', availableReplicas, replicas, 'status.replicas');
  exceeds('availableReplicas', availableReplicas, readyReplicas, 'readyReplicas');
  return errors;
}

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { invalid, nonNegative, required } from './checks.ts';
import { column, podColumns } from './columns.ts';
import { builtin, workloadScale } from './define.ts';
import { defaultTemplate } from './pods/defaults.ts';
import { refuseDeadline, validateTemplate } from './pods/validate.ts';
import { quotedSelector, validatePodSelector } from './selectors.ts';

export const replicaSets = builtin({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  package: 'io.k8s.api.apps.v1',
  shortNames: ['rs'],
  categories: ['all'],
  status: true,
  scale: workloadScale,
  generation: ['spec'],
  columns: [
    column<ReplicaSet>('Desired', 'Pods wanted.', ({ spec }) => spec?.replicas ?? 1, { type: 'integer' }),
    column<ReplicaSet>('Current', 'Pods that exist.', ({ status }) => status?.replicas ?? 0, {
      type: 'integer',
    }),
    column<ReplicaSet>('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0, {
      type: 'integer',
    }),
    ...podColumns,
  ],
  defaults(object) {
    const { spec } = object as ReplicaSet;
    const template = defaultTemplate(spec?.template);
    return { ...object, spec: { ...spec, replicas: spec?.replicas ?? 1, template } } as KubeObject;
  },
  validate(object) {
    const { spec } = object as ReplicaSet;
    if (!spec) return [required('spec')];
    return [
      ...nonNegative('spec.replicas', spec.replicas),
      ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
      ...validatePodSelector(spec.selector, spec.template?.metadata?.labels, 'deployment'),
      ...validateTemplate(spec.template, 'spec.template'),
      ...refuseDeadline(spec.template, 'ReplicaSet'),
    ];
  },
  validateUpdate(next, old, subresource) {
    if (subresource === 'status') return validateStatus(next as ReplicaSet);
    const [after, before] = [(next as ReplicaSet).spec?.selector, (old as ReplicaSet).spec?.selector];
    return equal(after, before)
      ? []
      : [invalid('spec.selector', quotedSelector(after), 'field is immutable')];
  },
});

function validateStatus({ status }: ReplicaSet): FieldError[] {
  const { replicas = 0, fullyLabeledReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status ?? {};
  const errors = [
    ...nonNegative('status.replicas', replicas),
    ...nonNegative('status.fullyLabeledReplicas', fullyLabeledReplicas),
    ...nonNegative('status.readyReplicas', readyReplicas),
    ...nonNegative('status.availableReplicas', availableReplicas),
    ...nonNegative('status.observedGeneration', status?.observedGeneration),
  ];
  const exceeds = (field: string, value: number, limit: number, of: string) => {
    if (value > limit) errors.push(invalid(`status.${field}`, value, `cannot be greater than ${of}`));
  };
  exceeds('fullyLabeledReplicas', fullyLabeledReplicas, replicas, 'status.replicas');
  exceeds('readyReplicas', readyReplicas, replicas, 'status.replicas');
  exceeds('availableReplicas', availableReplicas, replicas, 'status.replicas');
  exceeds('availableReplicas', availableReplicas, readyReplicas, 'readyReplicas');
  return errors;
}

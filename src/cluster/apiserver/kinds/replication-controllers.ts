import type { PodTemplate, ReplicationController } from 'kubernetes-types/core/v1.d.ts';
import { type KubeObject, matchesSelector } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { nonNegative, required } from './checks.ts';
import { column, labelsCell, podColumns, wide } from './columns.ts';
import { builtin, workloadScale } from './define.ts';
import { defaultTemplate } from './pods/defaults.ts';
import { refuseDeadline, validateTemplate } from './pods/validate.ts';
import { mismatch } from './selectors.ts';

const [containers, images] = podColumns as [(typeof podColumns)[number], (typeof podColumns)[number]];

export const replicationControllers = builtin({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  package: 'io.k8s.api.core.v1',
  shortNames: ['rc'],
  categories: ['all'],
  status: true,
  scale: workloadScale,
  generation: ['spec'],
  columns: [
    column<ReplicationController>('Desired', 'Pods wanted.', ({ spec }) => spec?.replicas ?? 1, {
      type: 'integer',
    }),
    column<ReplicationController>('Current', 'Pods that exist.', ({ status }) => status?.replicas ?? 0, {
      type: 'integer',
    }),
    column<ReplicationController>(
      'Ready',
      'Pods that are ready.',
      ({ status }) => status?.readyReplicas ?? 0,
      { type: 'integer' },
    ),
    containers,
    images,
    wide<ReplicationController>('Selector', 'Labels of its pods.', ({ spec }) => labelsCell(spec?.selector)),
  ],
  defaults(object) {
    const controller = object as ReplicationController;
    const { metadata, spec } = controller;
    const labels = spec?.template?.metadata?.labels;
    // The template's labels select its pods, and become those of the controller itself, where none are given.
    const own = metadata?.labels && Object.keys(metadata.labels).length > 0 ? metadata.labels : labels;
    const selector = spec?.selector && Object.keys(spec.selector).length > 0 ? spec.selector : labels;
    return {
      ...controller,
      metadata: { ...metadata, ...(own && { labels: own }) },
      spec: {
        ...spec,
        replicas: spec?.replicas ?? 1,
        ...(selector && { selector }),
        ...(spec?.template && { template: defaultTemplate(spec.template) }),
      },
    } as KubeObject;
  },
  validate: (object) => validateController((object as ReplicationController).spec),
  fields: (object) => ({
    'status.replicas': String((object as ReplicationController).status?.replicas ?? 0),
  }),
});

function validateController(spec: ReplicationController['spec']): FieldError[] {
  const errors = [
    ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
    ...(spec?.selector && Object.keys(spec.selector).length > 0 ? [] : [required('spec.selector')]),
    ...nonNegative('spec.replicas', spec?.replicas),
  ];
  if (!spec?.template) return [...errors, required('spec.template')];
  const { labels } = spec.template.metadata ?? {};
  if (spec.selector && !matchesSelector({ matchLabels: spec.selector }, labels)) {
    errors.push(mismatch(labels));
  }
  return [
    ...errors,
    ...validateTemplate(spec.template, 'spec.template'),
    ...refuseDeadline(spec.template, 'ReplicationController'),
  ];
}

export const podTemplates = builtin({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  generation: ['template'],
  allowCreateOnUpdate: true,
  package: 'io.k8s.api.core.v1',
  returnsDeletedObject: true,
  allColumns: [
    column<PodTemplate>('Containers', 'Names of the containers.', ({ template }) =>
      (template?.spec?.containers ?? []).map(({ name }) => name).join(','),
    ),
    column<PodTemplate>('Images', 'Images of the containers.', ({ template }) =>
      (template?.spec?.containers ?? []).map(({ image }) => image).join(','),
    ),
    column<PodTemplate>('Pod Labels', 'Labels of the pods.', ({ template }) =>
      labelsCell(template?.metadata?.labels),
    ),
  ],
  defaults(object) {
    const { template } = object as PodTemplate;
    return { ...object, template: defaultTemplate(template) } as KubeObject;
  },
  validate: (object) =>
    validateTemplate((object as PodTemplate).template, 'template', ['Always', 'OnFailure', 'Never']),
});

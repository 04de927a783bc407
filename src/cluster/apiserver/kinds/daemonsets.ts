import type { ControllerRevision, DaemonSet, RollingUpdateDaemonSet } from 'kubernetes-types/apps/v1.d.ts';
import { controllerOf, equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { countOrPercent, immutable, invalid, nonNegative, oneOf, required } from './checks.ts';
import { column, labelsCell, none, podColumns } from './columns.ts';
import { builtin } from './define.ts';
import { defaultTemplate } from './pods/defaults.ts';
import { refuseDeadline, validateTemplate } from './pods/validate.ts';
import { quotedSelector, validatePodSelector } from './selectors.ts';

const number = (name: string, description: string, cell: (set: DaemonSet) => number | undefined) =>
  column<DaemonSet>(name, description, (set) => cell(set) ?? 0, { type: 'integer' });

export const daemonSets = builtin({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  package: 'io.k8s.api.apps.v1',
  shortNames: ['ds'],
  categories: ['all'],
  status: true,
  generation: ['spec'],
  columns: [
    number('Desired', 'Nodes that should run a pod.', ({ status }) => status?.desiredNumberScheduled),
    number('Current', 'Nodes that have a pod.', ({ status }) => status?.currentNumberScheduled),
    number('Ready', 'Nodes with a ready pod.', ({ status }) => status?.numberReady),
    number(
      'Up-to-date',
      'Nodes with a pod of the current template.',
      ({ status }) => status?.updatedNumberScheduled,
    ),
    number('Available', 'Nodes with an available pod.', ({ status }) => status?.numberAvailable),
    column<DaemonSet>('Node Selector', 'Labels of the nodes.', ({ spec }) =>
      labelsCell(spec?.template.spec?.nodeSelector),
    ),
    ...podColumns,
  ],
  defaults(object) {
    const { spec } = object as DaemonSet;
    const type = spec?.updateStrategy?.type ?? 'RollingUpdate';
    const rollingUpdate =
      type === 'RollingUpdate'
        ? { maxUnavailable: 1, maxSurge: 0, ...spec?.updateStrategy?.rollingUpdate }
        : undefined;
    const filled = {
      ...spec,
      template: defaultTemplate(spec?.template),
      updateStrategy: { type, ...(rollingUpdate && { rollingUpdate }) },
      revisionHistoryLimit: spec?.revisionHistoryLimit ?? 10,
    };
    return { ...object, spec: filled } as KubeObject;
  },
  prepareForCreate: (object) => withTemplateGeneration(object, 1),
  prepareForUpdate(next, old, subresource) {
    if (subresource === 'status') return next;
    const before = Number(old.metadata?.annotations?.[TEMPLATE_GENERATION] ?? 0);
    const changed = !equal((next as DaemonSet).spec?.template, (old as DaemonSet).spec?.template);
    return withTemplateGeneration(next, changed ? before + 1 : before);
  },
  validate(object) {
    const { spec } = object as DaemonSet;
    if (!spec) return [required('spec')];
    return [
      ...validatePodSelector(spec.selector, spec.template?.metadata?.labels, 'daemonset'),
      ...validateTemplate(spec.template, 'spec.template'),
      ...refuseDeadline(spec.template, 'DaemonSet'),
      ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
      ...oneOf('spec.updateStrategy.type', spec.updateStrategy?.type, ['RollingUpdate', 'OnDelete']),
      ...validateRollingUpdate(spec.updateStrategy?.rollingUpdate),
      ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ];
  },
  validateUpdate(next, old, subresource) {
    if (subresource === 'status') return [];
    const [after, before] = [(next as DaemonSet).spec?.selector, (old as DaemonSet).spec?.selector];
    return equal(after, before)
      ? []
      : [invalid('spec.selector', quotedSelector(after), 'field is immutable')];
  },
});

/** Counts the templates of a DaemonSet; a field of its own before apps/v1. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function withTemplateGeneration(object: KubeObject, generation: number): KubeObject {
  const annotations = { ...object.metadata?.annotations, [TEMPLATE_GENERATION]: String(generation) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Nodes lose their pod for a while, or have two for a while, not both. */
function validateRollingUpdate(rolling: RollingUpdateDaemonSet | undefined): FieldError[] {
  if (!rolling) return [];
  const at = 'spec.updateStrategy.rollingUpdate';
  const { maxUnavailable, maxSurge } = rolling;
  const isSome = (value: number | string | undefined) => value !== undefined && !/^0%?$/.test(String(value));
  const errors = [
    ...countOrPercent(`${at}.maxUnavailable`, maxUnavailable),
    ...countOrPercent(`${at}.maxSurge`, maxSurge),
  ];
  if (isSome(maxUnavailable) && isSome(maxSurge)) {
    errors.push(invalid(`${at}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (!isSome(maxUnavailable) && !isSome(maxSurge)) {
    errors.push(required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  }
  return errors;
}

export const controllerRevisions = builtin({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  package: 'io.k8s.api.apps.v1',
  columns: [
    column<ControllerRevision>('Controller', 'Owner of the revision.', (object) => {
      const owner = controllerOf(object);
      return owner ? `${owner.kind.toLowerCase()}.${owner.apiVersion.split('/')[0]}/${owner.name}` : none;
    }),
    column<ControllerRevision>('Revision', 'Number of the revision.', ({ revision }) => revision),
  ],
  validate(object) {
    const { data, revision } = object as ControllerRevision;
    return [
      ...(data === undefined || data === null ? [required('data', 'data is mandatory')] : []),
      ...nonNegative('revision', revision),
    ];
  },
  validateUpdate: (next, old) =>
    immutable('data', (next as ControllerRevision).data, (old as ControllerRevision).data),
});

import type { StatefulSet, StatefulSetSpec } from 'kubernetes-types/apps/v1.d.ts';
import type { PersistentVolumeClaim, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import { countOrPercent, forbidden, invalid, nonNegative, oneOf, required } from './checks.ts';
import { column, podColumns } from './columns.ts';
import { compact } from './compact.ts';
import { builtin, workloadScale } from './define.ts';
import { defaultTemplate } from './pods/defaults.ts';
import { refuseDeadline, validateTemplate } from './pods/validate.ts';
import { validatePodSelector } from './selectors.ts';
import { validateClaim } from './volumes.ts';

/** What may change in a StatefulSet once it exists. */
const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

/** The template with the volumes that its pods get from the templates for claims. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const claimed = volumeClaimTemplates.map(({ metadata }) => ({
    name: metadata?.name ?? '',
    persistentVolumeClaim: { claimName: metadata?.name ?? '' },
  }));
  if (!template?.spec || claimed.length === 0) return template;
  const names = claimed.map(({ name }) => name);
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.includes(name));
  // Those of the template come first, so that messages about them name their places.
  return { ...template, spec: { ...template.spec, volumes: [...others, ...claimed] } };
}

/** A template for claims as it is written: a claim of its own, not bound yet. */
const completeClaim = (claim: PersistentVolumeClaim): PersistentVolumeClaim => ({
  ...claim,
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  spec: { ...claim.spec, volumeMode: claim.spec?.volumeMode ?? 'Filesystem' },
  status: { ...claim.status, phase: claim.status?.phase ?? 'Pending' },
});

/** The strategy as messages quote it, with Go's names of its fields. */
const quotedStrategy = (strategy: StatefulSetSpec['updateStrategy']) => ({
  Type: strategy?.type,
  RollingUpdate: strategy?.rollingUpdate
    ? { Partition: strategy.rollingUpdate.partition ?? null, MaxUnavailable: null }
    : null,
});

export const statefulSets = builtin({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  package: 'io.k8s.api.apps.v1',
  shortNames: ['sts'],
  categories: ['all'],
  status: true,
  scale: workloadScale,
  generation: ['spec'],
  columns: [
    column<StatefulSet>(
      'Ready',
      'Pods that are ready, of those wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`,
    ),
    ...podColumns.slice(0, 2),
  ],
  defaults(object) {
    const { spec } = object as StatefulSet;
    const type = spec?.updateStrategy?.type ?? 'RollingUpdate';
    const rollingUpdate =
      type === 'RollingUpdate' ? { partition: 0, ...spec?.updateStrategy?.rollingUpdate } : undefined;
    const filled = compact({
      ...spec,
      volumeClaimTemplates: spec?.volumeClaimTemplates?.map(completeClaim),
      replicas: spec?.replicas ?? 1,
      template: defaultTemplate(spec?.template),
      podManagementPolicy: spec?.podManagementPolicy ?? 'OrderedReady',
      updateStrategy: { ...spec?.updateStrategy, type, ...(rollingUpdate && { rollingUpdate }) },
      revisionHistoryLimit: spec?.revisionHistoryLimit ?? 10,
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: 'Retain',
        whenScaled: 'Retain',
        ...spec?.persistentVolumeClaimRetentionPolicy,
      },
    });
    return { ...object, spec: filled } as KubeObject;
  },
  validate(object) {
    const { spec } = object as StatefulSet;
    if (!spec) return [required('spec')];
    const { updateStrategy, persistentVolumeClaimRetentionPolicy: retention } = spec;
    const { partition, maxUnavailable } = updateStrategy?.rollingUpdate ?? {};
    const at = 'spec.persistentVolumeClaimRetentionPolicy';
    return [
      ...(spec.podManagementPolicy === 'OrderedReady' || spec.podManagementPolicy === 'Parallel'
        ? []
        : [
            invalid(
              'spec.podManagementPolicy',
              spec.podManagementPolicy,
              "must be 'OrderedReady' or 'Parallel'",
            ),
          ]),
      ...(updateStrategy?.type === 'OnDelete' || updateStrategy?.type === 'RollingUpdate'
        ? []
        : [
            invalid(
              'spec.updateStrategy',
              quotedStrategy(updateStrategy),
              "must be 'RollingUpdate' or 'OnDelete'",
            ),
          ]),
      ...(updateStrategy?.type === 'OnDelete' && updateStrategy.rollingUpdate
        ? [
            invalid(
              'spec.updateStrategy.rollingUpdate',
              updateStrategy.rollingUpdate,
              "only allowed for updateStrategy 'RollingUpdate'",
            ),
          ]
        : []),
      ...nonNegative('spec.updateStrategy.rollingUpdate.partition', partition),
      ...countOrPercent('spec.updateStrategy.rollingUpdate.maxUnavailable', maxUnavailable),
      ...(maxUnavailable === 0 || maxUnavailable === '0%'
        ? [invalid('spec.updateStrategy.rollingUpdate.maxUnavailable', maxUnavailable, 'cannot be 0')]
        : []),
      ...oneOf(`${at}.whenDeleted`, retention?.whenDeleted, ['Retain', 'Delete']),
      ...oneOf(`${at}.whenScaled`, retention?.whenScaled, ['Retain', 'Delete']),
      ...nonNegative('spec.replicas', spec.replicas),
      ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
      ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
      ...validatePodSelector(spec.selector, spec.template?.metadata?.labels, 'statefulset'),
      ...validateTemplate(withClaims(spec), 'spec.template'),
      ...refuseDeadline(spec.template, 'StatefulSet'),
      ...(spec.volumeClaimTemplates ?? []).flatMap(({ spec: claim }, i) =>
        validateClaim(claim, `spec.volumeClaimTemplates[${i}].spec`),
      ),
    ];
  },
  validateUpdate(next, old, subresource) {
    if (subresource === 'status') return [];
    const fixed = (object: KubeObject) => {
      const spec = Object.entries((object as StatefulSet).spec ?? {});
      return Object.fromEntries(spec.filter(([key]) => !mutable.includes(key)));
    };
    if (equal(fixed(next), fixed(old))) return [];
    const names = mutable.map((name) => `'${name}'`);
    const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
    return [forbidden('spec', `updates to statefulset spec for fields other than ${list} are forbidden`)];
  },
});

import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { column } from './columns.ts';
import { builtin } from './define.ts';

const nameLabel = 'kubernetes.io/metadata.name';

export const namespaces = builtin({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  package: 'io.k8s.api.core.v1',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  status: true,
  columns: [column<Namespace>('Status', 'Phase of the namespace.', ({ status }) => status?.phase ?? '')],
  returnsDeletedObject: true,
  defaults: withNameLabel,
  prepareForCreate(object) {
    const { spec } = object as Namespace;
    const finalizers = [...new Set([...(spec?.finalizers ?? []), 'kubernetes'])];
    return { ...object, spec: { ...spec, finalizers }, status: { phase: 'Active' } } as KubeObject;
  },
  // Only the finalize subresource changes finalizers; status may not touch the spec anyway.
  prepareForUpdate: (next, old) => ({ ...next, spec: (old as Namespace).spec }) as KubeObject,
  fields: (object) => ({ 'status.phase': (object as Namespace).status?.phase ?? '' }),
});

/** The name as a label, so that selectors can find one namespace; clients cannot change it. */
function withNameLabel(object: KubeObject): KubeObject {
  const { metadata } = object;
  if (!metadata?.name) return object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [nameLabel]: metadata.name } } };
}

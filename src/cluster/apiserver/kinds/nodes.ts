import type { Node, Taint } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../errors.ts';
import { labelValue, qualifiedName } from '../schema/names.ts';
import { check, duplicate, oneOf, required } from './checks.ts';
import { age, column, none, unknown, wide } from './columns.ts';
import { builtin } from './define.ts';

const rolePrefix = 'node-role.kubernetes.io/';

const addressCell =
  (wanted: string) =>
  ({ status }: Node) =>
    status?.addresses?.find(({ type }) => type === wanted)?.address ?? none;

export const nodes = builtin({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  package: 'io.k8s.api.core.v1',
  shortNames: ['no'],
  namespaced: false,
  status: true,
  allColumns: [
    column<Node>('Status', 'Whether the node is ready, and takes pods.', statusCell),
    column<Node>('Roles', 'Roles of the node, from its labels.', rolesCell),
    age,
    column<Node>(
      'Version',
      'Version of the node agent.',
      ({ status }) => status?.nodeInfo?.kubeletVersion ?? '',
    ),
    wide<Node>('Internal-IP', 'Address within the cluster.', addressCell('InternalIP')),
    wide<Node>('External-IP', 'Address outside of the cluster.', addressCell('ExternalIP')),
    wide<Node>('OS-Image', 'Operating system.', ({ status }) => status?.nodeInfo?.osImage || unknown),
    wide<Node>('Kernel-Version', 'Kernel.', ({ status }) => status?.nodeInfo?.kernelVersion || unknown),
    wide<Node>(
      'Container-Runtime',
      'What runs the containers.',
      ({ status }) => status?.nodeInfo?.containerRuntimeVersion || unknown,
    ),
  ],
  validate: (object) => validateTaints((object as Node).spec?.taints ?? []),
  fields: (object) => ({ 'spec.unschedulable': String((object as Node).spec?.unschedulable ?? false) }),
});

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Messages have the taints in the metadata, as those of Kubernetes do. */
function validateTaints(taints: readonly Taint[]): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, i) => {
    const { key = '', value = '', effect } = taint;
    const field = `metadata.taints[${i}]`;
    const errors = [
      ...check(`${field}.key`, key, qualifiedName),
      ...check(`${field}.value`, value, labelValue),
    ];
    errors.push(...(effect ? oneOf(`${field}.effect`, effect, EFFECTS) : [required(`${field}.effect`)]));
    const identity = `${key}:${effect}`;
    if (seen.has(identity)) {
      errors.push({ ...duplicate(field, taint), detail: 'taints must be unique by key and effect pair' });
    }
    seen.add(identity);
    return errors;
  });
}

function statusCell({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const text = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

function rolesCell({ metadata }: Node): string {
  const roles = Object.entries(metadata?.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' && value ? [value] : [];
  });
  return roles.sort().join(',') || none;
}

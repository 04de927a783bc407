import type { ManagedFieldsEntry } from 'kubernetes-types/meta/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { decodeFields, difference, encodeFields, type FieldSet, isEmpty, union } from './field-set.ts';

/** One entry of `managedFields`: who set which fields, how and when. */
export interface Manager {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource?: string | undefined;
  time: string;
  fields: FieldSet;
}

/** At most this many entries of updaters are kept; older ones are folded into one. */
const maxUpdaters = 10;
const foldedName = 'ancient-changes';

/** Fields that nobody owns: the server sets them, or they name the object. Those that Kubernetes leaves out, no others. */
const unowned = decodeFields({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:clusterName': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
});

export const withoutUnowned = (fields: FieldSet) => difference(fields, unowned);

/** Reads `metadata.managedFields`; entries that cannot be read are left out. */
export function managersOf(object: KubeObject | undefined): Manager[] {
  return (object?.metadata?.managedFields ?? [])
    .filter((entry) => entry.operation === 'Apply' || entry.operation === 'Update')
    .map((entry) => ({
      manager: entry.manager ?? '',
      operation: entry.operation as Manager['operation'],
      apiVersion: entry.apiVersion ?? '',
      subresource: entry.subresource,
      time: entry.time ?? '',
      fields: decodeFields(entry.fieldsV1),
    }));
}

/** Whether two entries are of the same writer: appliers keep one entry whatever version they apply in. */
export function isSameManager(
  a: Omit<Manager, 'fields' | 'time'>,
  b: Omit<Manager, 'fields' | 'time'>,
): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    (a.subresource ?? '') === (b.subresource ?? '') &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

/** The object with these entries as its `managedFields`, in Kubernetes' order; without any, the field is left out. */
export function withManagers<T extends KubeObject>(object: T, managers: readonly Manager[]): T {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  const entries = foldUpdaters(managers.filter(({ fields }) => !isEmpty(fields)))
    .sort(compareManagers)
    .map(encode);
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata };
}

function encode({ manager, operation, apiVersion, subresource, time, fields }: Manager): ManagedFieldsEntry {
  return {
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(fields),
    ...(subresource && { subresource }),
  };
}

function compareManagers(a: Manager, b: Manager): number {
  const parts = (m: Manager) => [m.operation, m.time, m.manager, m.apiVersion, m.subresource ?? ''];
  const [left, right] = [parts(a), parts(b)];
  for (const [i, part] of left.entries()) {
    const other = right[i] ?? '';
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}

function foldUpdaters(managers: Manager[]): Manager[] {
  const updaters = managers.filter(({ operation }) => operation === 'Update').sort(compareManagers);
  const excess = updaters.length - maxUpdaters;
  if (excess <= 0) return managers;
  // The oldest go, per API version, into the entry that has taken the others before them.
  const folded = updaters.slice(0, excess + 1);
  const kept = managers.filter((manager) => !folded.includes(manager));
  const byVersion = Map.groupBy(folded, ({ apiVersion }) => apiVersion);
  return [
    ...kept,
    ...[...byVersion].map(
      ([apiVersion, entries]): Manager => ({
        manager: foldedName,
        operation: 'Update',
        apiVersion,
        time: entries.at(-1)?.time ?? '',
        fields: entries.map(({ fields }) => fields).reduce(union),
      }),
    ),
  ];
}

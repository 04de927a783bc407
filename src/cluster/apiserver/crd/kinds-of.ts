import { equal, type KubeObject } from '../../../api/index.ts';
import type { Kind, Strategy } from '../kinds/kind.ts';
import type { Json } from '../schema/json.ts';
import type { Schema } from '../schema/schema.ts';
import { columnsOf } from './columns.ts';
import { type CrdVersion, type CustomResourceDefinition, schemaOf } from './definition.ts';
import { parsePath, valuesAt } from './json-path.ts';

/** The kinds that a CRD defines: one per version that is served. All versions store the same objects. */
export function kindsOfCrd(crd: CustomResourceDefinition): Kind[] {
  return crd.spec.versions.filter(({ served }) => served).map((version) => kindOf(crd, version));
}

const anything: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function kindOf({ spec }: CustomResourceDefinition, version: CrdVersion): Kind {
  const { names } = spec;
  const status = version.subresources?.status !== undefined;
  const scale = version.subresources?.scale;
  const declared = schemaOf(version) ?? anything;
  return {
    group: spec.group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
    subresources: { ...(status && { status }), ...(scale && { scale }) },
    schema: spec.preserveUnknownFields
      ? { ...declared, 'x-kubernetes-preserve-unknown-fields': true }
      : declared,
    storage: { group: spec.group, plural: names.plural },
    strategy: strategyOf(status, version),
    columns: columnsOf(version.additionalPrinterColumns),
    ...(version.deprecated && { deprecation: deprecationOf(spec, version) }),
  };
}

function deprecationOf(
  { group, names }: CustomResourceDefinition['spec'],
  { name, deprecationWarning }: CrdVersion,
): string {
  return deprecationWarning ?? `${group}/${name} ${names.kind} is deprecated`;
}

function strategyOf(hasStatus: boolean, { selectableFields = [] }: CrdVersion): Strategy {
  const fields = selectableFields.map(({ jsonPath }) => ({
    name: jsonPath.replace(/^\./, ''),
    steps: parsePath(jsonPath),
  }));
  return {
    allowUnconditionalUpdate: false,
    prepareForCreate(object) {
      const { status, ...rest } = object as Json;
      const kept = (hasStatus || status === undefined ? rest : { ...rest, status }) as KubeObject;
      return { ...kept, metadata: { ...kept.metadata, generation: 1 } };
    },
    prepareForUpdate(next, old, subresource) {
      if (subresource === 'status') return withStatus(next, old);
      const kept = hasStatus ? withField(next, 'status', (old as Json).status) : next;
      const generation = (old.metadata?.generation ?? 0) + (isSpecSame(kept, old) ? 0 : 1);
      return { ...kept, metadata: { ...kept.metadata, generation } };
    },
    fields: (object: KubeObject) =>
      Object.fromEntries(fields.map(({ name, steps }) => [name, String(valuesAt(object, steps)[0] ?? '')])),
  };
}

/** Through the status subresource nothing changes but the status, and who manages it. */
function withStatus(next: KubeObject, old: KubeObject): KubeObject {
  const { managedFields } = next.metadata ?? {};
  const metadata = { ...old.metadata, ...(managedFields && { managedFields }) };
  return { ...withField(old, 'status', (next as Json).status), metadata };
}

function withField(object: KubeObject, field: string, value: unknown): KubeObject {
  const { [field]: _, ...rest } = object as Json;
  return (value === undefined ? rest : { ...rest, [field]: value }) as KubeObject;
}

/** Everything outside of metadata counts; the status too where it has no subresource (then it is the same anyway). */
function isSpecSame(next: KubeObject, old: KubeObject): boolean {
  const rest = ({ metadata: _metadata, apiVersion: _version, ...fields }: KubeObject) => fields;
  return equal(rest(next), rest(old));
}

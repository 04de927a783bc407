import type { FieldError } from '../errors.ts';
import { Verbatim } from '../errors.ts';
import { check, immutable, invalid, oneOf, required } from '../kinds/checks.ts';
import { dnsLabel, dnsLabel1035, dnsSubdomain } from '../schema/names.ts';
import {
  type CrdVersion,
  type CustomResourceDefinition,
  type PrinterColumn,
  schemaOf,
} from './definition.ts';
import { parsePath } from './json-path.ts';
import { validateStructure } from './structural.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];

/** What is wrong with a CRD: names, versions, structural schemas, subresources and columns. */
export function validateCrd(crd: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const { spec } = crd;
  if (!spec) return [required('spec')];
  const errors: FieldError[] = [];
  const name = `${spec.names?.plural}.${spec.group}`;
  if (crd.metadata?.name !== name) {
    errors.push(
      invalid('metadata.name', crd.metadata?.name ?? '', 'must be spec.names.plural+"."+spec.group'),
    );
  }
  errors.push(...validateNames(spec));
  const versions = spec.versions ?? [];
  for (const [i, version] of versions.entries()) {
    const field = `spec.versions[${i}].schema.openAPIV3Schema`;
    if (!schemaOf(version)) errors.push(required(field, 'schemas are required'));
  }
  for (const [i, version] of versions.entries())
    errors.push(...validateVersion(version, `spec.versions[${i}]`));
  errors.push(...validateVersionSet(versions));
  errors.push(...oneOf('spec.conversion.strategy', spec.conversion?.strategy, ['None', 'Webhook']));
  errors.push(...validateStored(crd));
  if (old) {
    errors.push(...immutable('spec.group', spec.group, old.spec.group));
    errors.push(...immutable('spec.names.plural', spec.names.plural, old.spec.names.plural));
    if (isEstablished(old)) {
      errors.push(...immutable('spec.scope', spec.scope, old.spec.scope));
      errors.push(...immutable('spec.names.kind', spec.names.kind, old.spec.names.kind));
    }
  }
  return errors;
}

const isEstablished = ({ status }: CustomResourceDefinition) =>
  status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') ??
  false;

function validateNames({ group, scope, names }: CustomResourceDefinition['spec']): FieldError[] {
  const errors: FieldError[] = [];
  if (!group) errors.push(required('spec.group'));
  else if (!group.includes('.'))
    errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  else errors.push(...check('spec.group', group, dnsSubdomain));
  if (!scope) errors.push(required('spec.scope'));
  else errors.push(...oneOf('spec.scope', scope, ['Cluster', 'Namespaced']));
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names ?? {};
  if (!plural) errors.push(required('spec.names.plural'));
  else errors.push(...check('spec.names.plural', plural, dnsLabel1035));
  if (singular) errors.push(...check('spec.names.singular', singular, dnsLabel1035));
  if (!kind) errors.push(required('spec.names.kind'));
  else errors.push(...check('spec.names.kind', kind, (text) => dnsLabel1035(text.toLowerCase())));
  if (kind && kind === listKind) {
    errors.push(invalid('spec.names.listKind', listKind, 'kind and listKind may not be the same'));
  }
  for (const [i, short] of shortNames.entries())
    errors.push(...check(`spec.names.shortNames[${i}]`, short, dnsLabel1035));
  for (const [i, category] of categories.entries()) {
    errors.push(...check(`spec.names.categories[${i}]`, category, dnsLabel1035));
  }
  return errors;
}

function validateVersionSet(versions: readonly CrdVersion[]): FieldError[] {
  const names = versions.map(({ name }) => name);
  const errors: FieldError[] = [];
  const repeated = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (repeated >= 0) {
    errors.push(
      invalid('spec.versions', names, `must contain unique version names: ${names[repeated]} is there twice`),
    );
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid('spec.versions', names, 'must have exactly one version marked as storage version'));
  }
  return errors;
}

/** Objects may be stored in each of these versions, and will be in the last that is marked. */
function validateStored({ spec, status }: CustomResourceDefinition): FieldError[] {
  const names = spec.versions.map(({ name }) => name);
  const stored = status?.storedVersions;
  if (!stored) return [];
  const lost = stored.flatMap((name, i) =>
    names.includes(name)
      ? []
      : [
          invalid(
            `status.storedVersions[${i}]`,
            name,
            'missing from spec.versions; objects may be stored in it',
          ),
        ],
  );
  const storage = spec.versions.filter((version) => version.storage).at(-1)?.name;
  const isMarked = storage !== undefined && spec.versions.filter((version) => version.storage).length === 1;
  if (isMarked && stored.includes(storage)) return lost;
  return [
    ...lost,
    invalid('status.storedVersions', stored, `must have the storage version ${storage ?? ''}`.trim()),
  ];
}

function validateVersion(version: CrdVersion, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!version.name) errors.push(required(`${field}.name`));
  else errors.push(...check(`${field}.name`, version.name, dnsLabel));
  const schema = schemaOf(version);
  const at = `${field}.schema.openAPIV3Schema`;
  if (schema) errors.push(...validateStructure(schema, at));
  for (const [i, column] of (version.additionalPrinterColumns ?? []).entries()) {
    errors.push(...validateColumn(column, `${field}.additionalPrinterColumns[${i}]`));
  }
  const scale = version.subresources?.scale;
  if (scale) {
    const paths = `${field}.subresources.scale`;
    errors.push(...scalePath(`${paths}.specReplicasPath`, scale.specReplicasPath, '.spec.'));
    errors.push(...scalePath(`${paths}.statusReplicasPath`, scale.statusReplicasPath, '.status.'));
    if (scale.labelSelectorPath && !/^\.(spec|status)\./.test(scale.labelSelectorPath)) {
      const detail = 'should be a json path under either .spec or .status';
      errors.push(invalid(`${paths}.labelSelectorPath`, scale.labelSelectorPath, detail));
    }
  }
  return errors;
}

function scalePath(field: string, path: string | undefined, prefix: string): FieldError[] {
  if (!path) return [required(field)];
  return path.startsWith(prefix)
    ? []
    : [invalid(field, path, `should be a json path under ${prefix.slice(0, -1)}`)];
}

function validateColumn({ name, type, jsonPath }: PrinterColumn, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`));
  if (!type) {
    errors.push(required(`${field}.type`, `must be one of ${columnTypes.join(',')}`));
  } else if (!columnTypes.includes(type)) {
    errors.push(invalid(`${field}.type`, type, `must be one of ${columnTypes.join(',')}`));
  }
  if (!jsonPath) return [...errors, required(`${field}.jsonPath`)];
  try {
    parsePath(jsonPath);
  } catch (error) {
    errors.push(
      invalid(`${field}.jsonPath`, new Verbatim(JSON.stringify(jsonPath)), (error as Error).message),
    );
  }
  return errors;
}

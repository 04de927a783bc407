import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import type { Kind } from '../kinds/kind.ts';
import {
  dnsLabel1035,
  dnsSubdomain,
  labelValue,
  namespaceName,
  pathSegment,
  qualifiedName,
} from './names.ts';

type NameRule = (name: string) => string[];

/** Kinds whose names follow another rule than a DNS subdomain. */
const nameRules: Record<string, NameRule> = {
  'namespaces.': namespaceName,
  'services.': dnsLabel1035,
  'roles.rbac.authorization.k8s.io': pathSegment,
  'clusterroles.rbac.authorization.k8s.io': pathSegment,
  'rolebindings.rbac.authorization.k8s.io': pathSegment,
  'clusterrolebindings.rbac.authorization.k8s.io': pathSegment,
  'apiservices.apiregistration.k8s.io': pathSegment,
  'certificatesigningrequests.certificates.k8s.io': () => [],
};

const annotationsLimitBytes = 256 * 1024;

const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  value,
  detail,
});

/** Finalizers that may do without the domain of whoever acts on them. */
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** Finalizers of built-in kinds that nobody's name stands before. */
export function validateFinalizerOwners({ metadata }: KubeObject): FieldError[] {
  return (metadata?.finalizers ?? []).flatMap((finalizer, i) => {
    if (finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) return [];
    const detail = 'name is neither a standard finalizer name nor is it fully qualified';
    return [invalid(`metadata.finalizers[${i}]`, finalizer, detail)];
  });
}

/** What is wrong with an object's metadata, in the order and the words of Kubernetes. */
export function validateMetadata(
  object: KubeObject,
  kind: Pick<Kind, 'group' | 'plural' | 'namespaced'>,
): FieldError[] {
  const { name, generateName, generation, labels, annotations, finalizers } = object.metadata ?? {};
  const nameRule = nameRules[`${kind.plural}.${kind.group}`] ?? dnsSubdomain;
  const errors: FieldError[] = [];
  if (generateName) {
    // A generated name ends in letters and digits; so the prefix may end in what a whole name may not.
    const sample = generateName.replace(/-$/, 'a');
    for (const problem of nameRule(sample))
      errors.push(invalid('metadata.generateName', generateName, problem));
  }
  if (name) for (const problem of nameRule(name)) errors.push(invalid('metadata.name', name, problem));
  else {
    errors.push({
      type: 'FieldValueRequired',
      field: 'metadata.name',
      detail: 'name or generateName is required',
    });
  }
  if (generation !== undefined && generation < 0) {
    errors.push(invalid('metadata.generation', generation, 'must be greater than or equal to 0'));
  }
  errors.push(...validateLabels(labels, 'metadata.labels'));
  errors.push(...validateAnnotations(annotations));
  errors.push(...validateOwners(object));
  for (const finalizer of finalizers ?? []) {
    for (const problem of qualifiedName(finalizer)) {
      errors.push(invalid('metadata.finalizers', finalizer, problem));
    }
  }
  if (finalizers?.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(
      invalid(
        'metadata.finalizers',
        finalizers,
        'finalizer orphan and foregroundDeletion cannot be both set',
      ),
    );
  }
  return errors;
}

/** Problems of labels, wherever they stand. */
export function validateLabels(labels: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(labels ?? {}).sort()) {
    for (const problem of qualifiedName(key)) errors.push(invalid(field, key, problem));
    const value = labels?.[key] ?? '';
    for (const problem of labelValue(value)) errors.push(invalid(field, value, problem));
  }
  return errors;
}

function validateAnnotations(annotations: Record<string, string> | undefined): FieldError[] {
  const field = 'metadata.annotations';
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const problem of qualifiedName(key.toLowerCase())) errors.push(invalid(field, key, problem));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > annotationsLimitBytes) {
    errors.push({
      type: 'FieldValueTooLong',
      field,
      detail: `may not be more than ${annotationsLimitBytes} bytes`,
    });
  }
  return errors;
}

function validateOwners({ metadata }: KubeObject): FieldError[] {
  const field = 'metadata.ownerReferences';
  const errors: FieldError[] = [];
  const owners = metadata?.ownerReferences ?? [];
  const [first, second] = owners.filter((owner) => owner.controller);
  if (first && second) {
    errors.push(
      invalid(
        field,
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${first.kind}/${first.name} and ${second.kind}/${second.name}`,
      ),
    );
  }
  for (const owner of owners) {
    if (!/^([^/]+\/)?[^/]+$/.test(owner.apiVersion ?? '')) {
      errors.push(invalid(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'));
    }
    for (const name of ['kind', 'name', 'uid'] as const) {
      if (!owner[name]) errors.push(invalid(`${field}.${name}`, '', `${name} must not be empty`));
    }
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      errors.push(invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
    }
  }
  return errors;
}

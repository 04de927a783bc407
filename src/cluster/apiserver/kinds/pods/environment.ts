import type {
  Container,
  EnvVar,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { configMapKey, dnsSubdomain, environmentName, qualifiedName } from '../../schema/names.ts';
import { check, invalid, oneOf, required } from '../checks.ts';

/** What Kubernetes refuses of what containers and files take from the pod, from ConfigMaps and from Secrets. */

/** Fields of a pod that its environment may take; labels and annotations one by one. */
const ENVIRONMENT_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Fields of a pod that its files may take. */
export const FILE_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
/** Fields that can be named at all. */
const KNOWN_FIELDS = new Set([
  ...ENVIRONMENT_FIELDS,
  ...FILE_FIELDS,
  'spec.hostNetwork',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.nominatedNodeName',
  'status.phase',
]);

export function validateEnv({ name, value, valueFrom }: EnvVar, field: string): FieldError[] {
  const errors = name ? check(`${field}.name`, name, environmentName) : [required(`${field}.name`)];
  if (!valueFrom) return errors;
  const at = `${field}.valueFrom`;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) errors.push(...validateFieldRef(fieldRef, `${at}.fieldRef`, ENVIRONMENT_FIELDS));
  if (resourceFieldRef) errors.push(...validateResourceRef(resourceFieldRef, `${at}.resourceFieldRef`));
  for (const [kind, ref] of Object.entries({ configMapKeyRef, secretKeyRef })) {
    if (!ref) continue;
    errors.push(...check(`${at}.${kind}.name`, ref.name ?? '', dnsSubdomain));
    if (!ref.key) errors.push(required(`${at}.${kind}.key`));
    else errors.push(...check(`${at}.${kind}.key`, ref.key, configMapKey));
  }
  const sources = Object.keys(valueFrom);
  if (sources.length === 0) {
    const detail = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
    errors.push(invalid(at, '', detail));
  } else if (value) {
    errors.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  } else if (sources.length > 1) {
    errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

/** Whole ConfigMaps and Secrets. */
export function validateEnvFrom(sources: NonNullable<Container['envFrom']>, field: string): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, i) => {
    const at = `${field}[${i}]`;
    const errors = prefix ? check(`${at}.prefix`, prefix, environmentName) : [];
    for (const [kind, ref] of Object.entries({ configMapRef, secretRef })) {
      if (!ref) continue;
      if (!ref.name) errors.push(required(`${at}.${kind}.name`));
      else errors.push(...check(`${at}.${kind}.name`, ref.name, dnsSubdomain));
    }
    if (!configMapRef && !secretRef) {
      errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef && secretRef) {
      errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
}

/** @param allowed the fields that can be taken whole; labels and annotations can be taken one by one */
export function validateFieldRef(
  { apiVersion = 'v1', fieldPath = '' }: Partial<ObjectFieldSelector>,
  field: string,
  allowed: readonly string[],
): FieldError[] {
  const at = `${field}.fieldPath`;
  if (!apiVersion) return [required(`${field}.apiVersion`)];
  if (!fieldPath) return [required(at)];
  const refuse = (problem: string) => [invalid(at, fieldPath, `error converting fieldPath: ${problem}`)];
  const [, path, key] = /^([^[]+)\['(.*)'\]$/.exec(fieldPath) ?? [];
  if (apiVersion !== 'v1') return refuse(`unsupported pod version: ${apiVersion}`);
  if (path !== undefined && key !== undefined) {
    if (path === 'metadata.annotations') return check(field, key.toLowerCase(), qualifiedName);
    if (path === 'metadata.labels') return check(field, key, qualifiedName);
    return refuse(`field label does not support subscript: ${fieldPath}`);
  }
  if (!KNOWN_FIELDS.has(fieldPath)) return refuse(`field label not supported: ${fieldPath}`);
  return oneOf(at, fieldPath, allowed);
}

const RESOURCES = ['cpu', 'ephemeral-storage', 'memory'];
const RESOURCE_FIELDS = ['limits', 'requests'].flatMap((kind) => RESOURCES.map((name) => `${kind}.${name}`));
/** In what a resource may be counted. */
const CPU_UNITS = ['1m', '1'];
const BYTE_UNITS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** @param ofFile whether it stands in a volume, which belongs to no container */
export function validateResourceRef(
  { containerName, resource = '', divisor = '0' }: Partial<ResourceFieldSelector>,
  field: string,
  ofFile = false,
): FieldError[] {
  if (ofFile && !containerName) return [required(`${field}.containerName`)];
  if (!resource) return [required(`${field}.resource`)];
  const isHugePages = /^(limits|requests)\.hugepages-./.test(resource);
  const errors = isHugePages ? [] : oneOf(`${field}.resource`, resource, RESOURCE_FIELDS);
  if (errors.length > 0 || divisor === '0') return errors;
  const name = resource.slice(resource.indexOf('.') + 1);
  const units = name === 'cpu' ? CPU_UNITS : BYTE_UNITS;
  if (units.includes(divisor)) return [];
  const list = name === 'cpu' ? '1m and 1' : units.join(', ');
  const what = isHugePages ? 'hugepages' : name;
  const detail = `only divisor's values ${list} are supported with the ${what} resource`;
  return [invalid(`${field}.divisor`, resource, detail)];
}

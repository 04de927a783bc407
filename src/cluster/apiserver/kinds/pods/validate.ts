import type { Container, Pod, PodSpec, PodTemplateSpec, Volume } from 'kubernetes-types/core/v1.d.ts';
import { equal } from '../../../../api/index.ts';
import type { FieldError } from '../../errors.ts';
import { validateLabels } from '../../schema/metadata.ts';
import { dnsLabel, dnsSubdomain, portName, portNumber, qualifiedName } from '../../schema/names.ts';
import { compareQuantities } from '../../schema/quantity.ts';
import { check, duplicate, forbidden, invalid, oneOf, required } from '../checks.ts';
import { validateEnv, validateEnvFrom } from './environment.ts';
import { validateMounts } from './mounts.ts';
import { validateNames } from './network.ts';
import { validateHook, validateProbe } from './probes.ts';
import { validateScheduling } from './scheduling.ts';
import { validateContext, validatePodContext, validateResourceNames } from './security.ts';
import { validateVolumes } from './volumes.ts';

/** What of a pod's spec Kubernetes refuses, in its order and words. */
export function validatePodSpec(spec: PodSpec | undefined, field: string): FieldError[] {
  if (!spec) return [required(field)];
  const { errors, found: volumes } = validateVolumes(spec.volumes ?? [], `${field}.volumes`);
  const names = new Set<string>();
  if (!spec.containers?.length) errors.push(required(`${field}.containers`));
  for (const [i, container] of (spec.containers ?? []).entries()) {
    const at = `${field}.containers[${i}]`;
    errors.push(...validateContainer(container, at, volumes, names));
    errors.push(...validateLife(container, at, spec.terminationGracePeriodSeconds));
  }
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    const at = `${field}.initContainers[${i}]`;
    errors.push(...validateContainer(container, at, volumes, names));
    const isSidecar = (container as { restartPolicy?: string }).restartPolicy === 'Always';
    errors.push(
      ...(isSidecar
        ? validateLife(container, at, spec.terminationGracePeriodSeconds)
        : refuseLife(container, at)),
    );
  }
  errors.push(...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']));
  errors.push(...validateNames(spec, field));
  for (const [i, { conditionType = '' }] of (spec.readinessGates ?? []).entries()) {
    errors.push(...check(`${field}.readinessGates[${i}].conditionType`, conditionType, qualifiedName));
  }
  errors.push(...validateSystem((spec as { os?: { name?: string } }).os, `${field}.os`));
  if (spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds < 1) {
    const detail = 'must be between 1 and 2147483647, inclusive';
    errors.push(invalid(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, detail));
  }
  if (spec.serviceAccountName) {
    errors.push(...check(`${field}.serviceAccountName`, spec.serviceAccountName, dnsSubdomain));
  }
  if (spec.hostname) errors.push(...check(`${field}.hostname`, spec.hostname, dnsLabel));
  if (spec.subdomain) errors.push(...check(`${field}.subdomain`, spec.subdomain, dnsLabel));
  return [...errors, ...validatePodContext(spec, field), ...validateScheduling(spec, field)];
}

/** The operating system that a pod is for. */
function validateSystem(os: { name?: string } | undefined, field: string): FieldError[] {
  if (!os) return [];
  return os.name ? oneOf(field, os.name, ['linux', 'windows']) : [required(`${field}.name`)];
}

/** A pod template; workloads that keep their pods running allow only `Always`. */
export function validateTemplate(
  template: PodTemplateSpec | undefined,
  field: string,
  restartPolicies: readonly string[] = ['Always'],
): FieldError[] {
  const errors = [
    ...validateLabels(template?.metadata?.labels, `${field}.labels`),
    ...validateAnnotationKeys(template?.metadata?.annotations, `${field}.annotations`),
    ...validatePodSpec(template?.spec, `${field}.spec`),
  ];
  const at = `${field}.spec.restartPolicy`;
  // A policy that is none at all was refused above.
  if (errors.some((error) => error.field === at)) return errors;
  return [...errors, ...oneOf(at, template?.spec?.restartPolicy, restartPolicies)];
}

/** What runs for as long as it is wanted has no deadline. @param owner the kind that is named */
export function refuseDeadline(template: PodTemplateSpec | undefined, owner: string): FieldError[] {
  if (template?.spec?.activeDeadlineSeconds === undefined) return [];
  const field = 'spec.template.spec.activeDeadlineSeconds';
  return [forbidden(field, `activeDeadlineSeconds in ${owner} is not Supported`)];
}

function validateAnnotationKeys(
  annotations: Record<string, string> | undefined,
  field: string,
): FieldError[] {
  return Object.keys(annotations ?? {}).flatMap((key) => check(field, key.toLowerCase(), qualifiedName));
}

function validateContainer(
  container: Container,
  field: string,
  volumes: ReadonlyMap<string, Volume>,
  names: Set<string>,
): FieldError[] {
  const { name, image, ports = [], env = [], envFrom = [] } = container;
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`));
  else errors.push(...check(`${field}.name`, name, dnsLabel));
  if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
  names.add(name);
  if (!image?.trim()) errors.push(required(`${field}.image`));
  else if (image !== image.trim()) {
    errors.push(invalid(`${field}.image`, image, 'must not have leading or trailing whitespace'));
  }
  errors.push(...validatePorts(ports, `${field}.ports`));
  for (const [i, variable] of env.entries()) errors.push(...validateEnv(variable, `${field}.env[${i}]`));
  errors.push(...validateEnvFrom(envFrom, `${field}.envFrom`));
  errors.push(...validateMounts(container, field, volumes));
  errors.push(
    ...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
  );
  errors.push(
    ...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ]),
  );
  return [
    ...errors,
    ...validateResourceNames(container.resources, field),
    ...validateResources(container, field),
    ...validateContext(container, field),
  ];
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** The hooks and probes of what runs for as long as the pod does. */
function validateLife(container: Container, field: string, graceSeconds: number | undefined): FieldError[] {
  const { lifecycle } = container;
  return [
    ...validateHook(lifecycle?.postStart, `${field}.lifecycle.postStart`, graceSeconds),
    ...validateHook(lifecycle?.preStop, `${field}.lifecycle.preStop`, graceSeconds),
    ...PROBES.flatMap((name) => validateProbe(container[name], `${field}.${name}`, name)),
  ];
}

function refuseLife(container: Container, field: string): FieldError[] {
  return (['lifecycle', ...PROBES] as const)
    .filter((name) => container[name])
    .map((name) =>
      forbidden(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
    );
}

function validatePorts(ports: NonNullable<Container['ports']>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name, containerPort, hostPort, protocol }] of ports.entries()) {
    const at = `${field}[${i}]`;
    if (name) {
      errors.push(...check(`${at}.name`, name, portName));
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    if (!containerPort) errors.push(required(`${at}.containerPort`));
    else
      for (const problem of portNumber(containerPort))
        errors.push(invalid(`${at}.containerPort`, containerPort, problem));
    if (hostPort) {
      for (const problem of portNumber(hostPort)) errors.push(invalid(`${at}.hostPort`, hostPort, problem));
    }
    errors.push(...oneOf(`${at}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']));
  }
  return errors;
}

function validateResources({ resources }: Container, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const kind of ['limits', 'requests'] as const) {
    for (const [name, amount] of Object.entries(resources?.[kind] ?? {})) {
      if (compareQuantities(amount, '0') < 0) {
        const detail = 'must be greater than or equal to 0';
        errors.push(invalid(`${field}.resources.${kind}[${name}]`, amount, detail));
      }
    }
  }
  for (const [name, request] of Object.entries(resources?.requests ?? {})) {
    const limit = resources?.limits?.[name];
    if (limit !== undefined && compareQuantities(request, limit) > 0) {
      const detail = `must be less than or equal to ${name} limit of ${limit}`;
      errors.push(invalid(`${field}.resources.requests`, request, detail));
    }
  }
  return errors;
}

const updatable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** What may not change in a pod once it exists. */
export function validatePodUpdate(next: Pod, old: Pod): FieldError[] {
  for (const list of ['containers', 'initContainers'] as const) {
    if (next.spec?.[list]?.length === old.spec?.[list]?.length) continue;
    return [forbidden(`spec.${list}`, 'pod updates may not add or remove containers')];
  }
  const [after, before] = [comparable(next.spec, old.spec), comparable(old.spec, old.spec)];
  const changed = [...new Set([...Object.keys(after), ...Object.keys(before)])].filter(
    (key) => !equal(after[key], before[key]),
  );
  if (changed.length > 0) return [forbidden('spec', `${updatable}; changed: ${changed.sort().join(', ')}`)];
  const lost = (old.spec?.tolerations ?? []).some(
    (toleration) => !next.spec?.tolerations?.some((other) => equal(other, toleration)),
  );
  if (!lost) return [];
  return [
    forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
  ];
}

/** A pod's spec without what may change. A pod is bound to a node once, through its binding. */
function comparable(spec: PodSpec | undefined, old: PodSpec | undefined): Record<string, unknown> {
  const withoutImages = (containers: Container[] | undefined) =>
    containers?.map(({ image: _image, ...container }) => container);
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...rest } = spec ?? { containers: [] };
  return {
    ...rest,
    containers: withoutImages(rest.containers),
    initContainers: withoutImages(rest.initContainers),
    nodeName: old?.nodeName ? rest.nodeName : undefined,
    schedulingGates: undefined,
  };
}

import type { Container, EnvVar, Pod, PodSpec, PodTemplateSpec, Probe } from 'kubernetes-types/core/v1.d.ts';
import { equal } from '../../../../api/index.ts';
import type { FieldError } from '../../errors.ts';
import { validateLabels } from '../../schema/metadata.ts';
import {
  dnsLabel,
  dnsSubdomain,
  environmentName,
  portName,
  portNumber,
  qualifiedName,
} from '../../schema/names.ts';
import { compareQuantities } from '../../schema/quantity.ts';
import { check, duplicate, forbidden, invalid, nonNegative, notFound, oneOf, required } from '../checks.ts';
import { validateScheduling } from './scheduling.ts';
import { validateContext, validatePodContext, validateResourceNames } from './security.ts';
import { validateVolumes } from './volumes.ts';

/** What of a pod's spec Kubernetes refuses, in its order and words. */
export function validatePodSpec(spec: PodSpec | undefined, field: string): FieldError[] {
  if (!spec) return [required(field)];
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  const errors = validateVolumes(spec.volumes ?? [], `${field}.volumes`);
  const names = new Set<string>();
  if (!spec.containers?.length) errors.push(required(`${field}.containers`));
  for (const [i, container] of (spec.containers ?? []).entries()) {
    errors.push(...validateContainer(container, `${field}.containers[${i}]`, volumes, names));
  }
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    errors.push(...validateContainer(container, `${field}.initContainers[${i}]`, volumes, names));
  }
  errors.push(...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']));
  errors.push(
    ...oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, [
      'ClusterFirstWithHostNet',
      'ClusterFirst',
      'Default',
      'None',
    ]),
  );
  if (spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds < 1) {
    const detail = 'must be between 1 and 2147483647, inclusive';
    errors.push(invalid(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, detail));
  }
  errors.push(...nonNegative(`${field}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds));
  if (spec.serviceAccountName) {
    errors.push(...check(`${field}.serviceAccountName`, spec.serviceAccountName, dnsSubdomain));
  }
  if (spec.hostname) errors.push(...check(`${field}.hostname`, spec.hostname, dnsLabel));
  if (spec.subdomain) errors.push(...check(`${field}.subdomain`, spec.subdomain, dnsLabel));
  return [...errors, ...validatePodContext(spec, field), ...validateScheduling(spec, field)];
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
  volumes: ReadonlySet<string>,
  names: Set<string>,
): FieldError[] {
  const { name, image, ports = [], env = [], volumeMounts = [] } = container;
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
  const paths = new Set<string>();
  for (const [i, { name: volume, mountPath }] of volumeMounts.entries()) {
    const at = `${field}.volumeMounts[${i}]`;
    if (!volume) errors.push(required(`${at}.name`));
    else if (!volumes.has(volume)) errors.push(notFound(`${at}.name`, volume));
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    else if (paths.has(mountPath)) errors.push(invalid(`${at}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    errors.push(...validateProbe(container[probe], `${field}.${probe}`, probe === 'readinessProbe'));
  }
  errors.push(
    ...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
  );
  errors.push(
    ...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      'FallbackToLogsOnError',
      'File',
    ]),
  );
  return [
    ...errors,
    ...validateResourceNames(container.resources, field),
    ...validateResources(container, field),
    ...validateContext(container, field),
  ];
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

function validateEnv({ name, value, valueFrom }: EnvVar, field: string): FieldError[] {
  const errors = name ? check(`${field}.name`, name, environmentName) : [required(`${field}.name`)];
  if (!valueFrom) return errors;
  const sources = Object.keys(valueFrom);
  if (sources.length === 0) {
    const detail = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
    errors.push(invalid(`${field}.valueFrom`, '', detail));
  } else if (sources.length > 1) {
    errors.push(invalid(`${field}.valueFrom`, '', 'may not have more than one field specified at a time'));
  }
  if (value) errors.push(invalid(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty'));
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef)
    errors.push(...validateFieldPath(fieldRef.fieldPath, `${field}.valueFrom.fieldRef.fieldPath`));
  if (configMapKeyRef && !configMapKeyRef.key)
    errors.push(required(`${field}.valueFrom.configMapKeyRef.key`));
  if (secretKeyRef && !secretKeyRef.key) errors.push(required(`${field}.valueFrom.secretKeyRef.key`));
  return errors;
}

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
/** Fields that there are, and that only other places may take. */
const OTHER_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'spec.hostNetwork',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.nominatedNodeName',
  'status.phase',
];

function validateFieldPath(path: string | undefined, field: string): FieldError[] {
  if (!path) return [required(field)];
  if (/^metadata\.(labels|annotations)\['[^']+'\]$/.test(path)) return [];
  if (ENVIRONMENT_FIELDS.includes(path)) return [];
  if (OTHER_FIELDS.includes(path)) return oneOf(field, path, ENVIRONMENT_FIELDS);
  const detail = `error converting fieldPath: field label not supported: ${path}`;
  return [invalid(field, path, detail)];
}

function validateProbe(probe: Probe | undefined, field: string, severalSuccesses: boolean): FieldError[] {
  if (!probe) return [];
  const errors: FieldError[] = [];
  const handlers = (['exec', 'httpGet', 'tcpSocket', 'grpc'] as const).filter((name) => probe[name]);
  if (handlers.length === 0) errors.push(required(field, 'must specify a handler type'));
  for (const extra of handlers.slice(1)) {
    errors.push(forbidden(`${field}.${extra}`, 'may not specify more than 1 handler type'));
  }
  if (probe.exec && !probe.exec.command?.length) errors.push(required(`${field}.exec.command`));
  for (const name of ['httpGet', 'tcpSocket'] as const) {
    const port = probe[name]?.port;
    if (probe[name] === undefined) continue;
    const problems = typeof port === 'string' ? portName(port) : portNumber(port ?? 0);
    for (const problem of problems) errors.push(invalid(`${field}.${name}.port`, port ?? 0, problem));
  }
  errors.push(...oneOf(`${field}.httpGet.scheme`, probe.httpGet?.scheme, ['HTTP', 'HTTPS']));
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    errors.push(...nonNegative(`${field}.${name}`, probe[name]));
  }
  if (!severalSuccesses && (probe.successThreshold ?? 1) !== 1) {
    errors.push(invalid(`${field}.successThreshold`, probe.successThreshold, 'must be 1'));
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

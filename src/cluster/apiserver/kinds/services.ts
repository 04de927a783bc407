import { isIP } from 'node:net';
import type { Service, ServicePort, ServiceSpec } from 'kubernetes-types/core/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { validateLabels } from '../schema/metadata.ts';
import { dnsLabel, dnsSubdomain, portName, portNumber } from '../schema/names.ts';
import { check, duplicate, goStrings, invalid, oneOf, required } from './checks.ts';
import { column, labelsCell, none, wide } from './columns.ts';
import { compact } from './compact.ts';
import { builtin } from './define.ts';

export const services = builtin({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  package: 'io.k8s.api.core.v1',
  shortNames: ['svc'],
  categories: ['all'],
  status: true,
  returnsDeletedObject: true,
  columns: [
    column<Service>('Type', 'How the service is exposed.', ({ spec }) => spec?.type ?? ''),
    column<Service>(
      'Cluster-IP',
      'Address within the cluster.',
      ({ spec }) => spec?.clusterIPs?.[0] || spec?.clusterIP || none,
    ),
    column<Service>('External-IP', 'Addresses outside of the cluster.', externalCell),
    column<Service>('Port(s)', 'Ports, with the node port where there is one.', portsCell),
    wide<Service>('Selector', 'Labels of the pods behind it.', ({ spec }) => labelsCell(spec?.selector)),
  ],
  allowCreateOnUpdate: true,
  defaults: (object) => defaultService(object as Service) as KubeObject,
  validate: (object) => validateService(object as Service),
  validateUpdate: (next, old, subresource) =>
    subresource ? [] : validateServiceUpdate((next as Service).spec, (old as Service).spec),
  fields: (object) => ({
    'spec.clusterIP': (object as Service).spec?.clusterIP ?? '',
    'spec.type': (object as Service).spec?.type ?? '',
  }),
});

function defaultService(service: Service): Service {
  const spec: ServiceSpec = service.spec ?? {};
  const type = spec.type ?? 'ClusterIP';
  const isInternal = type !== 'ExternalName';
  const isExternal =
    type === 'NodePort' || type === 'LoadBalancer' || (isInternal && !!spec.externalIPs?.length);
  return {
    ...service,
    spec: compact<ServiceSpec>({
      ...spec,
      ports: spec.ports?.map(defaultPort),
      type,
      sessionAffinity: spec.sessionAffinity ?? 'None',
      sessionAffinityConfig:
        spec.sessionAffinity === 'ClientIP'
          ? { clientIP: { timeoutSeconds: 10_800, ...spec.sessionAffinityConfig?.clientIP } }
          : undefined,
      externalTrafficPolicy: isExternal
        ? (spec.externalTrafficPolicy ?? 'Cluster')
        : spec.externalTrafficPolicy,
      internalTrafficPolicy: isInternal
        ? (spec.internalTrafficPolicy ?? 'Cluster')
        : spec.internalTrafficPolicy,
      allocateLoadBalancerNodePorts:
        type === 'LoadBalancer'
          ? (spec.allocateLoadBalancerNodePorts ?? true)
          : spec.allocateLoadBalancerNodePorts,
    }),
  };
}

function defaultPort(port: ServicePort): ServicePort {
  return { ...port, protocol: port.protocol ?? 'TCP', targetPort: port.targetPort ?? port.port ?? 0 };
}

function validateService({ spec }: Service): FieldError[] {
  if (!spec) return [required('spec')];
  const errors: FieldError[] = [];
  const ports = spec.ports ?? [];
  const isHeadless = spec.clusterIP === 'None';
  if (ports.length === 0 && !isHeadless && spec.type !== 'ExternalName') errors.push(required('spec.ports'));
  if (isHeadless && (spec.type === 'NodePort' || spec.type === 'LoadBalancer')) {
    const detail = `may not be set to 'None' for ${spec.type} services`;
    errors.push(invalid('spec.clusterIPs[0]', 'None', detail));
  }
  if (spec.type === 'ExternalName') {
    if (!spec.externalName) errors.push(required('spec.externalName'));
    else errors.push(...check('spec.externalName', spec.externalName.replace(/\.$/, ''), dnsSubdomain));
  }
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    errors.push(...validatePort(port, `spec.ports[${i}]`, ports.length > 1, names));
  }
  errors.push(...validateLabels(spec.selector, 'spec.selector'));
  errors.push(...oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']));
  for (const [i, address] of (spec.externalIPs ?? []).entries()) {
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    if (isIP(address) === 0) errors.push(invalid(`spec.externalIPs[${i}]`, address, detail));
  }
  errors.push(...oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']));
  errors.push(...validateUniquePorts(ports));
  errors.push(...oneOf('spec.externalTrafficPolicy', spec.externalTrafficPolicy, ['Cluster', 'Local']));
  errors.push(...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']));
  return errors;
}

function validatePort(
  port: ServicePort,
  field: string,
  needsName: boolean,
  names: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const { name, targetPort } = port;
  if (!name && needsName) errors.push(required(`${field}.name`));
  if (name) {
    errors.push(...check(`${field}.name`, name, dnsLabel));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
  }
  for (const problem of portNumber(port.port)) errors.push(invalid(`${field}.port`, port.port, problem));
  errors.push(...oneOf(`${field}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']));
  const problems =
    typeof targetPort === 'string'
      ? portName(targetPort)
      : targetPort === undefined
        ? []
        : portNumber(targetPort);
  for (const problem of problems) errors.push(invalid(`${field}.targetPort`, targetPort, problem));
  return errors;
}

/** What messages quote of a port that is there twice, with Go's names of its fields. */
const quotedPort = (protocol: string | undefined, port: number) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});

function validateUniquePorts(ports: readonly ServicePort[]): FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap(({ protocol, port }, i) => {
    const key = `${protocol}/${port}`;
    const isKnown = seen.has(key);
    seen.add(key);
    return isKnown ? [duplicate(`spec.ports[${i}]`, quotedPort(protocol, port))] : [];
  });
}

/** The cluster IP stays; only a change from or to ExternalName drops or gives one. */
function validateServiceUpdate(next: ServiceSpec | undefined, old: ServiceSpec | undefined): FieldError[] {
  if (next?.type === 'ExternalName' || old?.type === 'ExternalName') return [];
  const before = old?.clusterIPs ?? [];
  const after = addressesOf(next, old);
  if (before.length === 0 || equal(after, before)) return [];
  return [invalid('spec.clusterIPs[0]', goStrings(after), 'may not change once set')];
}

/** Clients may know the one address only; where it alone is another, it counts. */
function addressesOf(next: ServiceSpec | undefined, old: ServiceSpec | undefined): readonly string[] {
  const { clusterIP, clusterIPs } = next ?? {};
  if (!clusterIPs) return clusterIP ? [clusterIP] : [];
  const changed = clusterIP && clusterIP !== old?.clusterIP && equal(clusterIPs, old?.clusterIPs);
  return changed ? [clusterIP, ...clusterIPs.slice(1)] : clusterIPs;
}

function externalCell({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? [];
  if (spec?.type === 'ExternalName') return spec.externalName ?? '';
  if (spec?.type !== 'LoadBalancer') return external.join(',') || none;
  const given = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  return [...given, ...external].join(',') || '<pending>';
}

function portsCell({ spec }: Service): string {
  const ports = spec?.ports ?? [];
  const text = ports.map(
    ({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
  );
  return text.join(',') || none;
}

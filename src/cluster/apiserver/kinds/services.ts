import { isIP } from 'node:net';
import type { Service, ServicePort, ServiceSpec } from 'kubernetes-types/core/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { validateLabels } from '../schema/metadata.ts';
import { dnsLabel, dnsSubdomain, portName, portNumber, qualifiedName } from '../schema/names.ts';
import { check, duplicate, forbidden, goStrings, invalid, oneOf, required } from './checks.ts';
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
  prepareForUpdate: (next, old, subresource) =>
    subresource ? next : (withoutLeftovers(next as Service, old as Service) as KubeObject),
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

/** Whether traffic comes to it from outside of the cluster, past its balancer. */
const isReachable = ({ type, externalIPs }: ServiceSpec) =>
  type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && !!externalIPs?.length);

const isBalanced = ({ type }: ServiceSpec) => type === 'LoadBalancer';

/** Fields that belong to Services of some types, and to which. */
const OF_SOME_TYPES = {
  externalTrafficPolicy: isReachable,
  healthCheckNodePort: (spec: ServiceSpec) => isBalanced(spec) && spec.externalTrafficPolicy === 'Local',
  allocateLoadBalancerNodePorts: isBalanced,
  loadBalancerClass: isBalanced,
} as const;

/** What the type that the Service had left behind goes with it, where the client leaves it as it was. */
function withoutLeftovers(next: Service, { spec: old }: Service): Service {
  const spec = next.spec;
  if (!spec || !old) return next;
  const stale = Object.entries(OF_SOME_TYPES).filter(([name, belongs]) => {
    const field = name as keyof typeof OF_SOME_TYPES;
    return belongs(old) && !belongs(spec) && equal(spec[field], old[field]);
  });
  const names = new Set(stale.map(([name]) => name));
  const kept = Object.entries(spec).filter(([name]) => !names.has(name));
  return { ...next, spec: Object.fromEntries(kept) as unknown as ServiceSpec };
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
  errors.push(...validateBalancer(spec), ...validateTraffic(spec), ...validateFamilies(spec));
  return errors;
}

const AFFINITY_SECONDS_MAX = 86_400;

/** How traffic is spread, and whether its clients stay with a pod. */
function validateTraffic(spec: ServiceSpec): FieldError[] {
  const { type, externalTrafficPolicy: external, healthCheckNodePort: health } = spec;
  const { trafficDistribution } = spec as { trafficDistribution?: string };
  const errors: FieldError[] = [];
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (spec.sessionAffinity === 'ClientIP' && seconds !== undefined) {
    if (seconds <= 0 || seconds > AFFINITY_SECONDS_MAX) {
      const detail = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`;
      errors.push(invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, detail));
    }
  }
  if (external !== undefined && !isReachable(spec)) {
    const detail = 'may only be set for externally-accessible services';
    errors.push(invalid('spec.externalTrafficPolicy', external, detail));
  } else errors.push(...oneOf('spec.externalTrafficPolicy', external, ['Cluster', 'Local']));
  if (health) {
    const isChecked = type === 'LoadBalancer' && external === 'Local';
    const at = 'spec.healthCheckNodePort';
    for (const problem of portNumber(health)) errors.push(invalid(at, health, problem));
    if (!isChecked) {
      const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
      errors.push(invalid(at, health, detail));
    }
  }
  errors.push(...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']));
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
  return [...errors, ...oneOf('spec.trafficDistribution', trafficDistribution, distributions)];
}

/** What only those of type LoadBalancer have. */
function validateBalancer(spec: ServiceSpec): FieldError[] {
  const { type, loadBalancerSourceRanges: ranges = [], loadBalancerClass } = spec;
  const balanced = type === 'LoadBalancer';
  const refusal = "may only be used when `type` is 'LoadBalancer'";
  const at = 'spec.LoadBalancerSourceRanges';
  const errors: FieldError[] = [];
  if (ranges.length > 0 && !balanced) errors.push(forbidden(at, refusal));
  else {
    const detail = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    for (const [i, range] of ranges.entries()) {
      if (!isCidr(range.trim())) errors.push(invalid(`${at}[${i}]`, range, detail));
    }
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !balanced) {
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', refusal));
  }
  if (loadBalancerClass === undefined) return errors;
  return [
    ...errors,
    ...(balanced ? [] : [forbidden('spec.loadBalancerClass', refusal)]),
    ...check('spec.loadBalancerClass', loadBalancerClass, qualifiedName),
  ];
}

function isCidr(text: string): boolean {
  const [, address = '', bits = ''] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  return family > 0 && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Which addresses it has. */
function validateFamilies({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): FieldError[] {
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  return [
    ...ipFamilies.flatMap((family, i) => [
      ...oneOf(`spec.ipFamilies[${i}]`, family, ['IPv4', 'IPv6']),
      ...(ipFamilies.indexOf(family) < i ? [duplicate(`spec.ipFamilies[${i}]`, family)] : []),
    ]),
    ...oneOf('spec.ipFamilyPolicy', ipFamilyPolicy, policies),
  ];
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
  const { appProtocol } = port;
  if (appProtocol !== undefined) errors.push(...check(`${field}.appProtocol`, appProtocol, qualifiedName));
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

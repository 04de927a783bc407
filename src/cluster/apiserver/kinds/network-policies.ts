import { BlockList, isIP } from 'node:net';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from 'kubernetes-types/networking/v1.d.ts';
import { formatSelector, type KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { portName, portNumber } from '../schema/names.ts';
import { check, forbidden, invalid, oneOf, required } from './checks.ts';
import { column, none } from './columns.ts';
import { builtin } from './define.ts';
import { validateSelector } from './selectors.ts';

export const networkPolicies = builtin({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  package: 'io.k8s.api.networking.v1',
  shortNames: ['netpol'],
  generation: ['spec'],
  columns: [
    column<NetworkPolicy>(
      'Pod-Selector',
      'Pods that it is for.',
      ({ spec }) => formatSelector(spec?.podSelector) || none,
    ),
  ],
  defaults: (object) => defaultPolicy(object as NetworkPolicy) as KubeObject,
  validate: (object) => validatePolicy((object as NetworkPolicy).spec),
});

function defaultPolicy(policy: NetworkPolicy): NetworkPolicy {
  const { spec } = policy;
  if (!spec) return policy;
  const ports = <T extends { ports?: NetworkPolicyPort[] }>(rule: T): T =>
    rule.ports
      ? { ...rule, ports: rule.ports.map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' })) }
      : rule;
  return {
    ...policy,
    spec: {
      ...spec,
      ...(spec.ingress && { ingress: spec.ingress.map(ports) }),
      ...(spec.egress && { egress: spec.egress.map(ports) }),
      policyTypes: spec.policyTypes?.length
        ? spec.policyTypes
        : ['Ingress', ...(spec.egress?.length ? ['Egress'] : [])],
    },
  };
}

function validatePolicy(spec: NetworkPolicySpec | undefined): FieldError[] {
  const errors = validateSelector(spec?.podSelector, 'spec.podSelector');
  for (const [i, { ports, from }] of (spec?.ingress ?? []).entries()) {
    const field = `spec.ingress[${i}]`;
    for (const [j, port] of (ports ?? []).entries())
      errors.push(...validatePort(port, `${field}.ports[${j}]`));
    for (const [j, peer] of (from ?? []).entries()) errors.push(...validatePeer(peer, `${field}.from[${j}]`));
  }
  for (const [i, { ports, to }] of (spec?.egress ?? []).entries()) {
    const field = `spec.egress[${i}]`;
    for (const [j, port] of (ports ?? []).entries())
      errors.push(...validatePort(port, `${field}.ports[${j}]`));
    for (const [j, peer] of (to ?? []).entries()) errors.push(...validatePeer(peer, `${field}.to[${j}]`));
  }
  const types = spec?.policyTypes ?? [];
  if (types.length > 2) {
    return [...errors, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  return [
    ...errors,
    ...types.flatMap((type, i) => oneOf(`spec.policyTypes[${i}]`, type, ['Egress', 'Ingress'])),
  ];
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, field: string): FieldError[] {
  const errors = oneOf(`${field}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']);
  if (typeof port === 'number') {
    for (const problem of portNumber(port)) errors.push(invalid(`${field}.port`, port, problem));
    if (endPort === undefined) return errors;
    if (endPort < port) {
      errors.push(invalid(`${field}.endPort`, port, 'must be greater than or equal to `port`'));
    }
    for (const problem of portNumber(endPort)) errors.push(invalid(`${field}.endPort`, endPort, problem));
    return errors;
  }
  if (endPort !== undefined) {
    const state = port === undefined ? 'not specified' : 'non-numeric';
    errors.push(invalid(`${field}.endPort`, endPort, `may not be specified when \`port\` is ${state}`));
  }
  return port === undefined ? errors : [...errors, ...check(`${field}.port`, port, portName)];
}

function validatePeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  field: string,
): FieldError[] {
  if (!podSelector && !namespaceSelector && !ipBlock) return [required(field, 'must specify a peer')];
  if (ipBlock && (podSelector || namespaceSelector)) {
    return [forbidden(field, 'may not specify both ipBlock and another peer')];
  }
  return [
    ...validateSelector(podSelector, `${field}.podSelector`),
    ...validateSelector(namespaceSelector, `${field}.namespaceSelector`),
    ...(ipBlock ? validateBlock(ipBlock, `${field}.ipBlock`) : []),
  ];
}

const cidrProblem = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** An address range; undefined when it is none. */
function parseRange(text: string): { address: string; family: 'ipv4' | 'ipv6'; prefix: number } | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const version = isIP(address);
  const prefix = Number(length);
  if (!version || rest.length > 0 || !/^\d{1,3}$/.test(length) || prefix > (version === 4 ? 32 : 128)) {
    return undefined;
  }
  return { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix };
}

function validateBlock({ cidr, except }: IPBlock, field: string): FieldError[] {
  if (!cidr) return [required(`${field}.cidr`)];
  const range = parseRange(cidr);
  if (!range) return [invalid(`${field}.cidr`, cidr, cidrProblem)];
  const block = new BlockList();
  block.addSubnet(range.address, range.prefix, range.family);
  return (except ?? []).flatMap((text, i) => {
    const at = `${field}.except[${i}]`;
    const inner = parseRange(text);
    if (!inner) return [invalid(at, text, cidrProblem)];
    const within = inner.prefix > range.prefix && block.check(inner.address, inner.family);
    return within ? [] : [invalid(at, text, 'must be a strict subset of `cidr`')];
  });
}

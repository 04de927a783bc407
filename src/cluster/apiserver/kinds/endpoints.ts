import { isIP } from 'node:net';
import type { EndpointSubset, Endpoints } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { dnsLabel, dnsSubdomain, portNumber, qualifiedName } from '../schema/names.ts';
import { check, duplicate, immutable, invalid, oneOf, required } from './checks.ts';
import { column, none } from './columns.ts';
import { builtin } from './define.ts';

const shown = 3;

/** The first few, and how many more. */
function shortList(items: readonly string[], more: string): string {
  const rest = items.length - shown;
  const text = items.slice(0, shown).join(',');
  return rest > 0 ? `${text} + ${rest} more${more}` : text;
}

export const endpoints = builtin({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  package: 'io.k8s.api.core.v1',
  shortNames: ['ep'],
  allowCreateOnUpdate: true,
  columns: [
    column<Endpoints>('Endpoints', 'Addresses behind the service.', ({ subsets = [] }) => {
      const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
        ports.length === 0
          ? addresses.map(({ ip }) => ip)
          : ports.flatMap(({ port }) =>
              addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
            ),
      );
      return shortList(all, '...') || none;
    }),
  ],
  defaults(object) {
    const { subsets } = object as Endpoints;
    if (!subsets) return object;
    const filled = subsets.map((subset) => ({
      ...subset,
      ...(subset.ports && {
        ports: subset.ports.map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' })),
      }),
    }));
    return { ...object, subsets: filled } as KubeObject;
  },
  validate: (object) =>
    ((object as Endpoints).subsets ?? []).flatMap((subset, i) => validateSubset(subset, `subsets[${i}]`)),
});

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validateSubset(subset: EndpointSubset, field: string): FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const errors: FieldError[] = [];
  if (addresses.length + notReadyAddresses.length === 0) {
    errors.push(required(field, 'must specify `addresses` or `notReadyAddresses`'));
  }
  for (const [name, list] of Object.entries({ addresses, notReadyAddresses })) {
    for (const [i, { ip, hostname }] of list.entries()) {
      const at = `${field}.${name}[${i}]`;
      if (isIP(ip) === 0) {
        errors.push(invalid(`${at}.ip`, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
      }
      if (hostname) errors.push(...check(`${at}.hostname`, hostname, dnsLabel));
    }
  }
  for (const [i, { name, port, protocol }] of ports.entries()) {
    const at = `${field}.ports[${i}]`;
    if (name) errors.push(...check(`${at}.name`, name, dnsLabel));
    else if (ports.length > 1) errors.push(required(`${at}.name`));
    for (const problem of portNumber(port)) errors.push(invalid(`${at}.port`, port, problem));
    errors.push(...oneOf(`${at}.protocol`, protocol, PROTOCOLS));
  }
  return errors;
}

export const endpointSlices = builtin({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  package: 'io.k8s.api.discovery.v1',
  generation: ['addressType', 'endpoints', 'ports', 'metadata.labels'],
  columns: [
    column<EndpointSlice>('AddressType', 'Kind of the addresses.', ({ addressType }) => addressType),
    column<EndpointSlice>('Ports', 'Ports of the endpoints.', ({ ports }) => {
      if (!ports) return '<unset>';
      return (
        shortList(
          ports.map(({ port, name }) => String(port ?? name ?? '*')),
          '...',
        ) || '<unset>'
      );
    }),
    column<EndpointSlice>('Endpoints', 'Addresses.', ({ endpoints: list }) => {
      if (!list) return '<unset>';
      return (
        shortList(
          list.map(({ addresses }) => addresses[0] ?? ''),
          '...',
        ) || '<unset>'
      );
    }),
  ],
  defaults(object) {
    const { ports } = object as EndpointSlice;
    if (!ports) return object;
    const filled = ports.map((port) => ({
      ...port,
      name: port.name ?? '',
      protocol: port.protocol ?? 'TCP',
    }));
    return { ...object, ports: filled } as KubeObject;
  },
  validate: (object) => validateSlice(object as EndpointSlice),
  validateUpdate: (next, old) =>
    immutable('addressType', (next as EndpointSlice).addressType, (old as EndpointSlice).addressType),
});

const versions: Record<string, number> = { IPv4: 4, IPv6: 6 };

function validateSlice({ addressType, endpoints: list, ports }: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  if (!addressType) errors.push(required('addressType'));
  else errors.push(...oneOf('addressType', addressType, ['IPv4', 'IPv6', 'FQDN']));
  for (const [i, { addresses, hostname }] of (list ?? []).entries()) {
    const field = `endpoints[${i}].addresses`;
    if (!addresses?.length) errors.push(required(field, 'must contain at least 1 address'));
    for (const [j, address] of (addresses ?? []).entries()) {
      if (addressType === 'FQDN') errors.push(...check(`${field}[${j}]`, address, dnsSubdomain));
      else if (versions[addressType] && isIP(address) !== versions[addressType]) {
        errors.push(invalid(`${field}[${j}]`, address, `must be a valid ${addressType} address`));
      }
    }
    if (hostname) errors.push(...check(`endpoints[${i}].hostname`, hostname, dnsLabel));
  }
  const names = new Set<string>();
  for (const [i, { name = '', port, protocol, appProtocol }] of (ports ?? []).entries()) {
    if (name) errors.push(...check(`ports[${i}].name`, name, dnsLabel));
    if (names.has(name)) errors.push(duplicate(`ports[${i}].name`, name));
    names.add(name);
    if (port !== undefined) {
      for (const problem of portNumber(port)) errors.push(invalid(`ports[${i}].port`, port, problem));
    }
    errors.push(...oneOf(`ports[${i}].protocol`, protocol, PROTOCOLS));
    if (appProtocol) errors.push(...check(`ports[${i}].appProtocol`, appProtocol, qualifiedName));
  }
  return errors;
}

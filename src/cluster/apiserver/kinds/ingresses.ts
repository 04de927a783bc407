import { isIP } from 'node:net';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressClassParametersReference,
  IngressRule,
} from 'kubernetes-types/networking/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import {
  dnsLabel,
  dnsLabel1035,
  dnsSubdomain,
  pathSegment,
  portName,
  portNumber,
  wildcardSubdomain,
} from '../schema/names.ts';
import { check, forbidden, immutable, invalid, oneOf, required } from './checks.ts';
import { column, none } from './columns.ts';
import { builtin } from './define.ts';

const shownHosts = 3;

export const ingresses = builtin({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  package: 'io.k8s.api.networking.v1',
  shortNames: ['ing'],
  status: true,
  generation: ['spec'],
  columns: [
    column<Ingress>(
      'Class',
      'Class of the ingress.',
      ({ metadata, spec }) =>
        spec?.ingressClassName ?? metadata?.annotations?.['kubernetes.io/ingress.class'] ?? none,
    ),
    column<Ingress>('Hosts', 'Hosts of the rules.', hostsCell),
    column<Ingress>('Address', 'Address of the load balancer.', ({ status }) =>
      (status?.loadBalancer?.ingress ?? [])
        .map(({ ip, hostname }) => ip || hostname || '')
        .filter(Boolean)
        .join(','),
    ),
    column<Ingress>('Ports', 'Ports that are served.', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')),
  ],
  validate: (object) => validateIngress(object as Ingress),
});

export const ingressClasses = builtin({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  package: 'io.k8s.api.networking.v1',
  namespaced: false,
  generation: ['spec'],
  columns: [
    column<IngressClass>('Controller', 'Who serves it.', ({ spec }) => spec?.controller ?? ''),
    column<IngressClass>('Parameters', 'What configures it.', ({ spec }) => {
      const parameters = spec?.parameters;
      if (!parameters) return none;
      return `${parameters.kind}${parameters.apiGroup ? `.${parameters.apiGroup}` : ''}/${parameters.name}`;
    }),
  ],
  defaults(object) {
    const { spec } = object as IngressClass;
    if (!spec?.parameters) return object;
    return {
      ...object,
      spec: { ...spec, parameters: { scope: 'Cluster', ...spec.parameters } },
    } as KubeObject;
  },
  validate: (object) => validateClass((object as IngressClass).spec),
  validateUpdate: (next, old) =>
    immutable(
      'spec.controller',
      (next as IngressClass).spec?.controller,
      (old as IngressClass).spec?.controller,
    ),
});

const PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const isPath = new RegExp(`^${PATH}$`);

function validateClass(spec: IngressClass['spec']): FieldError[] {
  return [...validateController(spec?.controller ?? ''), ...validateParameters(spec?.parameters)];
}

/** A domain, and what it calls the controller. */
function validateController(controller: string): FieldError[] {
  const field = 'spec.controller';
  if (controller === '') return [required(field)];
  const [domain, ...rest] = controller.split('/');
  const path = rest.join('/');
  if (!domain || !path) {
    return [invalid(field, controller, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = check(field, domain, dnsSubdomain);
  if (!isPath.test(path)) {
    errors.push(invalid(field, path, `Invalid path (regex used for validation is '${PATH}')`));
  }
  return errors;
}

function validateParameters(parameters: IngressClassParametersReference | undefined): FieldError[] {
  if (!parameters) return [];
  const field = 'spec.parameters';
  const { apiGroup, kind, name, scope, namespace } = parameters;
  const errors = apiGroup === undefined ? [] : check(`${field}.apiGroup`, apiGroup, dnsSubdomain);
  for (const [key, value] of Object.entries({ kind, name })) {
    if (value) errors.push(...check(`${field}.${key}`, value, pathSegment));
    else errors.push(required(`${field}.${key}`, `${key} is required`));
  }
  errors.push(...oneOf(`${field}.scope`, scope, ['Cluster', 'Namespace']));
  if (scope === 'Namespace') {
    if (namespace === undefined) {
      errors.push(required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'"));
    } else errors.push(...check(`${field}.namespace`, namespace, dnsLabel));
  }
  if (scope === 'Cluster' && namespace !== undefined) {
    errors.push(forbidden(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  }
  return errors;
}

function hostsCell({ spec }: Ingress): string {
  const hosts = (spec?.rules ?? []).flatMap(({ host }) => (host ? [host] : []));
  if (hosts.length === 0) return '*';
  const rest = hosts.length - shownHosts;
  return `${hosts.slice(0, shownHosts).join(',')}${rest > 0 ? ` + ${rest} more...` : ''}`;
}

function validateIngress({ metadata, spec }: Ingress): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec?.rules?.length && !spec?.defaultBackend) {
    errors.push(invalid('spec', null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (spec?.defaultBackend) errors.push(...validateBackend(spec.defaultBackend, 'spec.defaultBackend'));
  for (const [i, rule] of (spec?.rules ?? []).entries())
    errors.push(...validateRule(rule, `spec.rules[${i}]`));
  for (const [i, { hosts, secretName }] of (spec?.tls ?? []).entries()) {
    for (const [j, host] of (hosts ?? []).entries())
      errors.push(...hostErrors(host, `spec.tls[${i}].hosts[${j}]`));
    if (secretName) errors.push(...check(`spec.tls[${i}].secretName`, secretName, dnsSubdomain));
  }
  if (spec?.ingressClassName !== undefined) {
    errors.push(...check('spec.ingressClassName', spec.ingressClassName, dnsSubdomain));
    if (metadata?.annotations?.['kubernetes.io/ingress.class'] !== undefined && !metadata.creationTimestamp) {
      errors.push(
        forbidden(
          'annotations.kubernetes.io/ingress.class',
          'can not be set when the class field is also set',
        ),
      );
    }
  }
  return errors;
}

const hostErrors = (host: string, field: string) =>
  check(field, host, host.includes('*') ? wildcardSubdomain : dnsSubdomain);

function validateRule({ host, http }: IngressRule, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (host && isIP(host))
    errors.push(invalid(`${field}.host`, host, 'must be a DNS name, not an IP address'));
  else if (host) errors.push(...hostErrors(host, `${field}.host`));
  if (!http) return errors;
  if (!http.paths?.length) errors.push(required(`${field}.http.paths`));
  for (const [i, path] of (http.paths ?? []).entries()) {
    errors.push(...validatePath(path, `${field}.http.paths[${i}]`));
  }
  return errors;
}

function validatePath({ path = '', pathType, backend }: HTTPIngressPath, field: string): FieldError[] {
  const supported = ['Exact', 'ImplementationSpecific', 'Prefix'];
  // Without a path type the path means nothing: that is all there is to say.
  if (!pathType) return [required(`${field}.pathType`, 'pathType must be specified')];
  const errors = oneOf(`${field}.pathType`, pathType, supported);
  const mustBeAbsolute = pathType === 'Exact' || pathType === 'Prefix' || path !== '';
  if (mustBeAbsolute && !path.startsWith('/')) {
    errors.push(invalid(`${field}.path`, path, 'must be an absolute path'));
  }
  return [...errors, ...validateBackend(backend, `${field}.backend`)];
}

function validateBackend(backend: IngressBackend | undefined, field: string): FieldError[] {
  const { service, resource } = backend ?? {};
  if (resource) {
    return service ? [invalid(field, '', 'cannot set both resource and service backends')] : [];
  }
  if (!service) return [invalid(field, '', 'resource or service backend is required')];
  const errors: FieldError[] = [];
  if (!service.name) errors.push(required(`${field}.service.name`));
  else errors.push(...check(`${field}.service.name`, service.name, dnsLabel1035));
  const { name, number } = service.port ?? {};
  if (name && number) errors.push(invalid(field, '', 'cannot set both port name & port number'));
  else if (name) errors.push(...check(`${field}.service.port.name`, name, portName));
  else if (number) {
    for (const problem of portNumber(number))
      errors.push(invalid(`${field}.service.port.number`, number, problem));
  } else errors.push(required(field, 'port name or number is required'));
  return errors;
}

import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { SERVICE_NAME_LABEL } from '../../../api/index.ts';
import { bindablePort, endpointsOf } from '../../node/index.ts';
import type { ApiContext } from '../http/context.ts';
import { locate, type ObjectTarget } from '../rest/core.ts';
import { badRequest, notFound, StatusError } from '../status.ts';

const unavailable = (message: string) => new StatusError(503, 'ServiceUnavailable', message);

/** Where a pod answers, e.g. `http://127.64.0.3:8080`, by `[scheme:]name[:port]`; without a port, its first one. @throws StatusError */
export function podOrigin(context: ApiContext, target: ObjectTarget): string {
  const { scheme, name, port } = parseProxyName(target.name, 'pod');
  const pod = objectOf(context, { ...target, name }) as Pod;
  const ports = pod.spec?.containers.flatMap((container) => container.ports ?? []) ?? [];
  const number = port === '' ? ports[0]?.containerPort : portNumber(ports, port, 'containerPort');
  const host = pod.status?.podIP;
  if (!host) throw badRequest('address not allowed');
  if (port !== '' && number === undefined)
    throw unavailable(`no port ${JSON.stringify(port)} found for pod "${name}"`);
  return originOf(scheme, host, bindablePort(number ?? defaultPort(scheme)));
}

/** Where an endpoint of a Service answers, by `[scheme:]name[:port]`; the port by number or name. @throws StatusError */
export function serviceOrigin(context: ApiContext, target: ObjectTarget): string {
  const { scheme, name, port } = parseProxyName(target.name, 'service');
  const service = objectOf(context, { ...target, name }) as Service;
  const found = service.spec?.ports?.find((known) => String(known.port) === port);
  if (/^\d+$/.test(port) && !found) {
    throw unavailable(`no service port ${port} found for service "${name}"`);
  }
  const slices = context.store
    .resource('discovery.k8s.io/endpointslices')
    .list(target.namespace)
    .map(({ object }) => object as EndpointSlice)
    .filter(({ metadata }) => metadata?.labels?.[SERVICE_NAME_LABEL] === name);
  const endpoints = endpointsOf(slices, found ? (found.name ?? '') : port);
  const endpoint = endpoints[Math.floor(Math.random() * endpoints.length)];
  if (!endpoint) throw unavailable(`no endpoints available for service "${name}"`);
  return originOf(scheme, endpoint.host, endpoint.port);
}

/** Where a Service that is a webhook answers. @throws StatusError */
export function webhookOrigin(context: ApiContext, namespace: string, service: string, port: number): string {
  const kind = context.registry.find('', 'v1', 'services');
  if (!kind) throw unavailable('Services are not served');
  return serviceOrigin(context, { kind, namespace, name: `https:${service}:${port}` });
}

interface ProxyName {
  scheme: 'http' | 'https';
  name: string;
  port: string;
}

function parseProxyName(text: string, what: 'pod' | 'service'): ProxyName {
  const parts = text.split(':');
  const hasScheme = parts.length === 3;
  const [scheme, name = '', port = ''] = hasScheme ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme!)) {
    throw badRequest(`invalid ${what} request ${JSON.stringify(text)}`);
  }
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

function objectOf(context: ApiContext, target: ObjectTarget) {
  const { resource, key } = locate(context, target);
  const entry = resource.get(key);
  if (!entry) throw notFound(target.kind, target.name);
  return entry.object;
}

function portNumber<F extends string>(
  ports: readonly ({ name?: string } & Record<F, number>)[],
  wanted: string,
  field: F,
): number | undefined {
  if (/^\d+$/.test(wanted)) return Number(wanted);
  return ports.find(({ name }) => name === wanted)?.[field];
}

const defaultPort = (scheme: string) => (scheme === 'https' ? 443 : 80);

const originOf = (scheme: string, host: string, port: number) =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;

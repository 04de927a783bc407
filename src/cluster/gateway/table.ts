import type { Service, ServicePort } from 'kubernetes-types/core/v1.d.ts';
import type { HTTPIngressPath, Ingress, IngressBackend } from 'kubernetes-types/networking/v1.d.ts';
import { parseTime } from '../../api/index.ts';

/**
 * The routing table of the gateway, built from Ingresses as ingress-nginx reads them (TRF §13.1, §13.2). Pure: the
 * whole table is made anew on a change and swapped in at once, so that a request sees one state of all objects.
 */

/** A Service port to send requests to. */
export interface Upstream {
  namespace: string;
  service: string;
  /** As the Ingress names it: the number or the name. */
  port: number | string;
}

/** The rules by which requests of an upstream go to its canary. */
export interface CanaryRules {
  upstream: Upstream;
  weight: number;
  weightTotal: number;
  header?: string;
  headerValue?: string;
  /** Absent when `headerValue` is set; `invalid` when the pattern could not be compiled. */
  headerPattern?: RegExp | 'invalid';
  cookie?: string;
}

/** A path of a host. */
export interface Location {
  ingress: { namespace: string; name: string };
  host: string;
  path: string;
  /** `Exact`, `Prefix` or `ImplementationSpecific`. */
  pathType: string;
  /** Undefined: a backend that is not a Service. */
  upstream: Upstream | undefined;
  canary: CanaryRules | undefined;
  matches(path: string): boolean;
  /** The path to ask the upstream for. */
  rewrite(path: string): string;
}

export interface RoutingTable {
  /** Locations by lower-case host (`*.suffix` for wildcards, empty for none), best match first. */
  hosts: ReadonlyMap<string, readonly Location[]>;
  defaultBackend: Location | undefined;
}

export const EMPTY_TABLE: RoutingTable = { hosts: new Map(), defaultBackend: undefined };

const ANNOTATION_PREFIX = 'nginx.ingress.kubernetes.io';

/** Whether this gateway serves the Ingress: class `nginx`, `kanari`, or none at all. */
export function isServed(ingress: Ingress): boolean {
  const name =
    ingress.metadata?.annotations?.['kubernetes.io/ingress.class'] ?? ingress.spec?.ingressClassName ?? '';
  return name === '' || name === 'nginx' || name === 'kanari';
}

const annotation = (ingress: Ingress, key: string) =>
  ingress.metadata?.annotations?.[`${ANNOTATION_PREFIX}/${key}`];

const isCanary = (ingress: Ingress) => annotation(ingress, 'canary') === 'true';

/** Builds the table; of two Ingresses with the same host and path the older one wins. */
export function buildRoutingTable(ingresses: readonly Ingress[]): RoutingTable {
  const served = ingresses.filter(isServed).sort(byAge);
  const canaries = collectCanaries(served.filter(isCanary));
  const primaries = served.filter((ingress) => !isCanary(ingress));
  const hosts = new Map<string, Location[]>();
  const attached = new Map<string, CanaryRules>();

  for (const { ingress, host, path } of primaries.flatMap(pathsOf)) {
    const locations = hosts.get(host) ?? [];
    hosts.set(host, locations);
    const type = path.pathType ?? 'ImplementationSpecific';
    const taken = locations.some((other) => other.path === (path.path ?? '/') && other.pathType === type);
    if (taken) continue;
    const upstream = upstreamOf(ingress, path.backend);
    const location = makeLocation(ingress, host, path, upstream, usesRegex(primaries, host));
    locations.push(location);
    const rules = canaries.get(canaryKey(host, path));
    if (upstream && rules && !attached.has(upstreamKey(upstream))) attached.set(upstreamKey(upstream), rules);
  }
  for (const locations of hosts.values()) {
    for (const location of locations) {
      location.canary = location.upstream && attached.get(upstreamKey(location.upstream));
    }
    locations.sort(bestFirst);
  }
  return { hosts, defaultBackend: findDefaultBackend(primaries) };
}

/** The location for a request; undefined is a 404. A host that is defined never falls through to another. */
export function findLocation(table: RoutingTable, hostHeader: string, path: string): Location | undefined {
  const host = hostHeader.replace(/:\d+$/, '').toLowerCase();
  const wildcard = `*.${host.split('.').slice(1).join('.')}`;
  const locations = table.hosts.get(host) ?? table.hosts.get(wildcard) ?? table.hosts.get('');
  return locations?.find((location) => location.matches(path)) ?? table.defaultBackend;
}

/** The port of a Service that an Ingress gives by number or name. */
export function servicePort(service: Service, port: number | string): ServicePort | undefined {
  return service.spec?.ports?.find((candidate) => candidate.port === port || candidate.name === port);
}

function byAge(a: Ingress, b: Ingress): number {
  const age =
    (parseTime(a.metadata?.creationTimestamp) ?? 0) - (parseTime(b.metadata?.creationTimestamp) ?? 0);
  return age || keyOf(a).localeCompare(keyOf(b));
}

const keyOf = (ingress: Ingress) => `${ingress.metadata?.namespace}/${ingress.metadata?.name}`;
const upstreamKey = ({ namespace, service, port }: Upstream) => `${namespace}/${service}/${port}`;
const canaryKey = (host: string, path: HTTPIngressPath) =>
  `${host} ${path.pathType ?? 'ImplementationSpecific'} ${path.path ?? '/'}`;

function pathsOf(ingress: Ingress): { ingress: Ingress; host: string; path: HTTPIngressPath }[] {
  return (ingress.spec?.rules ?? []).flatMap((rule) =>
    (rule.http?.paths ?? []).map((path) => ({ ingress, host: rule.host?.toLowerCase() ?? '', path })),
  );
}

function upstreamOf(ingress: Ingress, backend: IngressBackend | undefined): Upstream | undefined {
  const port = backend?.service?.port?.number ?? backend?.service?.port?.name;
  if (!backend?.service || port === undefined) return undefined;
  return { namespace: ingress.metadata?.namespace ?? '', service: backend.service.name, port };
}

/** Only the oldest canary of a path counts. */
function collectCanaries(canaries: readonly Ingress[]): Map<string, CanaryRules> {
  const byPath = new Map<string, CanaryRules>();
  for (const { ingress, host, path } of canaries.flatMap(pathsOf)) {
    const upstream = upstreamOf(ingress, path.backend);
    const key = canaryKey(host, path);
    if (upstream && !byPath.has(key)) byPath.set(key, canaryRules(ingress, upstream));
  }
  return byPath;
}

/** Reads the canary annotations; a value that cannot be read counts as absent (TRF §13.2). */
function canaryRules(ingress: Ingress, upstream: Upstream): CanaryRules {
  const total = integer(annotation(ingress, 'canary-weight-total')) ?? 100;
  const header = annotation(ingress, 'canary-by-header');
  const headerValue = annotation(ingress, 'canary-by-header-value');
  const pattern = annotation(ingress, 'canary-by-header-pattern');
  const cookie = annotation(ingress, 'canary-by-cookie');
  return {
    upstream,
    weight: integer(annotation(ingress, 'canary-weight')) ?? 0,
    // A total below 100 is ignored.
    weightTotal: Math.max(total, 100),
    ...(header && { header: header.toLowerCase() }),
    ...(headerValue !== undefined && { headerValue }),
    ...(headerValue === undefined && pattern !== undefined && { headerPattern: compile(pattern) }),
    ...(cookie && { cookie }),
  };
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function compile(pattern: string): RegExp | 'invalid' {
  try {
    return new RegExp(pattern);
  } catch {
    return 'invalid';
  }
}

/** One Ingress with use-regex or rewrite-target puts all paths of its hosts into regex mode. */
function usesRegex(ingresses: readonly Ingress[], host: string): boolean {
  return ingresses.some(
    (ingress) =>
      (annotation(ingress, 'use-regex') === 'true' || annotation(ingress, 'rewrite-target') !== undefined) &&
      pathsOf(ingress).some((entry) => entry.host === host),
  );
}

function makeLocation(
  ingress: Ingress,
  host: string,
  rule: HTTPIngressPath,
  upstream: Upstream | undefined,
  regexMode: boolean,
): Location {
  const path = rule.path ?? '/';
  const type = rule.pathType ?? 'ImplementationSpecific';
  const target = annotation(ingress, 'rewrite-target');
  const regex = regexMode ? compile(`^${path}`) : undefined;
  const pattern = regex instanceof RegExp ? new RegExp(regex.source, 'i') : undefined;
  return {
    ingress: { namespace: ingress.metadata?.namespace ?? '', name: ingress.metadata?.name ?? '' },
    host,
    path,
    pathType: type,
    upstream,
    canary: undefined,
    matches: regexMode ? (asked) => pattern?.test(asked) ?? false : matcher(type, path),
    rewrite:
      target !== undefined && pattern
        ? (asked) => target.replace(/\$(\d)/g, (_, group) => pattern.exec(asked)?.[Number(group)] ?? '')
        : (asked) => asked,
  };
}

function matcher(type: string, path: string): (asked: string) => boolean {
  if (type === 'Exact') return (asked) => asked === path;
  if (type !== 'Prefix') return (asked) => asked.startsWith(path);
  const prefix = path.replace(/\/+$/, '');
  return (asked) => asked === prefix || asked.startsWith(`${prefix}/`);
}

/** Longest path first; of equal ones, Exact first. */
function bestFirst(a: Location, b: Location): number {
  return b.path.length - a.path.length || Number(b.pathType === 'Exact') - Number(a.pathType === 'Exact');
}

function findDefaultBackend(ingresses: readonly Ingress[]): Location | undefined {
  const ingress = ingresses.find((candidate) => candidate.spec?.defaultBackend);
  const upstream = ingress && upstreamOf(ingress, ingress.spec?.defaultBackend);
  if (!ingress || !upstream) return undefined;
  return makeLocation(ingress, '', { path: '/', pathType: 'Prefix', backend: {} }, upstream, false);
}

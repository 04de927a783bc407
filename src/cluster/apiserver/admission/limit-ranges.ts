import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
} from 'kubernetes-types/core/v1.d.ts';
import type { ObjectTarget } from '../rest/core.ts';
import { addQuantities, canonicalQuantity, compareQuantities, quantityValue } from '../schema/quantity.ts';
import { forbidden } from '../status.ts';
import type { Store } from '../store/index.ts';

/** What Kubernetes' LimitRanger does: completes the resources of new pods, and refuses those beyond the limits. */

type Quantities = Readonly<Record<string, string | number>>;

interface Resources {
  requests: Quantities;
  limits: Quantities;
}

const ANNOTATION = 'kubernetes.io/limit-ranger';

/** A new pod with the defaults of its namespace. @throws StatusError 403 beyond its limits */
export function limitPod(store: Store, target: ObjectTarget, pod: Pod): Pod {
  const limits = limitsOf(store, target.namespace);
  if (limits.length === 0 || !pod.spec) return pod;
  const completed = completePod(pod, limits);
  refuse(target, podProblems(completed.spec as PodSpec, limits));
  return completed;
}

/** @throws StatusError 403 when a claim asks for more or less than its namespace has it */
export function limitClaim(store: Store, target: ObjectTarget, { spec }: PersistentVolumeClaim): void {
  const requests = (spec?.resources?.requests ?? {}) as Quantities;
  const problems = limitsOf(store, target.namespace)
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) => [
      ...each(item.min, (name, bound) => belowMinimum(item.type, name, bound, { requests, limits: {} })),
      ...each(item.max, (name, bound) => requestAboveMaximum(item.type, name, bound, requests)),
    ]);
  refuse(target, problems);
}

function limitsOf(store: Store, namespace: string | undefined): LimitRangeItem[] {
  return store
    .resource('/limitranges')
    .list(namespace)
    .flatMap(({ object }) => (object as LimitRange).spec?.limits ?? []);
}

/** Each problem is told once, however many containers have it. */
function refuse({ kind, name }: ObjectTarget, found: readonly string[]): void {
  const problems = [...new Set(found)];
  if (problems.length === 0) return;
  throw forbidden(kind, name, problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`);
}

/** Fills in the requests and limits that containers do not have, and notes in an annotation which. */
function completePod(pod: Pod, items: readonly LimitRangeItem[]): Pod {
  const own = items.filter(({ type }) => type === 'Container');
  const requests: Quantities = Object.assign({}, ...own.map(({ defaultRequest }) => defaultRequest));
  const limits: Quantities = Object.assign({}, ...own.map((item) => item.default));
  const notes: string[] = [];
  const complete = (what: string) => (container: Container) => {
    const before = resourcesOf(container);
    const missing = (defaults: Quantities, has: Quantities) =>
      Object.keys(defaults).filter((name) => has[name] === undefined);
    const [newRequests, newLimits] = [missing(requests, before.requests), missing(limits, before.limits)];
    if (newRequests.length > 0)
      notes.push(`${newRequests.sort().join(', ')} request for ${what} ${container.name}`);
    if (newLimits.length > 0)
      notes.push(`${newLimits.sort().join(', ')} limit for ${what} ${container.name}`);
    if (newRequests.length + newLimits.length === 0) return container;
    const merged = {
      ...container.resources,
      ...(newLimits.length > 0 && { limits: { ...limits, ...before.limits } }),
      ...(newRequests.length > 0 && { requests: { ...requests, ...before.requests } }),
    };
    return { ...container, resources: merged } as Container;
  };
  const { metadata, spec } = pod;
  const containers = spec?.containers.map(complete('container')) ?? [];
  const initContainers = spec?.initContainers?.map(complete('init container'));
  if (notes.length === 0) return pod;
  const note = `LimitRanger plugin set: ${notes.join('; ')}`;
  return {
    ...pod,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, [ANNOTATION]: note } },
    spec: { ...spec, containers, ...(initContainers && { initContainers }) } as PodSpec,
  };
}

const resourcesOf = ({ resources }: Container): Resources => ({
  requests: (resources?.requests ?? {}) as Quantities,
  limits: (resources?.limits ?? {}) as Quantities,
});

function podProblems(spec: PodSpec, items: readonly LimitRangeItem[]): string[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])].map(resourcesOf);
  return items.flatMap((item) => {
    if (item.type === 'Container') return containers.flatMap((resources) => problemsOf(item, resources));
    return item.type === 'Pod' ? problemsOf(item, usageOf(spec)) : [];
  });
}

function problemsOf(
  { type, min, max, maxLimitRequestRatio }: LimitRangeItem,
  resources: Resources,
): string[] {
  return [
    ...each(min, (name, bound) => belowMinimum(type, name, bound, resources)),
    ...each(max, (name, bound) => aboveMaximum(type, name, bound, resources)),
    ...each(maxLimitRequestRatio, (name, bound) => aboveRatio(type, name, bound, resources)),
  ];
}

function each(
  bounds: LimitRangeItem['max'],
  problem: (name: string, bound: string) => string | undefined,
): string[] {
  return Object.entries((bounds ?? {}) as Quantities)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, bound]) => problem(name, String(bound)) ?? []);
}

function belowMinimum(type: string, name: string, bound: string, { requests, limits }: Resources) {
  const rule = `minimum ${name} usage per ${type} is ${bound}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return `${rule}.  No request is specified`;
  if (compareQuantities(request, bound) < 0) return `${rule}, but request is ${request}`;
  return limit !== undefined && compareQuantities(limit, bound) < 0
    ? `${rule}, but limit is ${limit}`
    : undefined;
}

function aboveMaximum(type: string, name: string, bound: string, { requests, limits }: Resources) {
  const rule = `maximum ${name} usage per ${type} is ${bound}`;
  const [request, limit] = [requests[name], limits[name]];
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (compareQuantities(limit, bound) > 0) return `${rule}, but limit is ${limit}`;
  return request !== undefined && compareQuantities(request, bound) > 0
    ? `${rule}, but request is ${request}`
    : undefined;
}

function requestAboveMaximum(type: string, name: string, bound: string, requests: Quantities) {
  const rule = `maximum ${name} usage per ${type} is ${bound}`;
  const request = requests[name];
  if (request === undefined) return `${rule}.  No request is specified`;
  return compareQuantities(request, bound) > 0 ? `${rule}, but request is ${request}` : undefined;
}

function aboveRatio(type: string, name: string, bound: string, { requests, limits }: Resources) {
  const rule = `${name} max limit to request ratio per ${type} is ${bound}`;
  const request = quantityValue(requests[name] ?? 0) ?? 0;
  const limit = quantityValue(limits[name] ?? 0) ?? 0;
  if (request === 0) return `${rule}, but no request is specified or request is 0`;
  if (limit === 0) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio > (quantityValue(bound) ?? 0)
    ? `${rule}, but provided ratio is ${ratio.toFixed(6)}`
    : undefined;
}

/** What a whole pod asks for: its containers together, or an init container that asks for more than they do. */
function usageOf({ containers, initContainers = [] }: PodSpec): Resources {
  const total = (of: keyof Resources) => {
    const sums: Record<string, string | number> = {};
    for (const container of containers) {
      for (const [name, value] of Object.entries(resourcesOf(container)[of])) {
        sums[name] = Object.hasOwn(sums, name) ? sum(sums[name]!, value) : value;
      }
    }
    for (const container of initContainers) {
      for (const [name, value] of Object.entries(resourcesOf(container)[of])) {
        if (!Object.hasOwn(sums, name) || compareQuantities(value, sums[name]!) > 0) sums[name] = value;
      }
    }
    return sums;
  };
  return { requests: total('requests'), limits: total('limits') };
}

/** The sum, in powers of two where it was told in those. */
function sum(a: string | number, b: string | number): string {
  const plain = canonicalQuantity(addQuantities(a, b));
  const kibi = (quantityValue(plain) ?? 0) / 1024;
  const isBinary = /i$/.test(String(a)) && Number.isSafeInteger(kibi);
  return isBinary ? canonicalQuantity(`${kibi}Ki`) : plain;
}

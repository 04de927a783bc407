import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import {
  controllerReference,
  type Effect,
  EndpointSlices,
  equal,
  SERVICE_NAME_LABEL,
  Services,
} from '../../../api/index.ts';
import { generatedName } from '../common/naming.ts';
import { isFinished, isReady, isTerminating } from '../common/pods.ts';
import { hostnameIn } from './hostname.ts';
import { endpointPorts, portsKey } from './ports.ts';

export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';

/** Addresses in a slice; kept small so that one pod's change costs little to tell. */
const MAX_ENDPOINTS = 100;

/** What makes the slices of a Service say where its pods are; those that are right already are left alone. */
export function sliceEffects(
  service: Service,
  pods: readonly Pod[],
  slices: readonly EndpointSlice[],
): Effect[] {
  const groups = new Map<string, { ports: EndpointPort[]; wanted: Endpoint[] }>();
  for (const pod of pods) {
    if (!pod.status?.podIP || isFinished(pod)) continue;
    const ports = endpointPorts(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, wanted: [] };
    groups.set(key, group);
    group.wanted.push(endpointOf(service, pod));
  }
  // A Service without pods has one empty slice, so that its ports are known.
  if (groups.size === 0) groups.set('', { ports: [], wanted: [] });

  const labels = labelsOf(service);
  const effects: Effect[] = [];
  const kept = new Set<EndpointSlice>();
  for (const [key, { ports, wanted }] of groups) {
    const existing = slices.filter(
      (slice) => portsKey(slice.ports) === key && !slice.metadata?.deletionTimestamp,
    );
    const { contents, rest } = distribute(wanted, existing);
    for (const [slice, endpoints] of contents) {
      if (endpoints.length === 0 && (wanted.length > 0 || kept.size > 0)) continue;
      kept.add(slice);
      effects.push(...revise(slice, endpoints, labels));
    }
    const empty = wanted.length === 0 && existing.length === 0;
    for (let i = 0; i < rest.length || (empty && i === 0); i += MAX_ENDPOINTS) {
      const index = existing.length + i / MAX_ENDPOINTS;
      effects.push(creation(service, ports, rest.slice(i, i + MAX_ENDPOINTS), labels, `${key}${index}`));
    }
  }
  for (const slice of slices) if (!kept.has(slice)) effects.push(removal(slice));
  return effects;
}

/** Endpoints stay in the slice that they are in; new ones fill up what room there is. */
function distribute(wanted: readonly Endpoint[], existing: readonly EndpointSlice[]) {
  const byPod = new Map(wanted.map((endpoint) => [endpoint.targetRef?.uid ?? '', endpoint]));
  const contents = new Map<EndpointSlice, Endpoint[]>();
  for (const slice of existing) {
    const endpoints: Endpoint[] = [];
    for (const { targetRef } of slice.endpoints ?? []) {
      const endpoint = byPod.get(targetRef?.uid ?? '');
      if (!endpoint) continue;
      byPod.delete(targetRef?.uid ?? '');
      endpoints.push(endpoint);
    }
    contents.set(slice, endpoints);
  }
  const rest = [...byPod.values()];
  for (const endpoints of contents.values()) {
    if (rest.length > 0) endpoints.push(...rest.splice(0, MAX_ENDPOINTS - endpoints.length));
  }
  return { contents, rest };
}

function endpointOf(service: Service, pod: Pod): Endpoint {
  const { name, namespace, uid } = pod.metadata ?? {};
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec?.publishNotReadyAddresses || (serving && !terminating);
  const { nodeName } = pod.spec ?? {};
  const hostname = hostnameIn(service, pod);
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: 'Pod', ...(namespace && { namespace }), ...(name && { name }), ...(uid && { uid }) },
  };
}

function labelsOf(service: Service): Record<string, string> {
  const { [HEADLESS_LABEL]: _, ...labels } = service.metadata?.labels ?? {};
  return {
    ...labels,
    ...(service.spec?.clusterIP === 'None' && { [HEADLESS_LABEL]: '' }),
    [SERVICE_NAME_LABEL]: service.metadata?.name ?? '',
    [MANAGED_BY_LABEL]: MANAGER,
  };
}

function revise(slice: EndpointSlice, endpoints: Endpoint[], labels: Record<string, string>): Effect[] {
  const { namespace, name = '', resourceVersion } = slice.metadata ?? {};
  const sameEndpoints = equal(slice.endpoints ?? [], endpoints);
  if (sameEndpoints && equal(slice.metadata?.labels, labels)) return [];
  const stale = Object.keys(slice.metadata?.labels ?? {}).filter((label) => !(label in labels));
  const labelPatch = { ...labels, ...Object.fromEntries(stale.map((label) => [label, null])) };
  return [
    {
      kind: 'patch',
      what: `update EndpointSlice ${name}`,
      ref: { type: EndpointSlices, namespace, name },
      patch: { metadata: { labels: labelPatch }, ...(!sameEndpoints && { endpoints }) },
      resourceVersion,
    },
  ];
}

function creation(
  service: Service,
  ports: EndpointPort[],
  endpoints: Endpoint[],
  labels: Record<string, string>,
  distinction: string,
): Effect {
  const { namespace, name: serviceName = '', uid } = service.metadata ?? {};
  // Of the first pod too: a slice that goes and one that comes in the same pass need two names.
  const name = generatedName(serviceName, uid, distinction, endpoints[0]?.targetRef?.uid);
  const object: EndpointSlice = {
    metadata: {
      name,
      generateName: `${serviceName}-`,
      ...(namespace && { namespace }),
      labels,
      ownerReferences: [controllerReference(Services, service)],
    },
    addressType: 'IPv4',
    ports,
    endpoints,
  };
  return {
    kind: 'create',
    what: `create EndpointSlice ${name}`,
    ref: { type: EndpointSlices, namespace, name },
    object,
  };
}

function removal(slice: EndpointSlice): Effect {
  const { namespace, name = '', uid } = slice.metadata ?? {};
  const ref = { type: EndpointSlices, namespace, name };
  return { kind: 'delete', what: `delete EndpointSlice ${name}`, ref, uid };
}

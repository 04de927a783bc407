import type { EndpointAddress, EndpointSubset, Endpoints, Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import { type Effect, EndpointsType, equal } from '../../../api/index.ts';
import { isFinished, isReady, isTerminating } from '../common/pods.ts';
import { hostnameIn } from './hostname.ts';
import { endpointPorts, portsKey } from './ports.ts';

/** Label on the Endpoints that this controller keeps; others are a user's own. */
export const ENDPOINTS_MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
const MANAGER = 'endpoint-controller';

/** What makes the Endpoints of a Service (the older form of its EndpointSlices) say where its pods are. */
export function endpointsEffects(
  service: Service,
  pods: readonly Pod[],
  current: Endpoints | undefined,
): Effect[] {
  const { namespace, name = '' } = service.metadata ?? {};
  const subsets = subsetsOf(service, pods);
  const labels = {
    ...service.metadata?.labels,
    ...(service.spec?.clusterIP === 'None' && { 'service.kubernetes.io/headless': '' }),
    [ENDPOINTS_MANAGED_BY_LABEL]: MANAGER,
  };
  const ref = { type: EndpointsType, namespace, name };
  if (!current) {
    const object: Endpoints = { metadata: { name, ...(namespace && { namespace }), labels }, subsets };
    return [{ kind: 'create', what: `create Endpoints ${name}`, ref, object }];
  }
  if (equal(current.subsets ?? [], subsets) && equal(current.metadata?.labels, labels)) return [];
  const stale = Object.keys(current.metadata?.labels ?? {}).filter((label) => !(label in labels));
  const metadata = { labels: { ...labels, ...Object.fromEntries(stale.map((label) => [label, null])) } };
  const { resourceVersion } = current.metadata ?? {};
  return [
    { kind: 'patch', what: `update Endpoints ${name}`, ref, patch: { metadata, subsets }, resourceVersion },
  ];
}

function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const groups = new Map<string, { pod: Pod; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  for (const pod of [...pods].sort(byAddress)) {
    if (!pod.status?.podIP || isFinished(pod) || isTerminating(pod)) continue;
    const ports = endpointPorts(service, pod);
    if (ports.length === 0 && (service.spec?.ports?.length ?? 0) > 0) continue;
    const group = groups.get(portsKey(ports)) ?? { pod, ready: [], notReady: [] };
    groups.set(portsKey(ports), group);
    const ready = service.spec?.publishNotReadyAddresses || isReady(pod);
    (ready ? group.ready : group.notReady).push(addressOf(service, pod));
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { pod, ready, notReady }]) => {
      const ports = endpointPorts(service, pod).map(({ name, port = 0, protocol, appProtocol }) => ({
        ...(name && { name }),
        port,
        ...(protocol && { protocol }),
        ...(appProtocol && { appProtocol }),
      }));
      return {
        ...(ready.length > 0 && { addresses: ready }),
        ...(notReady.length > 0 && { notReadyAddresses: notReady }),
        ...(ports.length > 0 && { ports }),
      };
    });
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { name, namespace, uid } = pod.metadata ?? {};
  const hostname = hostnameIn(service, pod);
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname && { hostname }),
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', ...(namespace && { namespace }), ...(name && { name }), ...(uid && { uid }) },
  };
}

const byAddress = (a: Pod, b: Pod) => ((a.status?.podIP ?? '') < (b.status?.podIP ?? '') ? -1 : 1);

import type { EndpointAddress, Endpoints, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Endpoint, EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import {
  controllerReference,
  type Decision,
  type Effect,
  EndpointSlices,
  EndpointsType,
  equal,
  SERVICE_NAME_LABEL,
} from '../../../api/index.ts';
import { generatedName } from '../common/naming.ts';
import { ENDPOINTS_MANAGED_BY_LABEL } from './endpoints.ts';
import { portsKey } from './ports.ts';
import { MANAGED_BY_LABEL } from './slices.ts';

export const MIRRORER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';
/** Addresses of a subset that are mirrored. */
const MAX_ADDRESSES = 1000;

export interface MirrorView {
  endpoints: Endpoints;
  service: Service | undefined;
  /** The slices that mirror them. */
  slices: readonly EndpointSlice[];
}

/** Makes the Endpoints that users write for Services without a selector known as EndpointSlices, which proxies follow. */
export function decideMirror(view: MirrorView): Decision<never> {
  const { endpoints, slices } = view;
  const wanted = isMirrored(view) ? slicesOf(endpoints) : [];
  const effects: Effect[] = [];
  const kept = new Set<EndpointSlice>();
  for (const slice of wanted) {
    const current = slices.find(
      (each) =>
        !kept.has(each) &&
        each.addressType === slice.addressType &&
        portsKey(each.ports) === portsKey(slice.ports),
    );
    if (current) kept.add(current);
    effects.push(...(current ? revise(current, slice) : [creation(slice)]));
  }
  for (const slice of slices) if (!kept.has(slice)) effects.push(removal(slice));
  const text = `${wanted.length} slices mirror the Endpoints`;
  return { effects, events: [], because: [{ code: 'Mirrored', text }] };
}

/** Those of the endpoints controller, of leader elections, and of Services with a selector have no mirror. */
function isMirrored({ endpoints, service }: MirrorView): boolean {
  const { labels, annotations, deletionTimestamp } = endpoints.metadata ?? {};
  return (
    !deletionTimestamp &&
    labels?.[SKIP_LABEL] !== 'true' &&
    labels?.[ENDPOINTS_MANAGED_BY_LABEL] === undefined &&
    annotations?.[LEADER_ANNOTATION] === undefined &&
    service !== undefined &&
    Object.keys(service.spec?.selector ?? {}).length === 0
  );
}

function slicesOf(endpoints: Endpoints): EndpointSlice[] {
  const { namespace, name = '', uid, labels, annotations = {} } = endpoints.metadata ?? {};
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...kept } = annotations;
  return (endpoints.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const all = [
      ...addresses.map((address) => endpointOf(address, true)),
      ...notReadyAddresses.map((address) => endpointOf(address, false)),
    ].slice(0, MAX_ADDRESSES);
    return (['IPv4', 'IPv6'] as const).flatMap((addressType): EndpointSlice[] => {
      const isOfType = ({ addresses: [ip = ''] }: Endpoint) => ip.includes(':') === (addressType === 'IPv6');
      const own = all.filter(isOfType);
      if (own.length === 0) return [];
      const slicePorts = ports.map(({ name: port = '', port: number, protocol = 'TCP', appProtocol }) => ({
        name: port,
        port: number,
        protocol,
        ...(appProtocol && { appProtocol }),
      }));
      return [
        {
          metadata: {
            name: generatedName(name, uid, addressType, portsKey(slicePorts)),
            generateName: `${name}-`,
            ...(namespace && { namespace }),
            labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MIRRORER },
            ...(Object.keys(kept).length > 0 && { annotations: kept }),
            ownerReferences: [controllerReference(EndpointsType, endpoints)],
          },
          addressType,
          ports: slicePorts,
          endpoints: own,
        },
      ];
    });
  });
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(nodeName && { nodeName }),
    ...(targetRef && { targetRef }),
  };
}

const refOf = ({ metadata }: EndpointSlice) => ({
  type: EndpointSlices,
  namespace: metadata?.namespace,
  name: metadata?.name ?? '',
});

function creation(slice: EndpointSlice): Effect {
  const ref = refOf(slice);
  return { kind: 'create', what: `create EndpointSlice ${ref.name}`, ref, object: slice };
}

function revise(current: EndpointSlice, slice: EndpointSlice): Effect[] {
  const [labels, before] = [slice.metadata?.labels ?? {}, current.metadata?.labels ?? {}];
  if (equal(current.endpoints ?? [], slice.endpoints) && equal(before, labels)) return [];
  const stale = Object.keys(before).filter((label) => !(label in labels));
  const ref = refOf(current);
  return [
    {
      kind: 'patch',
      what: `update EndpointSlice ${ref.name}`,
      ref,
      patch: {
        metadata: { labels: { ...labels, ...Object.fromEntries(stale.map((label) => [label, null])) } },
        endpoints: slice.endpoints,
      },
      resourceVersion: current.metadata?.resourceVersion,
    },
  ];
}

function removal(slice: EndpointSlice): Effect {
  const ref = refOf(slice);
  return { kind: 'delete', what: `delete EndpointSlice ${ref.name}`, ref, uid: slice.metadata?.uid };
}

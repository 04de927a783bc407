import type { Endpoints, Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import {
  type Decision,
  diffMergePatch,
  type Effect,
  EndpointSlices,
  EndpointsType,
  type KubeObject,
  mergePatch,
  type ResourceType,
  SERVICE_NAME_LABEL,
  Services,
} from '../../../api/index.ts';

/** Where the API server listens, and the address that its Service shall have. */
export interface ApiServerAddress {
  host: string;
  port: number;
  clusterIP: string;
}

export interface KubernetesView {
  address: ApiServerAddress;
  service: Service | undefined;
  endpoints: Endpoints | undefined;
  slice: EndpointSlice | undefined;
  /** Whether a Service has this address already. */
  isTaken(clusterIP: string): boolean;
}

/** The Service by which programs in pods reach the API server, and the objects that say where it is. */
export const KUBERNETES = { namespace: 'default', name: 'kubernetes' };
const PORT = { name: 'https', protocol: 'TCP' };

/** Keeps the Service `kubernetes` in `default` as kube-apiserver does: made again when deleted, moved with the server. */
export function decideKubernetes(view: KubernetesView): Decision<never> {
  const { address, service, endpoints, slice, isTaken } = view;
  const { host, port, clusterIP } = address;
  const port443 = { ...PORT, port: 443, targetPort: port };
  const here = [{ ...PORT, port }];
  const effects = [
    ...keep(Services, service, {
      metadata: { labels: { component: 'apiserver', provider: 'kubernetes' } },
      // The address of a Service stays as long as it lives.
      spec: { ports: [port443], ...(!service && !isTaken(clusterIP) && { clusterIP }) },
    }),
    ...keep(EndpointsType, endpoints, {
      metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: host }], ports: here }],
    }),
    ...keep(EndpointSlices, slice, {
      metadata: { labels: { [SERVICE_NAME_LABEL]: KUBERNETES.name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [host], conditions: { ready: true } }],
      ports: here,
    }),
  ];
  const text = `the API server is reached at ${host}:${port}`;
  return { effects, events: [], because: [{ code: 'Published', text }] };
}

/** Makes the object, or changes what differs from what is wanted. */
function keep<T extends KubeObject>(type: ResourceType<T>, current: T | undefined, wanted: object): Effect[] {
  const ref = { type, ...KUBERNETES };
  const { metadata, ...rest } = wanted as KubeObject;
  if (!current) {
    const object = { ...rest, metadata: { ...KUBERNETES, ...metadata } } as KubeObject;
    return [{ kind: 'create', what: `make the ${type.kind} of the API server`, ref, object }];
  }
  const patch = diffMergePatch(current, mergePatch(current, wanted));
  if (!patch) return [];
  const { resourceVersion } = current.metadata ?? {};
  return [{ kind: 'patch', what: `restore the ${type.kind} of the API server`, ref, patch, resourceVersion }];
}

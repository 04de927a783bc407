import type { Endpoints, Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import {
  type Decision,
  EndpointSlices,
  EndpointsType,
  equal,
  matchesLabels,
  Pods,
  SERVICE_NAME_LABEL,
  Services,
} from '../../../api/index.ts';
import { keyOf, objectKey, splitKey } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { isReady, isTerminating } from '../common/pods.ts';
import { startReconciler } from '../common/reconciler.ts';
import { ENDPOINTS_MANAGED_BY_LABEL, endpointsEffects } from './endpoints.ts';
import { MANAGED_BY_LABEL, MANAGER, sliceEffects } from './slices.ts';

export interface EndpointsView {
  service: Service;
  pods: readonly Pod[];
  slices: readonly EndpointSlice[];
  endpoints: Endpoints | undefined;
}

/** Says where the pods of a Service are. A Service without a selector has endpoints of somebody else's making. */
export function decideEndpoints({ service, pods, slices, endpoints }: EndpointsView): Decision<never> {
  const { selector, type } = service.spec ?? {};
  const kept = !selector || Object.keys(selector).length === 0 || type === 'ExternalName';
  if (kept || service.metadata?.deletionTimestamp) {
    return {
      effects: [],
      events: [],
      because: [{ code: 'NoSelector', text: 'the Service selects no pods' }],
    };
  }
  // Slices first: the gateway and the service proxy follow them.
  const effects = [...sliceEffects(service, pods, slices), ...endpointsEffects(service, pods, endpoints)];
  const text = `${pods.filter(isReady).length} of ${pods.length} pods are ready`;
  return { effects, events: [], because: [{ code: 'PodsSelected', text }] };
}

const BY_SERVICE = 'service';

export function startEndpointsController(context: Context): Controller {
  const { client, informers } = context;
  const services = informers.informer(Services);
  const pods = informers.informer(Pods);
  const endpoints = informers.informer(EndpointsType);
  const slices = informers.informer(EndpointSlices);
  const serviceOf = ({ metadata }: EndpointSlice) => metadata?.labels?.[SERVICE_NAME_LABEL];
  slices.addIndex(BY_SERVICE, (slice) => {
    const name = serviceOf(slice);
    const ours = slice.metadata?.labels?.[MANAGED_BY_LABEL] === MANAGER;
    return name && ours ? [objectKey(slice.metadata?.namespace, name)] : [];
  });

  const reconciler = startReconciler<Service, EndpointsView>({
    context,
    component: 'endpoint-slice-controller',
    type: Services,
    reads: [Pods, EndpointsType, EndpointSlices],
    observe: (service, key) => ({
      service,
      pods: pods
        .list(service.metadata?.namespace)
        .filter((pod) => matchesLabels(service.spec?.selector, pod.metadata?.labels)),
      slices: slices.by(BY_SERVICE, key),
      endpoints: endpoints.get(service.metadata?.namespace, service.metadata?.name ?? ''),
    }),
    decide: decideEndpoints,
    async gone(key) {
      // Slices have the Service as their owner; Endpoints only share its name.
      const { namespace, name } = splitKey(key);
      const left = endpoints.get(namespace, name);
      if (!left?.metadata?.labels?.[ENDPOINTS_MANAGED_BY_LABEL]) return;
      await client.delete({ type: EndpointsType, namespace, name }, { uid: left.metadata.uid });
    },
  });

  function podChanged(pod: Pod): void {
    for (const service of services.list(pod.metadata?.namespace)) {
      if (matchesLabels(service.spec?.selector, pod.metadata?.labels)) reconciler.enqueue(keyOf(service));
    }
  }
  const sliceChanged = (slice: EndpointSlice) => {
    const name = serviceOf(slice);
    if (name) reconciler.enqueue(objectKey(slice.metadata?.namespace, name));
  };
  const enqueue = (object: Service | Endpoints) => reconciler.enqueue(keyOf(object));

  const subscriptions = [
    services.subscribe({ added: enqueue, updated: (_old, service) => enqueue(service), deleted: enqueue }),
    endpoints.subscribe({ added: enqueue, updated: (_old, next) => enqueue(next), deleted: enqueue }),
    slices.subscribe({
      added: sliceChanged,
      updated: (_old, next) => sliceChanged(next),
      deleted: sliceChanged,
    }),
    pods.subscribe({
      added: podChanged,
      updated(old, pod) {
        if (!concernsEndpoints(old, pod)) return;
        if (!equal(old.metadata?.labels, pod.metadata?.labels)) podChanged(old);
        podChanged(pod);
      },
      deleted: podChanged,
    }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

/** Most changes of a pod do not change where and whether it can be reached. */
function concernsEndpoints(old: Pod, pod: Pod): boolean {
  return (
    isReady(old) !== isReady(pod) ||
    isTerminating(old) !== isTerminating(pod) ||
    old.status?.podIP !== pod.status?.podIP ||
    old.status?.phase !== pod.status?.phase ||
    old.spec?.nodeName !== pod.spec?.nodeName ||
    !equal(old.metadata?.labels, pod.metadata?.labels)
  );
}

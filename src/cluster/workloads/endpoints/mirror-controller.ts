import type { Endpoints, Service } from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { EndpointSlices, EndpointsType, SERVICE_NAME_LABEL, Services } from '../../../api/index.ts';
import { keyOf, objectKey } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideMirror, MIRRORER, type MirrorView } from './mirror.ts';
import { MANAGED_BY_LABEL } from './slices.ts';

export function startEndpointsMirroring(context: Context): Controller {
  const { informers } = context;
  const endpoints = informers.informer(EndpointsType);
  const services = informers.informer(Services);
  const slices = informers.informer(EndpointSlices);
  const isMirror = ({ metadata }: EndpointSlice) => metadata?.labels?.[MANAGED_BY_LABEL] === MIRRORER;

  const reconciler = startReconciler<Endpoints, MirrorView>({
    context,
    component: 'endpoint-slice-mirroring-controller',
    type: EndpointsType,
    reads: [Services, EndpointSlices],
    observe: (object) => ({
      endpoints: object,
      service: services.get(object.metadata?.namespace, object.metadata?.name ?? ''),
      slices: slices.ownedBy(object.metadata?.uid ?? '').filter(isMirror),
    }),
    decide: decideMirror,
  });
  // A Service and its Endpoints have the same name.
  const enqueue = (object: Endpoints | Service) => reconciler.enqueue(keyOf(object));
  const sliceChanged = (slice: EndpointSlice) => {
    const name = slice.metadata?.labels?.[SERVICE_NAME_LABEL];
    if (name && isMirror(slice)) reconciler.enqueue(objectKey(slice.metadata?.namespace, name));
  };
  const subscriptions = [
    endpoints.subscribe({ added: enqueue, updated: (_old, next) => enqueue(next) }),
    services.subscribe({ added: enqueue, updated: (_old, next) => enqueue(next), deleted: enqueue }),
    slices.subscribe({ updated: (_old, next) => sliceChanged(next), deleted: sliceChanged }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

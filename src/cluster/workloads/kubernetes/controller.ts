import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import {
  EndpointSlices,
  EndpointsType,
  type KubeObject,
  Namespaces,
  type ResourceType,
  Services,
} from '../../../api/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';
import { type ApiServerAddress, decideKubernetes, KUBERNETES, type KubernetesView } from './decide.ts';

/** Keeps the API server's own Service. */
export function startKubernetesController(context: Context, address: ApiServerAddress): Controller {
  const { informers } = context;
  const mine = <T extends KubeObject>(type: ResourceType<T>) =>
    informers.informer(type).get(KUBERNETES.namespace, KUBERNETES.name);
  const reconciler = startReconciler<Namespace, KubernetesView>({
    context,
    component: 'kubernetes-service-controller',
    type: Namespaces,
    reads: [Services, EndpointsType, EndpointSlices],
    observe: () => ({
      address,
      service: mine(Services),
      endpoints: mine(EndpointsType),
      slice: mine(EndpointSlices),
      isTaken: (clusterIP) =>
        informers
          .informer(Services)
          .list()
          .some(({ spec }) => spec?.clusterIP === clusterIP),
    }),
    decide: decideKubernetes,
  });
  const changed = ({ metadata }: KubeObject) => {
    if (metadata?.namespace === KUBERNETES.namespace && metadata.name === KUBERNETES.name) {
      reconciler.enqueue(KUBERNETES.namespace);
    }
  };
  const subscriptions = [Services, EndpointsType, EndpointSlices].map((type: ResourceType<KubeObject>) =>
    informers.informer(type).subscribe({ updated: (_old, next) => changed(next), deleted: changed }),
  );
  reconciler.enqueue(KUBERNETES.namespace);
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

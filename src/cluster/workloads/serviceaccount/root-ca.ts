import type { ConfigMap, Namespace } from 'kubernetes-types/core/v1.d.ts';
import { ConfigMaps, type Decision, equal, Namespaces } from '../../../api/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';

export interface RootCaView {
  namespace: Namespace;
  /** PEM of the certificates that the API server's own can be checked with. */
  ca: string;
  current: ConfigMap | undefined;
}

const NAME = 'kube-root-ca.crt';
const DESCRIPTION = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

/** Each namespace has a ConfigMap with the cluster's root certificates, which pods mount beside their tokens. */
export function decideRootCa({ namespace, ca, current }: RootCaView): Decision<never> {
  const { name, deletionTimestamp } = namespace.metadata ?? {};
  const data = { 'ca.crt': ca };
  const because = [{ code: 'Published', text: `namespace ${name} has the root certificates` }];
  if (deletionTimestamp || (current && equal(current.data, data)))
    return { effects: [], events: [], because };
  const ref = { type: ConfigMaps, namespace: name, name: NAME };
  if (!current) {
    const metadata = { name: NAME, ...(name && { namespace: name }), annotations: DESCRIPTION };
    const what = `publish the root certificates in namespace ${name}`;
    return {
      effects: [{ kind: 'create', what, ref, object: { metadata, data } as ConfigMap }],
      events: [],
      because,
    };
  }
  const { resourceVersion, uid } = current.metadata ?? {};
  const strange = Object.keys(current.data ?? {}).filter((key) => !(key in data));
  const patch = {
    metadata: { uid, annotations: DESCRIPTION },
    data: { ...data, ...Object.fromEntries(strange.map((key) => [key, null])) },
  };
  const what = `restore the root certificates in namespace ${name}`;
  return { effects: [{ kind: 'patch', what, ref, patch, resourceVersion }], events: [], because };
}

export function startRootCaPublisher(context: Context, ca: string): Controller {
  const { informers } = context;
  const namespaces = informers.informer(Namespaces);
  const configMaps = informers.informer(ConfigMaps);
  const reconciler = startReconciler<Namespace, RootCaView>({
    context,
    component: 'root-ca-certificate-publisher-controller',
    type: Namespaces,
    reads: [ConfigMaps],
    observe: (namespace) => ({
      namespace,
      ca,
      current: configMaps.get(namespace.metadata?.name, NAME),
    }),
    decide: decideRootCa,
  });
  const enqueue = ({ metadata }: Namespace) => {
    if (metadata?.name) reconciler.enqueue(metadata.name);
  };
  const changed = ({ metadata }: ConfigMap) => {
    if (metadata?.name === NAME && metadata.namespace) reconciler.enqueue(metadata.namespace);
  };
  const subscriptions = [
    namespaces.subscribe({ added: enqueue, updated: (_old, namespace) => enqueue(namespace) }),
    configMaps.subscribe({ updated: (_old, next) => changed(next), deleted: changed }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, Namespaces, ServiceAccounts } from '../../../api/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';

const DEFAULT = 'default';

interface ServiceAccountView {
  namespace: Namespace;
  /** Whether its ServiceAccount `default` is there. */
  exists: boolean;
}

/** Each namespace has a ServiceAccount `default`, which pods that name none run as. */
function decideServiceAccount({ namespace, exists }: ServiceAccountView): Decision<never> {
  const { name, deletionTimestamp } = namespace.metadata ?? {};
  if (exists || deletionTimestamp) return { effects: [], events: [], because: [] };
  const ref = { type: ServiceAccounts, namespace: name, name: DEFAULT };
  return {
    effects: [
      {
        kind: 'create',
        what: `create ServiceAccount ${name}/${DEFAULT}`,
        ref,
        object: { metadata: { name: DEFAULT, ...(name && { namespace: name }) } },
      },
    ],
    events: [],
    because: [{ code: 'Missing', text: `namespace ${name} has no ServiceAccount ${DEFAULT}` }],
  };
}

export function startDefaultAccounts(context: Context): Controller {
  const { informers } = context;
  const namespaces = informers.informer(Namespaces);
  const accounts = informers.informer(ServiceAccounts);
  const reconciler = startReconciler<Namespace, ServiceAccountView>({
    context,
    component: 'service-account-controller',
    type: Namespaces,
    reads: [ServiceAccounts],
    observe: (namespace) => ({
      namespace,
      exists: accounts.get(namespace.metadata?.name, DEFAULT) !== undefined,
    }),
    decide: decideServiceAccount,
  });

  const enqueue = (name: string | undefined) => {
    if (name) reconciler.enqueue(name);
  };
  const subscriptions = [
    namespaces.subscribe({
      added: ({ metadata }) => enqueue(metadata?.name),
      updated: (_old, { metadata }) => enqueue(metadata?.name),
    }),
    accounts.subscribe({ deleted: ({ metadata }) => enqueue(metadata?.namespace) }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

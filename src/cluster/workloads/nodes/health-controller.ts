import type { Lease } from 'kubernetes-types/coordination/v1.d.ts';
import type { Node } from 'kubernetes-types/core/v1.d.ts';
import { type Instant, Leases, Nodes } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideNodeHealth, type NodeHealthView } from './health.ts';

/** Where nodes keep the Leases that say that they are there. */
const LEASE_NAMESPACE = 'kube-node-lease';

/** Notices nodes that are no longer heard of. */
export function startNodeHealth(context: Context): Controller {
  const { informers, clock } = context;
  const nodes = informers.informer(Nodes);
  const leases = informers.informer(Leases);
  /** By node: what it said last, and when that was new here. After a restart all get their time of grace anew. */
  const heard = new Map<string, { said: string; at: Instant }>();

  function heardAt(node: Node): Instant {
    const name = node.metadata?.name ?? '';
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
    const renewed = leases.get(LEASE_NAMESPACE, name)?.spec?.renewTime;
    const said = [node.metadata?.uid, renewed, ready?.lastHeartbeatTime].join();
    const before = heard.get(name);
    if (before?.said === said) return before.at;
    const at = clock();
    heard.set(name, { said, at });
    return at;
  }

  const reconciler = startReconciler<Node, NodeHealthView>({
    context,
    component: 'node-controller',
    type: Nodes,
    reads: [Leases],
    observe: (node) => ({ node, heardAt: heardAt(node) }),
    gone: (key) => void heard.delete(key),
    decide: decideNodeHealth,
  });
  const enqueue = (node: Node) => reconciler.enqueue(keyOf(node));
  const renewed = ({ metadata }: Lease) => {
    if (metadata?.namespace === LEASE_NAMESPACE && metadata.name) reconciler.enqueue(metadata.name);
  };
  const subscriptions = [
    nodes.subscribe({ added: enqueue, updated: (_old, node) => enqueue(node), deleted: enqueue }),
    leases.subscribe({ added: renewed, updated: (_old, lease) => renewed(lease) }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

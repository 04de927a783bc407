import type { Node, Taint } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, equal, formatTime, type Instant, Nodes } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { isNodeReady, NOT_READY, UNSCHEDULABLE } from '../common/nodes.ts';
import { startReconciler } from '../common/reconciler.ts';

/** A node that is cordoned or not ready has a taint that says so; tools look for it. */
export function decideTaints(node: Node, now: Instant): Decision<never> {
  const { name = '', resourceVersion, uid } = node.metadata ?? {};
  const wanted = [
    ...(node.spec?.unschedulable ? [UNSCHEDULABLE] : []),
    ...(isNodeReady(node) ? [] : [NOT_READY]),
  ];
  const isSame = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const isIn = (taints: readonly Taint[], taint: Taint) => taints.some((each) => isSame(each, taint));
  const before = node.spec?.taints ?? [];
  const taints = [
    ...before.filter((taint) => !isIn([UNSCHEDULABLE, NOT_READY], taint) || isIn(wanted, taint)),
    ...wanted
      .filter((taint) => !isIn(before, taint))
      .map((taint): Taint => ({ ...taint, timeAdded: formatTime(now) })),
  ];
  const text = `${wanted.length} taints say what is wrong with it`;
  const because = [{ code: 'Tainted', text }];
  if (equal(before, taints)) return { effects: [], events: [], because };
  const patch = { metadata: { uid }, spec: { taints: taints.length > 0 ? taints : null } };
  const what = `change the taints of node ${name}`;
  const ref = { type: Nodes, name };
  return { effects: [{ kind: 'patch', what, ref, patch, resourceVersion }], events: [], because };
}

export function startNodeTaints(context: Context): Controller {
  const reconciler = startReconciler<Node, Node>({
    context,
    component: 'node-lifecycle-controller',
    type: Nodes,
    reads: [],
    observe: (node) => node,
    decide: decideTaints,
  });
  const enqueue = (node: Node) => reconciler.enqueue(keyOf(node));
  const unsubscribe = context.informers
    .informer(Nodes)
    .subscribe({ added: enqueue, updated: (_old, node) => enqueue(node) });
  return {
    async stop() {
      unsubscribe();
      await reconciler.stop();
    },
  };
}

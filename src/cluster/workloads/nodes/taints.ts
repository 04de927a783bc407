import type { Node, Taint } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, equal, formatTime, type Instant, Nodes } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { NOT_READY, nodeCondition, UNREACHABLE, UNSCHEDULABLE } from '../common/nodes.ts';
import { startReconciler } from '../common/reconciler.ts';

const executing = (taint: Readonly<Taint>): Taint => ({ ...taint, effect: 'NoExecute' });

/** Conditions that keep pods away while they are true. */
const TROUBLES = [
  ['MemoryPressure', 'memory-pressure'],
  ['DiskPressure', 'disk-pressure'],
  ['PIDPressure', 'pid-pressure'],
  ['NetworkUnavailable', 'network-unavailable'],
].map(([condition = '', name]) => ({
  condition,
  taint: { key: `node.kubernetes.io/${name}`, effect: 'NoSchedule' },
}));

/** All that this controller puts on nodes. */
const OURS: readonly Taint[] = [
  UNSCHEDULABLE,
  ...[NOT_READY, UNREACHABLE].flatMap((taint) => [taint, executing(taint)]),
  ...TROUBLES.map(({ taint }) => taint),
];

/** What is wrong with a node: no new pods come, and if it is not ready or not heard of, those that are there go. */
function taintsFor(node: Node): readonly Taint[] {
  const ready = nodeCondition(node, 'Ready');
  return [
    ...(node.spec?.unschedulable ? [UNSCHEDULABLE] : []),
    // A new node says nothing yet: no pods come, and there is no reason why any should go.
    ...(ready === undefined ? [NOT_READY] : []),
    ...(ready === 'False' ? [NOT_READY, executing(NOT_READY)] : []),
    ...(ready === 'Unknown' ? [UNREACHABLE, executing(UNREACHABLE)] : []),
    ...TROUBLES.filter(({ condition }) => nodeCondition(node, condition) === 'True').map(
      ({ taint }) => taint,
    ),
  ];
}

/** A node that is cordoned or in trouble has taints that say so; the scheduler and tools look for them. */
export function decideTaints(node: Node, now: Instant): Decision<never> {
  const { name = '', resourceVersion, uid } = node.metadata ?? {};
  const wanted = taintsFor(node);
  const isSame = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const isIn = (taints: readonly Taint[], taint: Taint) => taints.some((each) => isSame(each, taint));
  const before = node.spec?.taints ?? [];
  const taints = [
    ...before.filter((taint) => !isIn(OURS, taint) || isIn(wanted, taint)),
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

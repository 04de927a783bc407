import type { Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import { equal, Nodes, Pods } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { isFinished } from '../common/pods.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideScheduling, type SchedulingView, waitsForNode } from './decide.ts';

const BY_NODE = 'node';
/** Index value of pods that have no node; no node has this name. */
const NONE = '';

export function startScheduler(context: Context): Controller {
  const { informers } = context;
  const nodes = informers.informer(Nodes);
  const pods = informers.informer(Pods);
  pods.addIndex(BY_NODE, (pod) => (isFinished(pod) ? [] : [pod.spec?.nodeName ?? NONE]));

  const reconciler = startReconciler<Pod, SchedulingView>({
    context,
    component: 'default-scheduler',
    type: Pods,
    reads: [Nodes],
    observe: (pod) =>
      waitsForNode(pod)
        ? { pod, nodes: nodes.list(), podsOn: (node) => pods.by(BY_NODE, node).length }
        : undefined,
    decide: decideScheduling,
  });

  const podChanged = (pod: Pod) => {
    if (waitsForNode(pod)) reconciler.enqueue(keyOf(pod));
  };
  const nodeChanged = () => {
    for (const pod of pods.by(BY_NODE, NONE)) podChanged(pod);
  };
  const subscriptions = [
    nodes.subscribe({
      added: nodeChanged,
      updated: (old, node) => {
        if (!equal(whatCounts(old), whatCounts(node))) nodeChanged();
      },
    }),
    pods.subscribe({ added: podChanged, updated: (_old, pod) => podChanged(pod) }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

/** A node tells its state every few seconds; most of it does not matter here. */
function whatCounts({ metadata, spec, status }: Node) {
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
  return { labels: metadata?.labels, taints: spec?.taints, unschedulable: spec?.unschedulable, ready };
}

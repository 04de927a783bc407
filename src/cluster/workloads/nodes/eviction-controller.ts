import type { Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import { equal, Nodes, Pods } from '../../../api/index.ts';
import { isNotFound, keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideEviction, type EvictionView, evictingTaints, isPressed } from './eviction.ts';
import { Pressure } from './pressure.ts';

const BY_NODE = 'node-of-any-pod';

/** Takes pods off nodes that drive them away, and removes those whose node is gone. */
export function startPodEviction(context: Context): Controller {
  const { client, informers, clock } = context;
  const nodes = informers.informer(Nodes);
  const pods = informers.informer(Pods);
  pods.addIndex(BY_NODE, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
  const pressure = new Pressure();

  /** The caches may know a pod before they know its node. */
  async function nodeOf({ spec }: Pod): Promise<Node | undefined> {
    const cached = nodes.get(undefined, spec?.nodeName ?? '');
    if (cached) return cached;
    try {
      return await client.get({ type: Nodes, name: spec?.nodeName ?? '' });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  const reconciler = startReconciler<Pod, EvictionView>({
    context,
    component: 'taint-eviction-controller',
    type: Pods,
    reads: [Nodes],
    async observe(pod, key) {
      const node = pod.spec?.nodeName ? await nodeOf(pod) : undefined;
      if (!isPressed(pod, node)) {
        pressure.end(key);
        return undefined;
      }
      return { pod, node, since: pressure.since(key, pod, node, clock()) };
    },
    gone: (key) => pressure.end(key),
    decide: decideEviction,
  });

  const podChanged = (pod: Pod) => {
    const node = nodes.get(undefined, pod.spec?.nodeName ?? '');
    if (isPressed(pod, node) || pressure.has(keyOf(pod))) reconciler.enqueue(keyOf(pod));
  };
  const nodeChanged = ({ metadata }: Node) => {
    for (const pod of pods.by(BY_NODE, metadata?.name ?? '')) reconciler.enqueue(keyOf(pod));
  };
  const subscriptions = [
    pods.subscribe({ added: podChanged, updated: (_old, pod) => podChanged(pod), deleted: podChanged }),
    nodes.subscribe({
      added: nodeChanged,
      updated(old, node) {
        if (!equal(evictingTaints(old), evictingTaints(node))) nodeChanged(node);
      },
      deleted: nodeChanged,
    }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

import type { DaemonSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Node } from 'kubernetes-types/core/v1.d.ts';
import { ControllerRevisions, DaemonSets, equal, Nodes, Pods } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { tellFailure } from '../common/failure.ts';
import { isNodeReady } from '../common/nodes.ts';
import { OwnedPods } from '../common/owned-pods.ts';
import { startReconciler } from '../common/reconciler.ts';
import { type DaemonSetView, decideDaemonSet } from './decide.ts';

export function startDaemonSetController(context: Context): Controller {
  const { informers } = context;
  const sets = informers.informer(DaemonSets);
  const pods = new OwnedPods(context, DaemonSets);
  const nodes = informers.informer(Nodes);
  const revisions = informers.informer(ControllerRevisions);
  const reconciler = startReconciler<DaemonSet, DaemonSetView>({
    context,
    component: 'daemonset-controller',
    type: DaemonSets,
    reads: [Pods, ControllerRevisions, Nodes],
    async observe(set) {
      const { uid = '' } = set.metadata ?? {};
      return {
        set,
        pods: await pods.of(set),
        revisions: revisions.ownedBy(uid),
        nodes: nodes.list(),
      };
    },
    decide: decideDaemonSet,
    decideFailure: tellFailure,
  });

  const enqueue = (set: DaemonSet) => reconciler.enqueue(keyOf(set));
  const nodesChanged = () => sets.list().forEach(enqueue);
  /** Heartbeats change neither. */
  function nodeUpdated(old: Node, node: Node): void {
    const relevant = (each: Node) => [each.metadata?.labels, each.spec, isNodeReady(each)];
    if (!equal(relevant(old), relevant(node))) nodesChanged();
  }
  const subscriptions = [
    sets.subscribe({ added: enqueue, updated: (_old, set) => enqueue(set) }),
    pods.watch((key) => reconciler.enqueue(key)),
    nodes.subscribe({ added: nodesChanged, updated: nodeUpdated, deleted: nodesChanged }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

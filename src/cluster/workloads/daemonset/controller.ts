import type { DaemonSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Node, Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  ControllerRevisions,
  controllerOf,
  DaemonSets,
  equal,
  matchesSelector,
  Nodes,
  Pods,
} from '../../../api/index.ts';
import { keyOf, objectKey } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { tellFailure } from '../common/failure.ts';
import { isNodeReady } from '../common/nodes.ts';
import { orphansIn, watchOrphans } from '../common/orphans.ts';
import { startReconciler } from '../common/reconciler.ts';
import { type DaemonSetView, decideDaemonSet } from './decide.ts';

export function startDaemonSetController(context: Context): Controller {
  const { client, informers } = context;
  const sets = informers.informer(DaemonSets);
  const pods = informers.informer(Pods);
  const nodes = informers.informer(Nodes);
  const revisions = informers.informer(ControllerRevisions);
  watchOrphans(pods);

  const couldAdopt = (set: DaemonSet, pod: Pod) => matchesSelector(set.spec?.selector, pod.metadata?.labels);

  const reconciler = startReconciler<DaemonSet, DaemonSetView>({
    context,
    component: 'daemonset-controller',
    type: DaemonSets,
    reads: [Pods, ControllerRevisions, Nodes],
    async observe(set) {
      const { namespace, name = '', uid = '' } = set.metadata ?? {};
      const view: DaemonSetView = {
        set,
        pods: pods.ownedBy(uid),
        revisions: revisions.ownedBy(uid),
        nodes: nodes.list(),
      };
      const orphans = orphansIn(pods, namespace).filter((pod) => couldAdopt(set, pod));
      if (orphans.length === 0) return view;
      // Whoever deletes a DaemonSet and keeps its pods must not see them adopted by a cache that is behind.
      const live = await client.get({ type: DaemonSets, namespace, name });
      const adopts = live.metadata?.uid === uid && !live.metadata?.deletionTimestamp;
      return adopts ? { ...view, pods: [...view.pods, ...orphans] } : view;
    },
    decide: decideDaemonSet,
    decideFailure: tellFailure,
  });

  const enqueue = (set: DaemonSet) => reconciler.enqueue(keyOf(set));
  function podChanged(pod: Pod): void {
    const owner = controllerOf(pod);
    const namespace = pod.metadata?.namespace;
    if (owner?.kind === 'DaemonSet') reconciler.enqueue(objectKey(namespace, owner.name));
    else if (!owner) for (const set of sets.list(namespace)) if (couldAdopt(set, pod)) enqueue(set);
  }
  const nodesChanged = () => sets.list().forEach(enqueue);
  /** Heartbeats change neither. */
  function nodeUpdated(old: Node, node: Node): void {
    const relevant = (each: Node) => [each.metadata?.labels, each.spec, isNodeReady(each)];
    if (!equal(relevant(old), relevant(node))) nodesChanged();
  }
  const subscriptions = [
    sets.subscribe({ added: enqueue, updated: (_old, set) => enqueue(set) }),
    pods.subscribe({
      added: podChanged,
      updated(old, pod) {
        // A change of owner concerns both.
        if (!equal(controllerOf(old), controllerOf(pod))) podChanged(old);
        podChanged(pod);
      },
      deleted: podChanged,
    }),
    nodes.subscribe({ added: nodesChanged, updated: nodeUpdated, deleted: nodesChanged }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

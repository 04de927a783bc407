import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { controllerOf, equal, matchesSelector, Pods, ReplicaSets } from '../../../api/index.ts';
import { keyOf, objectKey } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { orphansIn, watchOrphans } from '../common/orphans.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideReplicaSet, decideReplicaSetFailure, type ReplicaSetView } from './decide.ts';

export function startReplicaSetController(context: Context): Controller {
  const { client, informers } = context;
  const replicaSets = informers.informer(ReplicaSets);
  const pods = informers.informer(Pods);
  watchOrphans(pods);

  const reconciler = startReconciler<ReplicaSet, ReplicaSetView>({
    context,
    component: 'replicaset-controller',
    type: ReplicaSets,
    reads: [Pods],
    async observe(replicaSet) {
      const { namespace, uid = '' } = replicaSet.metadata ?? {};
      const orphans = orphansIn(pods, namespace).filter((pod) =>
        matchesSelector(replicaSet.spec?.selector, pod.metadata?.labels),
      );
      const view = { replicaSet, pods: [...pods.ownedBy(uid), ...orphans], related: relatedPods(replicaSet) };
      if (orphans.length === 0) return view;
      // Whoever deletes a ReplicaSet and keeps its pods must not see them adopted by a cache that is behind.
      const live = await client.get({ type: ReplicaSets, namespace, name: replicaSet.metadata?.name ?? '' });
      const adopts = live.metadata?.uid === uid && !live.metadata?.deletionTimestamp;
      return adopts ? view : { ...view, pods: pods.ownedBy(uid) };
    },
    decide: decideReplicaSet,
    decideFailure: (view, error, now) =>
      decideReplicaSetFailure(view, { effect: error.effect, message: causeOf(error) }, now),
  });

  function relatedPods(replicaSet: ReplicaSet): Pod[] {
    const owner = controllerOf(replicaSet);
    const siblings = owner ? replicaSets.ownedBy(owner.uid) : [replicaSet];
    return siblings.flatMap((each) => pods.ownedBy(each.metadata?.uid ?? ''));
  }

  function podChanged(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner?.kind === 'ReplicaSet') {
      reconciler.enqueue(objectKey(pod.metadata?.namespace, owner.name));
    } else if (!owner) {
      for (const replicaSet of replicaSets.list(pod.metadata?.namespace)) {
        if (matchesSelector(replicaSet.spec?.selector, pod.metadata?.labels))
          reconciler.enqueue(keyOf(replicaSet));
      }
    }
  }

  const subscriptions = [
    replicaSets.subscribe({
      added: (replicaSet) => reconciler.enqueue(keyOf(replicaSet)),
      updated: (_old, replicaSet) => reconciler.enqueue(keyOf(replicaSet)),
    }),
    pods.subscribe({
      added: podChanged,
      updated(old, pod) {
        // A change of owner concerns both.
        if (!equal(controllerOf(old), controllerOf(pod))) podChanged(old);
        podChanged(pod);
      },
      deleted: podChanged,
    }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

const causeOf = (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message);

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { controllerOf, Pods, ReplicaSets } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { OwnedPods } from '../common/owned-pods.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideReplicaSet, decideReplicaSetFailure, type ReplicaSetView } from './decide.ts';

export function startReplicaSetController(context: Context): Controller {
  const { informers } = context;
  const replicaSets = informers.informer(ReplicaSets);
  const pods = informers.informer(Pods);
  const ownPods = new OwnedPods(context, ReplicaSets);

  const reconciler = startReconciler<ReplicaSet, ReplicaSetView>({
    context,
    component: 'replicaset-controller',
    type: ReplicaSets,
    reads: [Pods],
    async observe(replicaSet) {
      return { replicaSet, pods: await ownPods.of(replicaSet), related: relatedPods(replicaSet) };
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

  const subscriptions = [
    replicaSets.subscribe({
      added: (replicaSet) => reconciler.enqueue(keyOf(replicaSet)),
      updated: (_old, replicaSet) => reconciler.enqueue(keyOf(replicaSet)),
    }),
    ownPods.watch((key) => reconciler.enqueue(key)),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

const causeOf = (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message);

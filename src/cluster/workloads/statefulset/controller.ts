import type { StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import { ControllerRevisions, PersistentVolumeClaims, Pods, StatefulSets } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { OwnedPods } from '../common/owned-pods.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideStatefulSet, decideStatefulSetFailure, type StatefulSetView } from './decide.ts';
import { ordinalOf } from './identity.ts';

export function startStatefulSetController(context: Context): Controller {
  const { informers } = context;
  const sets = informers.informer(StatefulSets);
  const pods = new OwnedPods(context, StatefulSets, (set, pod) => ordinalOf(set, pod) !== undefined);
  const claims = informers.informer(PersistentVolumeClaims);
  const revisions = informers.informer(ControllerRevisions);
  const reconciler = startReconciler<StatefulSet, StatefulSetView>({
    context,
    component: 'statefulset-controller',
    type: StatefulSets,
    reads: [Pods, PersistentVolumeClaims, ControllerRevisions],
    async observe(set) {
      const { namespace, uid = '' } = set.metadata ?? {};
      return {
        set,
        pods: await pods.of(set),
        revisions: revisions.ownedBy(uid),
        claim: (claim) => claims.get(namespace, claim),
      };
    },
    decide: decideStatefulSet,
    decideFailure: decideStatefulSetFailure,
  });

  const enqueue = (set: StatefulSet) => reconciler.enqueue(keyOf(set));
  const subscriptions = [
    sets.subscribe({ added: enqueue, updated: (_old, set) => enqueue(set) }),
    pods.watch((key) => reconciler.enqueue(key)),
    // A pod waits for a claim of its name that is still being deleted.
    claims.subscribe({
      deleted: ({ metadata }) => {
        for (const set of sets.list(metadata?.namespace)) if (set.spec?.volumeClaimTemplates) enqueue(set);
      },
    }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

import type { StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import {
  ControllerRevisions,
  controllerOf,
  equal,
  matchesSelector,
  PersistentVolumeClaims,
  Pods,
  StatefulSets,
} from '../../../api/index.ts';
import { keyOf, objectKey } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { orphansIn, watchOrphans } from '../common/orphans.ts';
import { startReconciler } from '../common/reconciler.ts';
import { decideStatefulSet, decideStatefulSetFailure, type StatefulSetView } from './decide.ts';
import { ordinalOf } from './identity.ts';

export function startStatefulSetController(context: Context): Controller {
  const { client, informers } = context;
  const sets = informers.informer(StatefulSets);
  const pods = informers.informer(Pods);
  const claims = informers.informer(PersistentVolumeClaims);
  const revisions = informers.informer(ControllerRevisions);
  watchOrphans(pods);

  const couldAdopt = (set: StatefulSet, pod: Pod) =>
    ordinalOf(set, pod) !== undefined && matchesSelector(set.spec?.selector, pod.metadata?.labels);

  const reconciler = startReconciler<StatefulSet, StatefulSetView>({
    context,
    component: 'statefulset-controller',
    type: StatefulSets,
    reads: [Pods, PersistentVolumeClaims, ControllerRevisions],
    async observe(set) {
      const { namespace, name = '', uid = '' } = set.metadata ?? {};
      const view: StatefulSetView = {
        set,
        pods: pods.ownedBy(uid),
        revisions: revisions.ownedBy(uid),
        claim: (claim) => claims.get(namespace, claim),
      };
      const orphans = orphansIn(pods, namespace).filter((pod) => couldAdopt(set, pod));
      if (orphans.length === 0) return view;
      // Whoever deletes a StatefulSet and keeps its pods must not see them adopted by a cache that is behind.
      const live = await client.get({ type: StatefulSets, namespace, name });
      const adopts = live.metadata?.uid === uid && !live.metadata?.deletionTimestamp;
      return adopts ? { ...view, pods: [...view.pods, ...orphans] } : view;
    },
    decide: decideStatefulSet,
    decideFailure: decideStatefulSetFailure,
  });

  const enqueue = (set: StatefulSet) => reconciler.enqueue(keyOf(set));
  function podChanged(pod: Pod): void {
    const owner = controllerOf(pod);
    const namespace = pod.metadata?.namespace;
    if (owner?.kind === 'StatefulSet') reconciler.enqueue(objectKey(namespace, owner.name));
    else if (!owner) for (const set of sets.list(namespace)) if (couldAdopt(set, pod)) enqueue(set);
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

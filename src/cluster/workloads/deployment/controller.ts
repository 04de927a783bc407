import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { controllerOf, Deployments, equal, matchesSelector, Pods, ReplicaSets } from '../../../api/index.ts';
import { keyOf, objectKey } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { orphansIn, watchOrphans } from '../common/orphans.ts';
import { isFinished } from '../common/pods.ts';
import { startReconciler } from '../common/reconciler.ts';
import { type DeploymentView, decideDeployment, decideDeploymentFailure } from './decide.ts';

export function startDeploymentController(context: Context): Controller {
  const { client, informers } = context;
  const deployments = informers.informer(Deployments);
  const replicaSets = informers.informer(ReplicaSets);
  const pods = informers.informer(Pods);
  watchOrphans(replicaSets);

  const reconciler = startReconciler<Deployment, DeploymentView>({
    context,
    component: 'deployment-controller',
    type: Deployments,
    reads: [ReplicaSets, Pods],
    async observe(deployment) {
      const { namespace, name = '', uid = '' } = deployment.metadata ?? {};
      const owned = replicaSets.ownedBy(uid);
      const selected = orphansIn(replicaSets, namespace).filter((rs) =>
        matchesSelector(deployment.spec?.selector, rs.metadata?.labels),
      );
      let adoptable = selected;
      if (selected.length > 0) {
        // Whoever deletes a Deployment and keeps its ReplicaSets must not see them adopted by a cache that is behind.
        const live = await client.get({ type: Deployments, namespace, name });
        if (live.metadata?.uid !== uid || live.metadata.deletionTimestamp) adoptable = [];
      }
      const known = new Set([...owned, ...adoptable]);
      return {
        deployment,
        replicaSets: [...known],
        hasPods: (rs) => pods.ownedBy(rs.metadata?.uid ?? '').some((pod) => !isFinished(pod)),
        isTaken(setName) {
          const taken = replicaSets.get(namespace, setName);
          return taken !== undefined && !known.has(taken);
        },
      };
    },
    decide: decideDeployment,
    decideFailure: (view, { effect, cause, message }, now) =>
      decideDeploymentFailure(
        view,
        { effect, message: cause instanceof Error ? cause.message : message },
        now,
      ),
  });

  function replicaSetChanged(rs: ReplicaSet): void {
    const namespace = rs.metadata?.namespace;
    const owner = controllerOf(rs);
    if (owner?.kind === 'Deployment') reconciler.enqueue(objectKey(namespace, owner.name));
    if (owner) return;
    for (const deployment of deployments.list(namespace)) {
      if (matchesSelector(deployment.spec?.selector, rs.metadata?.labels))
        reconciler.enqueue(keyOf(deployment));
    }
  }

  /** The strategy Recreate waits until the last old pod is gone. */
  function podGone(pod: Pod): void {
    const owner = controllerOf(pod);
    const rs = owner?.kind === 'ReplicaSet' && replicaSets.get(pod.metadata?.namespace, owner.name);
    if (rs) replicaSetChanged(rs);
  }

  const subscriptions = [
    deployments.subscribe({
      added: (deployment) => reconciler.enqueue(keyOf(deployment)),
      updated: (_old, deployment) => reconciler.enqueue(keyOf(deployment)),
    }),
    replicaSets.subscribe({
      added: replicaSetChanged,
      updated(old, rs) {
        if (!equal(controllerOf(old), controllerOf(rs))) replicaSetChanged(old);
        replicaSetChanged(rs);
      },
      deleted: replicaSetChanged,
    }),
    pods.subscribe({ deleted: podGone }),
  ];
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await reconciler.stop();
    },
  };
}

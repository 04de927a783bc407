import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.d.ts';
import { type Decision, PersistentVolumeClaims } from '../../../api/index.ts';
import { keyOf } from '../../../kube/index.ts';
import type { Context, Controller } from '../common/context.ts';
import { startReconciler } from '../common/reconciler.ts';

/** There are no volumes to choose from: what is claimed is had, in the size and modes that were asked for. */
function decideClaim(claim: PersistentVolumeClaim): Decision<PersistentVolumeClaim['status']> {
  const { metadata, spec, status } = claim;
  if (metadata?.deletionTimestamp || status?.phase !== 'Pending') {
    return { effects: [], events: [], because: [] };
  }
  const storage = spec?.resources?.requests?.storage;
  return {
    status: {
      ...status,
      phase: 'Bound',
      accessModes: spec?.accessModes,
      ...(storage !== undefined && { capacity: { storage } }),
    },
    effects: [],
    events: [],
    because: [{ code: 'Bound', text: `claim ${metadata?.name} gets what it asks for` }],
  };
}

export function startClaimBinder(context: Context): Controller {
  const reconciler = startReconciler<PersistentVolumeClaim, PersistentVolumeClaim>({
    context,
    component: 'persistentvolume-controller',
    type: PersistentVolumeClaims,
    reads: [],
    observe: (claim) => claim,
    decide: decideClaim,
  });
  const enqueue = (claim: PersistentVolumeClaim) => reconciler.enqueue(keyOf(claim));
  const unsubscribe = context.informers
    .informer(PersistentVolumeClaims)
    .subscribe({ added: enqueue, updated: (_old, claim) => enqueue(claim) });
  return {
    async stop() {
      unsubscribe();
      await reconciler.stop();
    },
  };
}

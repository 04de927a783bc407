import type { PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.d.ts';
import { PersistentVolumeClaims, PersistentVolumes, Pods, StorageClasses } from '../../../api/index.ts';
import { isAlreadyExists, keyOf, objectKey } from '../../../kube/index.ts';
import { claimsOf } from '../common/claims.ts';
import type { Context, Controller } from '../common/context.ts';
import { tellFailure } from '../common/failure.ts';
import { startReconciler } from '../common/reconciler.ts';
import { type ClaimView, decideClaim } from './decide.ts';
import { standardClass } from './provisioning.ts';
import { decideVolume, type VolumeView } from './volume.ts';

const BY_CLAIM = 'claim';

/** @param volumesFolder where the volumes of the default storage class are; undefined: there is no such class */
export function startClaimBinder(context: Context, volumesFolder: string | undefined): Controller {
  const { client, informers, log } = context;
  const claims = informers.informer(PersistentVolumeClaims);
  const volumes = informers.informer(PersistentVolumes);
  const classes = informers.informer(StorageClasses);
  const pods = informers.informer(Pods);
  const claimKeysOf = (pod: Pod) => claimsOf(pod).map((claim) => objectKey(pod.metadata?.namespace, claim));
  pods.addIndex(BY_CLAIM, (pod) => (pod.spec?.nodeName ? claimKeysOf(pod) : []));

  const claimReconciler = startReconciler<PersistentVolumeClaim, ClaimView>({
    context,
    component: 'persistentvolume-controller',
    type: PersistentVolumeClaims,
    reads: [PersistentVolumes, StorageClasses, Pods],
    // One at a time: two claims must not choose the same volume.
    concurrency: 1,
    observe: (claim, key) => ({
      claim,
      volumes: volumes.list(),
      storageClass: classes.get(undefined, claim.spec?.storageClassName ?? ''),
      users: pods.by(BY_CLAIM, key).length,
      volumesFolder,
    }),
    decide: decideClaim,
    decideFailure: tellFailure,
  });
  const volumeReconciler = startReconciler<PersistentVolume, VolumeView>({
    context,
    component: 'persistentvolume-controller',
    type: PersistentVolumes,
    reads: [PersistentVolumeClaims],
    observe(volume) {
      const { namespace, name = '' } = volume.spec?.claimRef ?? {};
      return { volume, claim: claims.get(namespace, name) };
    },
    decide: decideVolume,
  });

  const enqueueVolume = (volume: PersistentVolume) => volumeReconciler.enqueue(keyOf(volume));
  const claimChanged = (claim: PersistentVolumeClaim) => {
    claimReconciler.enqueue(keyOf(claim));
    const volume = volumes.get(undefined, claim.spec?.volumeName ?? '');
    if (volume) enqueueVolume(volume);
  };
  const enqueueWaiting = () => {
    for (const claim of claims.list()) if (claim.status?.phase !== 'Bound') claimChanged(claim);
  };
  const volumeChanged = (volume: PersistentVolume) => {
    enqueueVolume(volume);
    const { namespace, name } = volume.spec?.claimRef ?? {};
    if (name) claimReconciler.enqueue(objectKey(namespace, name));
    else enqueueWaiting();
  };
  /** A claim that is being deleted waits for the pods that use it. */
  const podEnded = (pod: Pod) => {
    for (const key of claimKeysOf(pod)) claimReconciler.enqueue(key);
  };
  const subscriptions = [
    claims.subscribe({
      added: claimChanged,
      updated: (_old, claim) => claimChanged(claim),
      deleted: claimChanged,
    }),
    volumes.subscribe({
      added: volumeChanged,
      updated: (_old, volume) => volumeChanged(volume),
      deleted: volumeChanged,
    }),
    classes.subscribe({ added: enqueueWaiting }),
    pods.subscribe({ deleted: podEnded }),
  ];
  if (volumesFolder !== undefined) {
    client.create(StorageClasses, standardClass).catch((error) => {
      if (!isAlreadyExists(error)) log.warn({ err: error }, 'cannot make the default storage class');
    });
  }
  return {
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await Promise.all([claimReconciler.stop(), volumeReconciler.stop()]);
    },
  };
}

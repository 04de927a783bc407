import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.d.ts';
import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';
import { type KubeObject, parseTime } from '../../../api/index.ts';
import type { ObjectTarget } from '../rest/core.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { forbidden } from '../status.ts';
import type { Store } from '../store/index.ts';

const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class';
const CLAIM_IN_USE = 'kubernetes.io/pvc-protection';
const VOLUME_IN_USE = 'kubernetes.io/pv-protection';

/** A new claim with the default storage class when it names none, and held back from deletion while it is in use. */
export function completeClaim(store: Store, claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { spec } = claim;
  const storageClassName = spec?.storageClassName ?? defaultClass(store);
  return {
    ...held(claim, CLAIM_IN_USE),
    ...(spec && { spec: { ...spec, ...(storageClassName !== undefined && { storageClassName }) } }),
  };
}

/** A new volume, held back from deletion while it is bound. */
export const completeVolume = (volume: PersistentVolume): PersistentVolume => held(volume, VOLUME_IN_USE);

/** A claim grows only where its class allows it. @throws StatusError 403 */
export function refuseExpansion(
  store: Store,
  { kind, name }: ObjectTarget,
  next: PersistentVolumeClaim,
  live: PersistentVolumeClaim,
): void {
  const [after, before] = [next, live].map(({ spec }) => spec?.resources?.requests?.storage);
  if (!after || !before || live.status?.phase !== 'Bound' || compareQuantities(after, before) <= 0) return;
  const used = storageClasses(store).find(({ metadata }) => metadata?.name === next.spec?.storageClassName);
  if (used?.allowVolumeExpansion) return;
  const message =
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  throw forbidden(kind, name, message);
}

/** Of several the youngest is meant. */
function defaultClass(store: Store): string | undefined {
  const made = ({ metadata }: StorageClass) => parseTime(metadata?.creationTimestamp) ?? 0;
  const [youngest] = storageClasses(store)
    .filter(({ metadata }) => metadata?.annotations?.[IS_DEFAULT] === 'true')
    .sort((a, b) => made(b) - made(a) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
  return youngest?.metadata?.name;
}

function storageClasses(store: Store): StorageClass[] {
  const resource = store.resource('storage.k8s.io/storageclasses');
  return resource
    .list()
    .flatMap(({ key }) => store.latest(resource, key) ?? [])
    .map(({ object }) => object as StorageClass);
}

function held<T extends KubeObject>(object: T, finalizer: string): T {
  const finalizers = object.metadata?.finalizers ?? [];
  if (finalizers.includes(finalizer)) return object;
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } };
}

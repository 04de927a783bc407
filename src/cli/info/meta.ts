import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { type KubeObject, REVISION_ANNOTATION } from '../../api/index.ts';

/** The part of a child's metadata that is shown. */
export function childMeta({ metadata }: KubeObject): ObjectMeta {
  return {
    name: metadata?.name,
    namespace: metadata?.namespace,
    creationTimestamp: metadata?.creationTimestamp,
    uid: metadata?.uid,
  };
}

/** The part of a Rollout's metadata that is shown. */
export function rolloutMeta({ metadata }: KubeObject): ObjectMeta {
  return {
    name: metadata?.name,
    namespace: metadata?.namespace,
    labels: metadata?.labels,
    annotations: metadata?.annotations,
    uid: metadata?.uid,
    generation: metadata?.generation,
    creationTimestamp: metadata?.creationTimestamp,
    resourceVersion: metadata?.resourceVersion,
  };
}

/** 0 when the annotation is absent or no number. */
export function revisionOf({ metadata }: KubeObject): number {
  const text = metadata?.annotations?.[REVISION_ANNOTATION] ?? '';
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}

/** Whether the object has an owner reference (controller or not) to the uid. */
export function isOwnedBy({ metadata }: KubeObject, uid: string | undefined): boolean {
  return uid !== undefined && (metadata?.ownerReferences ?? []).some((owner) => owner.uid === uid);
}

type Named = { objectMeta: ObjectMeta };

export const byName = (a: Named, b: Named) => compare(a.objectMeta.name ?? '', b.objectMeta.name ?? '');
export const byCreation = (a: Named, b: Named) => compare(createdAt(a), createdAt(b));
export const byRevisionDown = (a: { revision: number }, b: { revision: number }) => b.revision - a.revision;

/** Byte order, as Go compares strings. */
export function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const createdAt = ({ objectMeta }: Named) => String(objectMeta.creationTimestamp ?? '');

/** A comparison by several criteria, the first that tells a difference wins. */
export function inOrder<T>(...criteria: ((a: T, b: T) => number)[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const criterion of criteria) {
      const result = criterion(a, b);
      if (result !== 0) return result;
    }
    return 0;
  };
}

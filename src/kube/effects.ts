import type { Effect, KubeObject } from '../api/index.ts';
import { isConflict, type Writer } from './types.ts';

/**
 * Carries out one effect; returns the object as it is after a create or patch.
 * @throws ApiError: a create of what exists and a patch of what has moved on mean that the view was stale
 */
export async function applyEffect(writer: Writer, effect: Effect): Promise<KubeObject | undefined> {
  switch (effect.kind) {
    case 'create':
      return writer.create(
        effect.ref.type,
        inNamespace(effect.object, effect.ref.namespace),
        effect.subresource ? { subresource: effect.subresource } : {},
      );
    case 'patch': {
      const { ref, patch, resourceVersion, subresource } = effect;
      const options = subresource ? { subresource } : {};
      return writer.patch(ref, 'merge', withPrecondition(patch, resourceVersion), options);
    }
    case 'delete': {
      const { ref, uid, propagationPolicy, gracePeriodSeconds } = effect;
      try {
        await writer.delete(ref, {
          uid,
          ...(propagationPolicy && { propagationPolicy }),
          ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
        });
      } catch (error) {
        // Another object has the name by now: the one that was to go is gone.
        if (!(uid && isConflict(error))) throw error;
      }
      return undefined;
    }
    case 'evict':
      await writer.evict(effect.ref, { uid: effect.uid });
      return undefined;
  }
}

function inNamespace(object: KubeObject, namespace: string | undefined): KubeObject {
  if (!namespace || object.metadata?.namespace) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function withPrecondition(patch: Record<string, unknown>, resourceVersion: string | undefined) {
  if (!resourceVersion) return patch;
  return { ...patch, metadata: { ...(patch.metadata as object | undefined), resourceVersion } };
}

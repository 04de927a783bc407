import type { LabelSelector, OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import {
  controllerOf,
  controllerReference,
  type Effect,
  type KubeObject,
  matchesSelector,
  type ResourceType,
} from '../../../api/index.ts';

/** Which objects a controller has, and the effects that take in those it should have and let go of those it should not. */
export interface Claim<T> {
  /** Controlled by the owner and selected; those that are adopted now are not yet among them. */
  owned: T[];
  effects: Effect[];
}

/**
 * Ownership by label selector: an object without a controller that is selected is adopted, one that is no longer
 * selected is released. An owner or an object that is being deleted changes nothing.
 */
export function claim<T extends KubeObject>(
  owner: { type: ResourceType; object: KubeObject; selector: LabelSelector | undefined },
  type: ResourceType<T>,
  candidates: readonly T[],
): Claim<T> {
  const result: Claim<T> = { owned: [], effects: [] };
  const uid = owner.object.metadata?.uid;
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const selected = matchesSelector(owner.selector, candidate.metadata?.labels);
    if (controller?.uid === uid && selected) result.owned.push(candidate);
    if (owner.object.metadata?.deletionTimestamp || candidate.metadata?.deletionTimestamp) continue;
    const others = (candidate.metadata?.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
    if (controller?.uid === uid && !selected) {
      result.effects.push(own(type, candidate, 'release', others));
    } else if (!controller && selected) {
      const reference = controllerReference(owner.type, owner.object);
      result.effects.push(own(type, candidate, 'adopt', [...others, reference]));
    }
  }
  return result;
}

function own(
  type: ResourceType,
  object: KubeObject,
  verb: string,
  ownerReferences: OwnerReference[],
): Effect {
  const { namespace, name = '', resourceVersion, uid } = object.metadata ?? {};
  return {
    kind: 'patch',
    what: `${verb} ${type.kind} ${name}`,
    ref: { type, namespace, name },
    // The uid as a precondition: a namesake is not meant.
    patch: { metadata: { uid, ownerReferences } },
    resourceVersion,
  };
}

import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { Decision, Effect, EventRecord, KubeObject, ResourceType } from '../../../api/index.ts';

/** An object with its type; only its metadata is looked at. */
export interface Item {
  type: ResourceType;
  object: KubeObject;
}

/**
 * `solid`: it is there. `absent`: it is not, or its name belongs to another by now. `waiting`: it is being deleted and
 * waits for its dependents to go first. `unknown`: it cannot be told, e.g. its kind is not served (any more).
 */
export type OwnerState = 'solid' | 'absent' | 'waiting' | 'unknown';

export interface GarbageView extends Item {
  /** `isElsewhere`: an owner that is absent is in another namespace, where it cannot own this object. */
  owners: readonly { reference: OwnerReference; state: OwnerState; isElsewhere?: boolean }[];
  dependents: readonly Item[];
}

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/** Whether an object is being deleted after its dependents. */
export function isWaiting({ metadata }: KubeObject): boolean {
  return metadata?.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND);
}

/** Deletes what has no owner left, and does what a deleted object's finalizers ask for, as Kubernetes' collector. */
export function decideGarbage(view: GarbageView): Decision<never> {
  return { ...decide(view), events: invalidOwners(view) };
}

function decide(view: GarbageView): Decision<never> {
  const { finalizers = [], deletionTimestamp } = view.object.metadata ?? {};
  if (!deletionTimestamp) return decideOwned(view);
  if (finalizers.includes(ORPHAN)) {
    const freed = view.dependents.map((dependent) => freeFrom(dependent, view));
    return outcome('Orphaning', `${freed.length} dependents stay`, [
      ...freed,
      withoutFinalizer(view, ORPHAN),
    ]);
  }
  if (!finalizers.includes(FOREGROUND)) return outcome('Deleting', 'it is being deleted');
  const blocking = view.dependents.filter((dependent) => blocks(dependent, view));
  return blocking.length > 0
    ? outcome('WaitingForDependents', `${blocking.length} dependents have to go first`)
    : outcome('DependentsGone', 'no dependent is in the way', [withoutFinalizer(view, FOREGROUND)]);
}

function invalidOwners({ object, owners }: GarbageView): EventRecord[] {
  const { namespace = '' } = object.metadata ?? {};
  return owners
    .filter(({ isElsewhere }) => isElsewhere)
    .map(({ reference: { apiVersion, kind, name, uid } }) => {
      const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
      const message = `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`;
      return { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message };
    });
}

function decideOwned(view: GarbageView): Decision<never> {
  const { owners } = view;
  const inState = (state: OwnerState) => owners.filter((owner) => owner.state === state);
  if (owners.length === 0) return outcome('NoOwner', 'nothing owns it');
  if (inState('unknown').length > 0) return outcome('OwnerUnknown', 'whether an owner exists cannot be told');

  const kept = inState('solid').map(({ reference }) => reference);
  if (kept.length > 0) {
    const same = kept.length === owners.length;
    return same
      ? outcome('Owned', 'its owners exist')
      : outcome('SomeOwnersGone', 'some of its owners are gone', [withOwners(view, kept)]);
  }
  const text = `${owners.map(({ reference }) => `${reference.kind} ${reference.name}`).join(', ')} is gone`;
  const waited = inState('waiting').length > 0 && view.dependents.length > 0;
  if (!waited) return outcome('OwnersGone', text, [deletion(view, policyOf(view.object))]);
  // Owners in a circle would wait for each other for ever.
  const circle = view.dependents.some(({ object }) => isWaiting(object));
  const unblocked = owners.map(({ reference }) => ({ ...reference, blockOwnerDeletion: false }));
  const effects = circle ? [withOwners(view, unblocked)] : [];
  return outcome('OwnerWaits', text, [...effects, deletion(view, 'Foreground')]);
}

function blocks({ object }: Item, owner: Item): boolean {
  const uid = owner.object.metadata?.uid;
  return (object.metadata?.ownerReferences ?? []).some(
    (reference) => reference.uid === uid && reference.blockOwnerDeletion,
  );
}

/** A way of deletion that was asked for before is kept. */
function policyOf({ metadata }: KubeObject): 'Orphan' | 'Foreground' | 'Background' {
  const finalizers = metadata?.finalizers ?? [];
  if (finalizers.includes(ORPHAN)) return 'Orphan';
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
}

function freeFrom(dependent: Item, owner: Item): Effect {
  const references = dependent.object.metadata?.ownerReferences ?? [];
  return withOwners(
    dependent,
    references.filter((reference) => reference.uid !== owner.object.metadata?.uid),
  );
}

function withOwners(item: Item, ownerReferences: readonly OwnerReference[]): Effect {
  return patch(item, 'change the owners of', { ownerReferences });
}

function withoutFinalizer(item: Item, finalizer: string): Effect {
  const finalizers = (item.object.metadata?.finalizers ?? []).filter((each) => each !== finalizer);
  return patch(item, `take finalizer ${finalizer} off`, { finalizers });
}

function patch({ type, object }: Item, what: string, metadata: Record<string, unknown>): Effect {
  const { namespace, name = '', uid, resourceVersion } = object.metadata ?? {};
  return {
    kind: 'patch',
    what: `${what} ${type.kind} ${name}`,
    ref: { type, namespace, name },
    patch: { metadata: { ...metadata, uid } },
    resourceVersion,
  };
}

function deletion({ type, object }: Item, propagationPolicy: 'Orphan' | 'Foreground' | 'Background'): Effect {
  const { namespace, name = '', uid } = object.metadata ?? {};
  const what = `delete ${type.kind} ${name}, whose owner is gone`;
  return { kind: 'delete', what, ref: { type, namespace, name }, uid, propagationPolicy };
}

function outcome(code: string, text: string, effects: Effect[] = []): Decision<never> {
  return { effects, events: [], because: [{ code, text }] };
}

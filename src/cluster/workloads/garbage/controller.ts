import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import {
  apiVersionOf,
  equal,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
} from '../../../api/index.ts';
import {
  createEventRecorder,
  isConflict,
  isNotFound,
  keyOf,
  splitKey,
  WorkQueue,
} from '../../../kube/index.ts';
import { act, EffectError } from '../common/act.ts';
import type { Context, Controller } from '../common/context.ts';
import type { Discovery } from '../discovery/discovery.ts';
import { decideGarbage, type GarbageView, type Item, isWaiting, type OwnerState } from './decide.ts';
import { Graph, typeKey } from './graph.ts';

/** Owners that are known to be gone, by where they were: a reference from elsewhere does not mean them. */
const MAX_REMEMBERED = 10_000;

const INCOMPLETE_RETRY_MS = 100;

export function startGarbageCollector(context: Context, discovery: Discovery): Controller {
  const { client, clock } = context;
  const log = context.log.child({ component: 'garbage-collector' });
  const events = createEventRecorder(client, { component: 'garbage-collector-controller', clock, log });
  const absent = new Set<string>();
  /** Objects with an owner of a kind that is not served: looked at again when kinds come. */
  const unresolved = new Set<string>();

  const keyFor = ({ type, object }: Item) => `${typeKey(type)} ${keyOf(object)}`;
  const enqueue = (item: Item) => queue.add(keyFor(item));
  const enqueueDependents = ({ object }: Item) => {
    for (const dependent of graph.dependentsOf(object.metadata?.uid ?? '')) enqueue(dependent);
  };
  /** Owners that wait for this one to go. */
  const enqueueOwners = (object: KubeObject) => {
    for (const reference of object.metadata?.ownerReferences ?? []) {
      const ref = graph.locate(reference, object.metadata?.namespace);
      const owner = ref && graph.get(ref);
      if (owner?.object.metadata?.deletionTimestamp) enqueue(owner);
    }
  };

  const graph = new Graph(context, {
    added(item) {
      if (item.object.metadata?.ownerReferences?.length || item.object.metadata?.deletionTimestamp)
        enqueue(item);
    },
    updated(old, item) {
      const [before, after] = [old.metadata ?? {}, item.object.metadata ?? {}];
      const ownersChanged = !equal(before.ownerReferences, after.ownerReferences);
      const deletionChanged =
        before.deletionTimestamp !== after.deletionTimestamp || !equal(before.finalizers, after.finalizers);
      if (ownersChanged) enqueueOwners(old);
      if (ownersChanged || deletionChanged) enqueue(item);
      if (isWaiting(item.object) && !isWaiting(old)) enqueueDependents(item);
    },
    deleted(item) {
      const { namespace, name = '', uid = '' } = item.object.metadata ?? {};
      remember(ownerKey({ type: item.type, namespace, name }, uid));
      enqueueDependents(item);
      enqueueOwners(item.object);
    },
  });

  function remember(key: string): void {
    absent.add(key);
    if (absent.size > MAX_REMEMBERED) absent.delete(absent.values().next().value!);
  }

  async function stateOf(reference: OwnerReference, namespace: string | undefined): Promise<OwnerState> {
    const ref = graph.locate(reference, namespace);
    if (!ref) return 'unknown';
    const key = ownerKey(ref, reference.uid);
    if (absent.has(key)) return 'absent';
    const cached = graph.get(ref)?.object;
    if (cached?.metadata?.uid === reference.uid) return isWaiting(cached) ? 'waiting' : 'solid';
    // The cache may be behind; what is deleted for want of an owner cannot be brought back.
    try {
      const live = await client.get(ref);
      if (live.metadata?.uid === reference.uid) return isWaiting(live) ? 'waiting' : 'solid';
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    remember(key);
    return 'absent';
  }

  async function observe({ type, object }: Item): Promise<GarbageView> {
    const references = object.metadata?.ownerReferences ?? [];
    const owners = await Promise.all(
      references.map(async (reference) => {
        const { namespace } = object.metadata ?? {};
        const state = await stateOf(reference, namespace);
        return {
          reference,
          state,
          isElsewhere: state === 'absent' && graph.isElsewhere(reference, namespace),
        };
      }),
    );
    return { type, object, owners, dependents: graph.dependentsOf(object.metadata?.uid ?? '') };
  }

  async function reconcile(item: Item): Promise<void> {
    const view = await observe(item);
    if (view.owners.some(({ state }) => state === 'unknown')) unresolved.add(keyFor(item));
    let decision = decideGarbage(view);
    if (decision.effects.some((effect) => effect.kind === 'delete')) {
      // Its owners may just have changed.
      const { namespace, name = '', uid } = item.object.metadata ?? {};
      const live = await client.get({ type: item.type, namespace, name });
      if (live.metadata?.uid !== uid) return;
      decision = decideGarbage(await observe({ type: item.type, object: live }));
    }
    await act(client, decision.effects, (effect) => log.debug({ effect: effect.what }, effect.what));
    for (const event of decision.events) events.record({ ...item.object, ...kindOf(item.type) }, event);
  }

  const queue = new WorkQueue({
    concurrency: 10,
    backoff: { baseMs: 20, maxMs: 30_000 },
    async process(key) {
      // Dependents that are not known yet would be taken for none.
      if (!graph.isComplete()) return { requeueAfterMs: INCOMPLETE_RETRY_MS };
      const space = key.indexOf(' ');
      const type = graph.type(key.slice(0, space));
      const item = type && graph.get({ type, ...splitKey(key.slice(space + 1)) });
      if (item) await reconcile(item);
    },
    isFinal: (error) => isNotFound(error instanceof EffectError ? error.cause : error),
    onError(key, error) {
      const cause = error instanceof EffectError ? error.cause : error;
      const level = isConflict(cause) || isNotFound(cause) ? 'debug' : 'warn';
      log[level]({ object: key, err: error }, 'cannot collect garbage');
    },
  });

  /** One key: finding out which kinds there are. */
  const discoveries = new WorkQueue({
    concurrency: 1,
    backoff: { baseMs: 200, maxMs: 30_000 },
    async process() {
      await graph.follow(await discovery.types());
      for (const key of unresolved) queue.add(key);
      unresolved.clear();
    },
    onError: (_key, error) => log.warn({ err: error }, 'cannot find out which kinds the API server has'),
  });
  const unsubscribe = discovery.onChange(() => discoveries.add('kinds'));
  discoveries.add('kinds');

  return {
    async stop() {
      unsubscribe();
      await discoveries.stop();
      await queue.stop();
      await graph.stop();
      await events.flush();
    },
  };
}

const ownerKey = ({ type, namespace = '', name }: ObjectRef, uid: string) =>
  [typeKey(type), namespace, name, uid].join(' ');

const kindOf = (type: ResourceType) => ({ apiVersion: apiVersionOf(type), kind: type.kind });

import {
  type Decision,
  diffMergePatch,
  type Instant,
  type KubeObject,
  type ResourceType,
} from '../../../api/index.ts';
import {
  ApiError,
  createEventRecorder,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type KubeClient,
  splitKey,
  WorkQueue,
} from '../../../kube/index.ts';
import { act, EffectError } from './act.ts';
import type { Context } from './context.ts';
import { Unseen } from './unseen.ts';

/** Observe, decide, act for the objects of one type. */
export interface ReconcilerOptions<T extends KubeObject, View> {
  context: Context;
  /** The component that its events come from, e.g. `replicaset-controller`. */
  component: string;
  type: ResourceType<T>;
  /** What `observe` reads beside the object; nothing is decided before all of it is in the caches. */
  reads: readonly ResourceType[];
  concurrency?: number;
  /** The snapshot that the decision is made on; undefined when there is nothing (left) to decide. */
  observe(object: T, key: string): View | undefined | Promise<View | undefined>;
  decide(view: View, now: Instant): Decision<unknown>;
  /** Called after all effects of the latest decision have been carried out and its status is written. */
  carriedOut?(key: string): void;
  /** Called when the object of a key is gone. */
  gone?(key: string): void | Promise<void>;
  /** What the status says after an effect has failed; the effects of the decision are not carried out. */
  decideFailure?(view: View, error: EffectError, now: Instant): Decision<unknown>;
}

export interface Reconciler {
  enqueue(key: string): void;
  stop(): Promise<void>;
}

/** A stale cache is looked at again after this time at the latest (spec 06 §6.4). */
const STALE_RETRY_MS = 100;

export function startReconciler<T extends KubeObject, View>(options: ReconcilerOptions<T, View>): Reconciler {
  const { context, component, type } = options;
  const { client, informers, clock } = context;
  const log = context.log.child({ component });
  const events = createEventRecorder(client, { component, clock, log });
  const unseen = new Unseen(informers);

  function tell(object: T, decision: Decision<unknown>): void {
    const about = { apiVersion: object.apiVersion ?? '', kind: type.kind, metadata: object.metadata };
    for (const event of decision.events) events.record(about, event);
  }

  async function carryOut(key: string, object: T, decision: Decision<unknown>): Promise<void> {
    let version = object.metadata?.resourceVersion;
    await act(client, decision.effects, (effect, result) => {
      log.debug({ key, effect: effect.what }, effect.what);
      if (effect.kind === 'delete') unseen.deleted(key, effect);
      // A Scale is never read from a cache, and what it is of may be of any kind.
      else if (result && !(effect.kind === 'patch' && effect.subresource === 'scale'))
        unseen.wrote(key, effect.ref.type, result);
      // An effect may change the object itself; the status is then written on top of that.
      if (result?.metadata?.uid === object.metadata?.uid) version = result?.metadata?.resourceVersion;
    });
    // What has been done is told even if the status has changed meanwhile: the next pass will not do it again.
    if (decision.effects.length > 0) tell(object, decision);
    const written = await writeStatus(client, type, object, decision.status, version);
    if (written) unseen.wrote(key, type, written);
    if (decision.effects.length === 0) tell(object, decision);
  }

  const queue = new WorkQueue({
    concurrency: options.concurrency ?? 5,
    backoff: { baseMs: 5, maxMs: 30_000 },
    async process(key) {
      const { namespace, name } = splitKey(key);
      if (!unseen.caughtUp(key)) return { requeueAfterMs: STALE_RETRY_MS };
      const object = informers.informer(type).get(namespace, name);
      if (!object) return void (await options.gone?.(key));
      const view = await options.observe(object, key);
      if (view === undefined) return;
      const now = clock();
      const decision = options.decide(view, now);
      try {
        await carryOut(key, object, decision);
        options.carriedOut?.(key);
      } catch (error) {
        if (error instanceof EffectError && options.decideFailure && !isQuiet(error)) {
          await carryOut(key, object, { ...options.decideFailure(view, error, clock()), effects: [] });
        }
        throw error;
      }
      return { requeueAfterMs: decision.wakeAt === undefined ? undefined : decision.wakeAt - now };
    },
    onError(key, error) {
      // The world moved on between the view and the write: the next pass sees it.
      const level = isQuiet(error) ? 'debug' : 'warn';
      log[level]({ key, err: error }, `cannot reconcile ${type.kind} ${key}`);
    },
  });

  // An empty cache looks like a cluster without pods: after a restart everything would be made a second time.
  let early: Set<string> | undefined = new Set();
  void Promise.all([type, ...options.reads].map((each) => informers.informer(each).synced())).then(() => {
    for (const key of early ?? []) queue.add(key);
    early = undefined;
  });

  return {
    enqueue(key) {
      if (early) early.add(key);
      else queue.add(key);
    },
    async stop() {
      await queue.stop();
      await events.flush();
    },
  };
}

/** Patches what differs; undefined when nothing does. */
async function writeStatus<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  object: T,
  status: unknown,
  resourceVersion: string | undefined,
): Promise<T | undefined> {
  if (status === undefined) return undefined;
  const patch = diffMergePatch((object as { status?: unknown }).status, status);
  if (!patch) return undefined;
  const { namespace, name = '' } = object.metadata ?? {};
  return client.patch(
    { type, namespace, name },
    'merge',
    { metadata: { resourceVersion }, status: patch },
    { subresource: 'status' },
  );
}

function isQuiet(error: unknown): boolean {
  const reason = error instanceof EffectError ? error.cause : error;
  return isConflict(reason) || isAlreadyExists(reason) || isNotFound(reason) || isNamespaceEnding(reason);
}

/** Nothing can be created in a namespace that is being deleted; what would want to is about to go as well. */
function isNamespaceEnding(error: unknown): boolean {
  const causes = error instanceof ApiError ? error.details?.causes : undefined;
  return Array.isArray(causes) && causes.some((cause) => cause?.reason === 'NamespaceTerminating');
}

import {
  apiVersionOf,
  type Decision,
  diffMergePatch,
  type Effect,
  type EventRecord,
  type Instant,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
} from '../api/index.ts';
import { applyEffect, type Writer } from '../kube/index.ts';
import type { OwnWrites } from './own-writes.ts';

/** What act needs to know of the object that a decision is about. */
export interface Subject<T extends KubeObject> {
  type: ResourceType<T>;
  /** As the decision saw it. */
  object: T & { status?: unknown };
  /** Where its status is written: the subresource, or with the object itself. */
  statusSubresource: boolean;
}

/** Tells of something on an object; of which the metadata is enough. */
export type RecordEvent = (about: EventSubject, event: EventRecord) => void;
export type EventSubject = KubeObject & { apiVersion: string; kind: string };

export interface ActEnvironment {
  writer: Writer;
  clock: () => Instant;
  ownWrites: OwnWrites;
  recordEvent: RecordEvent;
}

/** What was done, for the log and the metrics. */
export interface Acted<T> {
  /** In the words of the effects. */
  effects: string[];
  /** The object with its new status, if that was written. */
  written: T | undefined;
}

/**
 * Carries a decision out: the effects in order, then the difference of the status in one patch, then the events.
 * The status is written only over the version that the decision saw (or that our own effects have made of it since), so
 * that what a user has written meanwhile, such as an abort, is never lost.
 * @throws ApiError of the first write that fails; what comes after it is then not done
 */
export async function act<T extends KubeObject>(
  key: string,
  subject: Subject<T>,
  decision: Decision<unknown>,
  environment: ActEnvironment,
): Promise<Acted<T>> {
  const { writer, clock, ownWrites, recordEvent } = environment;
  const { type, object, statusSubresource } = subject;
  const { namespace, name = '' } = object.metadata ?? {};
  const ref: ObjectRef<T> = { type, namespace, name };
  let resourceVersion = object.metadata?.resourceVersion;

  for (const effect of decision.effects) {
    const isOwn = effect.ref.type === type && effect.ref.namespace === namespace && effect.ref.name === name;
    const guarded =
      isOwn && effect.kind === 'patch'
        ? { ...effect, resourceVersion: resourceVersion ?? effect.resourceVersion }
        : effect;
    const written = await applyAndRemember(key, guarded, environment);
    if (isOwn) resourceVersion = written?.metadata?.resourceVersion;
  }

  const patch =
    decision.status === undefined
      ? undefined
      : diffMergePatch({ status: object.status }, { status: decision.status });
  let written: T | undefined;
  if (patch) {
    written = await writer.patch(
      ref,
      'merge',
      { metadata: { resourceVersion }, ...patch },
      statusSubresource ? { subresource: 'status' } : {},
    );
    ownWrites.remember(key, ref, written, clock());
  }

  const about = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: object.metadata };
  for (const event of decision.events) recordEvent(about, event);
  return { effects: decision.effects.map((effect) => effect.what), written };
}

async function applyAndRemember(
  key: string,
  effect: Effect,
  { writer, clock, ownWrites }: ActEnvironment,
): Promise<KubeObject | undefined> {
  if (effect.kind === 'evict') {
    const accepted = await writer.evict(effect.ref, { uid: effect.uid });
    if (accepted) ownWrites.remember(key, effect.ref, undefined, clock(), effect.uid);
    return undefined;
  }
  const written = await applyEffect(writer, effect);
  if (effect.kind === 'delete') ownWrites.remember(key, effect.ref, undefined, clock(), effect.uid);
  else if (written) ownWrites.remember(key, effect.ref, written, clock());
  return written;
}

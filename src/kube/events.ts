import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Event, ObjectReference } from 'kubernetes-types/core/v1.d.ts';
import type { Logger } from 'pino';
import {
  apiVersionOf,
  type Clock,
  type EventRecord,
  Events,
  formatTime,
  type KubeObject,
} from '../api/index.ts';
import { isAlreadyExists, isNotFound, type KubeClient } from './types.ts';

export interface EventRecorder {
  /** Returns at once; the event is written behind. Failures are logged, never thrown. */
  record(about: KubeObject & { apiVersion: string; kind: string }, event: EventRecord): void;
  /** Resolves when everything recorded so far is written. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  /** Who reports, e.g. `rollouts-controller`. */
  component: string;
  clock: Clock;
  log?: Logger;
}

/** The API server's limit on the length of a message. */
const MAX_MESSAGE = 1024;
/** Events that wait to be written; more are dropped, so that a storm of events costs no memory. */
const MAX_WAITING = 5000;
/** Writes side by side; of one event never two. */
const AT_ONCE = 8;

type EventWriter = Pick<KubeClient, 'create' | 'get' | 'patch'>;

interface Waiting {
  event: Event;
  /** How often it happened since it was last written. */
  times: number;
}

/**
 * Writes core/v1 Events. The same thing said again about the same object raises the count of one Event: its name is a
 * hash of what it says, so that this holds across restarts too.
 */
export function createEventRecorder(client: EventWriter, options: EventRecorderOptions): EventRecorder {
  const { component, clock, log } = options;
  const waiting = new Map<string, Waiting>();
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, AT_ONCE);
      for (const [key] of batch) waiting.delete(key);
      await Promise.all(batch.map(([, next]) => write(next)));
    }
    writing = undefined;
  }

  async function write(next: Waiting): Promise<void> {
    try {
      await writeEvent(client, next);
    } catch (error) {
      const { involvedObject, reason } = next.event;
      const { namespace, name } = involvedObject;
      log?.warn({ namespace, name, event_reason: reason, err: error }, 'cannot write an event');
    }
  }

  return {
    record(about, record) {
      const event = buildEvent(referenceTo(about, record), record, component, formatTime(clock()));
      const key = `${event.metadata.namespace}/${event.metadata.name}`;
      const earlier = waiting.get(key);
      if (earlier) {
        earlier.times++;
        earlier.event = { ...event, firstTimestamp: earlier.event.firstTimestamp };
        return;
      }
      if (waiting.size >= MAX_WAITING) {
        log?.warn({ event_reason: record.reason }, 'too many events wait to be written; this one is dropped');
        return;
      }
      waiting.set(key, { event, times: 1 });
      // Later, so that what is repeated within one pass is written once.
      writing ??= Promise.resolve().then(writeAll);
    },
    async flush() {
      while (writing) await writing;
    },
  };
}

async function writeEvent(client: EventWriter, { event, times }: Waiting): Promise<void> {
  const { namespace, name = '' } = event.metadata;
  const ref = { type: Events, namespace, name };
  try {
    await client.create(Events, { ...event, count: times });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    try {
      const { count = 1 } = await client.get(ref);
      await client.patch(ref, 'merge', {
        count: count + times,
        lastTimestamp: event.lastTimestamp,
        involvedObject: { resourceVersion: event.involvedObject.resourceVersion ?? null },
      });
    } catch (missing) {
      // It has expired between the two; the count begins anew.
      if (!isNotFound(missing)) throw missing;
      await client.create(Events, { ...event, count: times });
    }
  }
}

function referenceTo(
  about: KubeObject & { apiVersion: string; kind: string },
  { about: other }: EventRecord,
): ObjectReference {
  if (other) {
    return {
      apiVersion: apiVersionOf(other.type),
      kind: other.type.kind,
      name: other.name,
      ...(other.namespace && { namespace: other.namespace }),
      ...(other.uid && { uid: other.uid }),
    };
  }
  const { name, namespace, uid, resourceVersion } = about.metadata ?? {};
  return {
    apiVersion: about.apiVersion,
    kind: about.kind,
    ...(name && { name }),
    ...(namespace && { namespace }),
    ...(uid && { uid }),
    ...(resourceVersion && { resourceVersion }),
  };
}

function buildEvent(about: ObjectReference, record: EventRecord, component: string, time: string): Event {
  const { type, reason } = record;
  const message = truncate(record.message, MAX_MESSAGE);
  const identity = [
    about.apiVersion,
    about.kind,
    about.namespace,
    about.name,
    about.uid,
    type,
    reason,
    message,
  ];
  const hash = createHash('sha256')
    .update(JSON.stringify([...identity, component]))
    .digest('hex')
    .slice(0, 16);
  // Of a cluster-scoped object the events are in `default`.
  const namespace = about.namespace ?? 'default';
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${(about.name ?? '').slice(0, 236)}.${hash}`, namespace },
    involvedObject: about,
    type,
    reason,
    message,
    source: { component, host: hostname() },
    reportingComponent: component,
    reportingInstance: hostname(),
    firstTimestamp: time,
    lastTimestamp: time,
  };
}

function truncate(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

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

/** How many different events are remembered, to raise their count when they happen again. */
const MAX_REMEMBERED = 4096;
/** Two reporters may take one name in the same nanosecond; never thrice in a row. */
const NAMES_TO_TRY = 3;

type EventWriter = Pick<KubeClient, 'create' | 'patch'>;

interface Waiting {
  event: Event;
  /** How often it happened since it was last written. */
  times: number;
}

/** An Event that was written, and its count then. */
interface Written {
  name: string;
  count: number;
}

/**
 * Writes core/v1 Events. The same thing said again about the same object raises the count of one Event, as long as this
 * process lives. Names end with the time, as everywhere in Kubernetes: clients list events by name, and times of events
 * have seconds only, so the names are what puts `Scheduled` before `Pulled` before `Started`.
 */
export function createEventRecorder(client: EventWriter, options: EventRecorderOptions): EventRecorder {
  const { component, clock, log } = options;
  const waiting = new Map<string, Waiting>();
  const written = new Map<string, Written>();
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, AT_ONCE);
      for (const [key] of batch) waiting.delete(key);
      await Promise.all(batch.map(([key, next]) => write(key, next)));
    }
    writing = undefined;
  }

  async function write(key: string, next: Waiting): Promise<void> {
    try {
      remember(key, await writeEvent(client, next, written.get(key), clock));
    } catch (error) {
      const { involvedObject, reason } = next.event;
      const { namespace, name } = involvedObject;
      log?.warn({ namespace, name, event_reason: reason, err: error }, 'cannot write an event');
    }
  }

  /** Forgets the one that has not been written for the longest time when there are too many. */
  function remember(key: string, event: Written): void {
    written.delete(key);
    written.set(key, event);
    const [oldest] = written.keys();
    if (written.size > MAX_REMEMBERED && oldest !== undefined) written.delete(oldest);
  }

  return {
    record(about, record) {
      const event = buildEvent(referenceTo(about, record), record, component, clock());
      const key = identityOf(event);
      const earlier = waiting.get(key);
      if (earlier) {
        const { metadata, firstTimestamp } = earlier.event;
        earlier.times++;
        earlier.event = { ...event, metadata, firstTimestamp };
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

async function writeEvent(
  client: EventWriter,
  { event, times }: Waiting,
  before: Written | undefined,
  clock: Clock,
): Promise<Written> {
  const { involvedObject, lastTimestamp, metadata } = event;
  if (before) {
    const count = before.count + times;
    const resourceVersion = involvedObject.resourceVersion ?? null;
    try {
      const ref = { type: Events, namespace: metadata.namespace, name: before.name };
      await client.patch(ref, 'merge', { count, lastTimestamp, involvedObject: { resourceVersion } });
      return { name: before.name, count };
    } catch (error) {
      // It has expired; the count begins anew.
      if (!isNotFound(error)) throw error;
    }
  }
  let name = metadata.name ?? '';
  for (let tried = 1; ; tried++) {
    try {
      await client.create(Events, { ...event, metadata: { ...metadata, name }, count: times });
      return { name, count: times };
    } catch (error) {
      if (!isAlreadyExists(error) || tried === NAMES_TO_TRY) throw error;
      name = nameOf(involvedObject, clock());
    }
  }
}

function referenceTo(
  about: KubeObject & { apiVersion: string; kind: string },
  { about: other, fieldPath }: EventRecord,
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
    ...(fieldPath && { fieldPath }),
  };
}

function buildEvent(about: ObjectReference, record: EventRecord, component: string, now: number): Event {
  const { type, reason } = record;
  const message = truncate(record.message, MAX_MESSAGE);
  // Of a cluster-scoped object the events are in `default`.
  const namespace = about.namespace ?? 'default';
  const time = formatTime(now);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: nameOf(about, now), namespace },
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

/** What makes two events the same. */
function identityOf({ involvedObject: about, type, reason, message, metadata }: Event): string {
  const { apiVersion, kind, name, uid, fieldPath } = about;
  const parts = [metadata.namespace, apiVersion, kind, name, uid, fieldPath, type, reason, message];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

let lastNanoseconds = 0n;

/** The object's name and the time in nanoseconds; later ones sort later, also within the clock's millisecond. */
function nameOf(about: ObjectReference, now: number): string {
  const nanoseconds = BigInt(Math.trunc(now)) * 1_000_000n;
  lastNanoseconds = nanoseconds > lastNanoseconds ? nanoseconds : lastNanoseconds + 1n;
  return `${(about.name ?? '').slice(0, 236)}.${lastNanoseconds.toString(16).padStart(16, '0')}`;
}

function truncate(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

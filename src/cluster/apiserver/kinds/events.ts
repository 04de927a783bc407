import type { Event } from 'kubernetes-types/core/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { invalid, required } from './checks.ts';
import { column, since, wide } from './columns.ts';
import { compact } from './compact.ts';
import { type BuiltinKind, builtin } from './define.ts';

/** An event as `events.k8s.io/v1` has it. */
interface NewEvent extends KubeObject {
  regarding?: Event['involvedObject'];
  note?: string;
  reportingController?: string;
  deprecatedSource?: Event['source'];
  deprecatedFirstTimestamp?: string | null;
  deprecatedLastTimestamp?: string | null;
  deprecatedCount?: number;
}

const storage = { group: '', plural: 'events' };

const shared = {
  kind: 'Event',
  version: 'v1',
  plural: 'events',
  shortNames: ['ev'],
  storage,
  allowCreateOnUpdate: true,
} satisfies Partial<BuiltinKind>;

/** One object behind both groups, stored as the core group has it. */
export const coreEvents = builtin({
  ...shared,
  group: '',
  package: 'io.k8s.api.core.v1',
  validate: (object) => validateCore(object as Event),
  fields: (object) => eventFields(object as Event, 'involvedObject'),
  allColumns: eventColumns((object) => object as Event),
});

export const newEvents = builtin({
  ...shared,
  group: 'events.k8s.io',
  package: 'io.k8s.api.events.v1',
  validate: (object) => validateNew(object as NewEvent & Event),
  fields: (object) => eventFields(toCore(object as NewEvent), 'regarding'),
  allColumns: eventColumns((object) => toCore(object as NewEvent)),
  fromStorage: (object) => fromCore(object as Event),
  toStorage: (object) => toCore(object as NewEvent),
});

function toCore(object: NewEvent): Event {
  const {
    regarding,
    note,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...rest
  } = object;
  return compact({
    ...rest,
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: regarding ?? {},
    message: note,
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp ?? null,
    lastTimestamp: deprecatedLastTimestamp ?? null,
    count: deprecatedCount,
    reportingComponent: reportingController ?? '',
  }) as unknown as Event;
}

function fromCore(event: Event): KubeObject {
  const {
    involvedObject,
    message,
    source,
    firstTimestamp,
    lastTimestamp,
    count,
    reportingComponent,
    ...rest
  } = event;
  return compact({
    ...rest,
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    regarding: involvedObject,
    note: message,
    deprecatedSource: source ?? {},
    deprecatedFirstTimestamp: firstTimestamp ?? null,
    deprecatedLastTimestamp: lastTimestamp ?? null,
    deprecatedCount: count,
    reportingController: reportingComponent || undefined,
    reportingInstance: event.reportingInstance || undefined,
  }) as unknown as KubeObject;
}

/** An event stands in the namespace of its object, or in `default` when the object has none. */
function validateCore({ metadata, involvedObject }: Event): FieldError[] {
  const about = involvedObject?.namespace ?? '';
  if (about === metadata?.namespace || (about === '' && metadata?.namespace === 'default')) return [];
  return about === '' ? [] : [invalid('involvedObject.namespace', about, 'does not match event.namespace')];
}

/** Events of the newer group must say when, who, what, and of which type. */
function validateNew(event: NewEvent & Event): FieldError[] {
  const errors: FieldError[] = [];
  const isLegacy = event.deprecatedFirstTimestamp != null || event.deprecatedLastTimestamp != null;
  if (!event.eventTime && !isLegacy) errors.push(required('eventTime'));
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    errors.push(invalid('type', event.type ?? '', `has invalid value: ${event.type ?? ''}`));
  }
  if (errors.length > 0 || isLegacy) return errors;
  if (!event.reportingController) errors.push(required('reportingController'));
  if (!event.reportingInstance) errors.push(required('reportingInstance'));
  if (!event.action) errors.push(required('action'));
  if (!event.reason) errors.push(required('reason'));
  return errors;
}

function eventFields(event: Event, about: 'involvedObject' | 'regarding'): Record<string, string> {
  const object = event.involvedObject ?? {};
  const fields: Record<string, string> = {
    reason: event.reason ?? '',
    type: event.type ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: event.source?.component || event.reportingComponent || '',
  };
  for (const name of [
    'kind',
    'namespace',
    'name',
    'uid',
    'apiVersion',
    'resourceVersion',
    'fieldPath',
  ] as const) {
    fields[`${about}.${name}`] = object[name] ?? '';
  }
  return fields;
}

function eventColumns(core: (object: KubeObject) => Event) {
  const first = (event: Event) => event.firstTimestamp || event.eventTime;
  const last = (event: Event) => event.series?.lastObservedTime || event.lastTimestamp || first(event);
  return [
    column('Last Seen', 'Time since it last happened.', (object, now) => since(last(core(object)), now)),
    column('Type', 'Normal or Warning.', (object) => core(object).type ?? ''),
    column('Reason', 'What happened, in a word.', (object) => core(object).reason ?? ''),
    column('Object', 'What it is about.', (object) => {
      const { kind = '', name = '' } = core(object).involvedObject ?? {};
      return kind ? `${kind.toLowerCase()}/${name}` : name;
    }),
    wide('Subobject', 'Which part of the object.', (object) => core(object).involvedObject?.fieldPath ?? ''),
    wide('Source', 'Who reported it.', (object) => {
      const event = core(object);
      const component = event.source?.component || event.reportingComponent || '';
      const host = event.source?.host || event.reportingInstance;
      return host ? `${component}, ${host}` : component;
    }),
    column('Message', 'What happened.', (object) => (core(object).message ?? '').trim()),
    wide('First Seen', 'Time since it first happened.', (object, now) => since(first(core(object)), now)),
    wide('Count', 'How often it happened.', (object) => {
      const event = core(object);
      return event.series?.count ?? event.count ?? 1;
    }),
    column('Name', 'Name of the event.', ({ metadata }) => metadata?.name ?? '', {
      priority: 1,
      format: 'name',
    }),
  ];
}

import { formatTime, type KubeObject, parseTime } from '../../../api/index.ts';
import type { FieldError } from '../errors.ts';
import { goQuote } from '../go-quote.ts';
import type { Kind } from '../kinds/kind.ts';
import { isObject } from '../schema/json.ts';
import type { Schema } from '../schema/schema.ts';
import { invalid, notFound, preconditionConflict, type Status, StatusError } from '../status.ts';
import { type Core, is, type Judges, locate, type ObjectTarget, present, toStored } from './core.ts';
import { findMisfit } from './misfit.ts';
import { parseDryRun, parseFlag, parseWhole } from './options.ts';
import { isLeaving } from './update.ts';

/** `meta.k8s.io/v1` DeleteOptions, from the body or the query. */
export interface DeleteOptions {
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
  orphanDependents?: boolean | undefined;
  preconditions?: { uid?: string; resourceVersion?: string } | undefined;
  dryRun: boolean;
}

const POLICIES = ['Foreground', 'Background', 'Orphan'];
const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/**
 * Reads the options of a deletion: those of the body, if there is one, else those of the query.
 * @throws StatusError 422, or 400 or 500 for what cannot be read
 */
export function parseDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const given = body === undefined ? optionsOfQuery(query) : decodeOptions(body);
  const { propagationPolicy: policy, orphanDependents: orphan } = given;
  const errors: FieldError[] = [];
  if (policy !== undefined && !POLICIES.includes(policy)) {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'propagationPolicy',
      value: policy,
      detail: 'supported values: "Foreground", "Background", "Orphan", "nil"',
    });
  }
  if (policy !== undefined && orphan !== undefined) {
    errors.push({
      type: 'FieldValueInvalid',
      field: 'propagationPolicy',
      value: policy,
      detail: 'orphanDependents and deletionPropagation cannot be both set',
    });
  }
  const dryRun = parseDryRun(given.dryRun ?? [], errors);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  const { gracePeriodSeconds: grace, preconditions } = given;
  return {
    gracePeriodSeconds: grace === undefined ? undefined : gracePeriod(grace),
    propagationPolicy: policy as DeleteOptions['propagationPolicy'],
    orphanDependents: orphan,
    preconditions,
    dryRun,
  };
}

/** The options as a client gives them. */
interface GivenOptions {
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: string | undefined;
  orphanDependents?: boolean | undefined;
  preconditions?: DeleteOptions['preconditions'];
  dryRun?: string[];
}

function optionsOfQuery(query: URLSearchParams): GivenOptions {
  const uid = query.get('uid');
  const resourceVersion = query.get('resourceVersion');
  return {
    gracePeriodSeconds: parseWhole(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: parseFlag(query, 'orphanDependents'),
    preconditions: { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
    dryRun: query.getAll('dryRun'),
  };
}

const TEXT: Schema = { type: 'string' };
const SCHEMA: Schema = {
  type: 'object',
  'x-kanari-type': 'meta.v1.DeleteOptions',
  properties: {
    gracePeriodSeconds: { type: 'integer', format: 'int64' },
    preconditions: {
      type: 'object',
      'x-kanari-type': 'meta.v1.Preconditions',
      properties: { uid: TEXT, resourceVersion: TEXT },
    },
    orphanDependents: { type: 'boolean' },
    propagationPolicy: TEXT,
    dryRun: { type: 'array', items: TEXT },
  },
};

/** @throws StatusError 500: Kubernetes takes a body that is something else for a fault of its own */
function decodeOptions(body: unknown): GivenOptions {
  const value = isObject(body) ? body : {};
  const kind = value.kind || OPTIONS_KIND;
  const apiVersion = value.apiVersion || 'v1';
  if (kind !== OPTIONS_KIND) {
    const registered = `no kind ${goQuote(String(kind))} is registered for version ${goQuote(String(apiVersion))}`;
    throw new StatusError(500, '', `${registered} in scheme "pkg/runtime/scheme.go:110"`);
  }
  const misfit = findMisfit(value, SCHEMA);
  if (misfit) throw new StatusError(500, '', misfit.text);
  // Null is as good as nothing.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

const OPTIONS_KIND = 'DeleteOptions';

/** Less than no time is a second, as in Kubernetes: nothing is killed at once that nobody asked to be. */
const gracePeriod = (seconds: number) => (seconds < 0 ? 1 : seconds);

/** What became of an object; gone: it is no longer there. */
export interface Deletion {
  object: KubeObject;
  gone: boolean;
}

/**
 * DELETE of one object: removes it, or marks it when finalizers or its grace period hold it.
 * @throws StatusError 403, 404 or 409
 */
export async function deleteObject(
  core: Core,
  target: ObjectTarget,
  options: DeleteOptions,
): Promise<Deletion> {
  const { kind, name } = target;
  const { resource, key } = locate(core, target);
  if (core.judges) await judge(core, core.judges, target, options);
  const entry = core.store.latest(resource, key);
  if (!entry) throw notFound(kind, name);
  const live = present(kind, entry.object);
  checkPreconditions(kind, name, live, options.preconditions);
  core.admission.admitDelete(target);
  const marked = markDeleted(kind, live, options, core.clock());
  const gone = isLeaving(kind, marked);
  if (options.dryRun || (!gone && marked === live)) {
    await core.store.settled();
    return { object: marked, gone };
  }
  const written = gone
    ? await core.store.delete(resource, key, toStored(kind, kind.strategy.gracePeriodSeconds ? marked : live))
    : await core.store.put(resource, key, toStored(kind, marked));
  return { object: present(kind, written.object), gone };
}

/** @throws StatusError 404 when there is nothing to judge, others when it is not to be deleted */
async function judge(
  core: Core,
  judges: Judges,
  target: ObjectTarget,
  { dryRun }: DeleteOptions,
): Promise<void> {
  const { resource, key } = locate(core, target);
  const entry = core.store.latest(resource, key);
  if (!entry) throw notFound(target.kind, target.name);
  const oldObject = present(target.kind, entry.object);
  const write = { operation: 'DELETE', target, object: undefined, oldObject, dryRun } as const;
  await judges.mutate(write);
  await judges.validate(write);
}

/** The answer to a deletion: the object for some kinds and for what is still there, else a Status. */
export function deletionAnswer(kind: Kind, { object, gone }: Deletion): KubeObject | Status {
  if (!gone || kind.strategy.returnsDeletedObject) return object;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata?.name ?? '',
      ...(kind.group && { group: kind.group }),
      kind: kind.plural,
      uid: object.metadata?.uid ?? '',
    },
  };
}

function checkPreconditions(
  kind: Kind,
  name: string,
  { metadata }: KubeObject,
  preconditions: DeleteOptions['preconditions'],
): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid && uid !== metadata?.uid) {
    throw preconditionConflict(
      kind,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata?.uid}). ` +
        'The object might have been deleted and then recreated',
    );
  }
  if (resourceVersion && resourceVersion !== metadata?.resourceVersion) {
    throw preconditionConflict(
      kind,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
        `(${metadata?.resourceVersion}). The object might have been modified`,
    );
  }
}

/** The object with its deletion noted; the same object when it is being deleted already and nothing changes. */
function markDeleted(kind: Kind, live: KubeObject, options: DeleteOptions, now: number): KubeObject {
  const metadata = live.metadata ?? {};
  const grace = kind.strategy.gracePeriodSeconds?.(live, options.gracePeriodSeconds) ?? 0;
  const finalizers = finalizersFor(kind, live, options);
  const sameFinalizers = finalizers.join() === (metadata.finalizers ?? []).join();
  const { finalizers: _finalizers, ...others } = metadata;
  const base = { ...others, ...(finalizers.length > 0 && { finalizers }) };
  if (metadata.deletionTimestamp) {
    const before = metadata.deletionGracePeriodSeconds ?? 0;
    const shorter = options.gracePeriodSeconds !== undefined && grace < before;
    if (!shorter) return sameFinalizers ? live : { ...live, metadata: base };
    const asked = (parseTime(metadata.deletionTimestamp) ?? now) - before * 1000;
    return { ...live, metadata: { ...base, ...deletion(grace === 0 ? now : asked + grace * 1000, grace) } };
  }
  const noted = {
    ...base,
    ...deletion(now + grace * 1000, twoPhase(kind) ? undefined : grace),
    ...(base.generation && !twoPhase(kind) && { generation: base.generation + 1 }),
  };
  return terminating(kind, { ...live, metadata: noted }, now);
}

const deletion = (at: number, grace: number | undefined) => ({
  deletionTimestamp: formatTime(at),
  ...(grace !== undefined && { deletionGracePeriodSeconds: grace }),
});

/** Namespaces and CRDs are emptied before they go; they have no grace period. */
const twoPhase = (kind: Kind) =>
  is(kind, '', 'namespaces') || is(kind, 'apiextensions.k8s.io', 'customresourcedefinitions');

const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

function terminating(kind: Kind, object: KubeObject, now: number): KubeObject {
  if (is(kind, '', 'namespaces')) {
    const { status } = object as { status?: object };
    return { ...object, status: { ...status, phase: 'Terminating' } } as KubeObject;
  }
  if (!is(kind, 'apiextensions.k8s.io', 'customresourcedefinitions')) return object;
  const { status = {} } = object as { status?: { conditions?: object[] } };
  const condition = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: formatTime(now),
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  const finalizers = [...new Set([...(object.metadata?.finalizers ?? []), CRD_FINALIZER])];
  return {
    ...object,
    metadata: { ...object.metadata, finalizers },
    status: { ...status, conditions: [...(status.conditions ?? []), condition] },
  } as KubeObject;
}

/** Finalizers after the wish for the dependents is noted among them, for the garbage collector to act on. */
function finalizersFor(kind: Kind, { metadata }: KubeObject, options: DeleteOptions): string[] {
  const existing = metadata?.finalizers ?? [];
  const kept = existing.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  const wish = dependentsWish(kind, existing, options);
  if (wish === 'Orphan') return [...kept, ORPHAN];
  if (wish === 'Foreground') return [...kept, FOREGROUND];
  return kept;
}

function dependentsWish(kind: Kind, existing: readonly string[], options: DeleteOptions) {
  if (options.propagationPolicy) return options.propagationPolicy;
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (existing.includes(ORPHAN)) return 'Orphan';
  if (existing.includes(FOREGROUND)) return 'Foreground';
  return kind.strategy.defaultPropagation ?? 'Background';
}

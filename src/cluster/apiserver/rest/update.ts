import { equal, type KubeObject } from '../../../api/index.ts';
import { Verbatim } from '../errors.ts';
import type { Kind } from '../kinds/kind.ts';
import { trackUpdate } from '../patch/index.ts';
import { badRequest, conflict, invalid, modifiedConflict, type Named, notFound } from '../status.ts';
import {
  apiVersionOfKind,
  type Core,
  is,
  type Judges,
  locate,
  type ObjectTarget,
  present,
  toStored,
} from './core.ts';
import { createDecoded } from './create.ts';
import { type DecodeContext, decodeObject } from './decode.ts';
import type { WriteOptions } from './options.ts';
import { validatedAs, validateObject } from './validate.ts';

/** How an update is made from the live object. */
export interface Modification {
  options: WriteOptions;
  /** Makes the next state; may throw a StatusError. Must not wait: read and write are one step. */
  next(live: KubeObject): KubeObject;
  /** Whether `next` has maintained managedFields itself, as server-side apply does. */
  managed?: boolean;
  /** PUT without resourceVersion is told apart from one that has it. */
  requireVersion?: boolean;
  /** Recorded in managedFields; default: the target's subresource. */
  subresource?: string | undefined;
}

/** The outcome of a write; created: PUT or apply of what was missing. */
export interface Written {
  object: KubeObject;
  created: boolean;
}

/**
 * PUT of an object or of its status.
 * @throws StatusError 400, 404, 409 or 422
 */
export async function replaceObject(
  core: Core,
  target: ObjectTarget,
  body: unknown,
  context: DecodeContext & { options: WriteOptions },
): Promise<Written> {
  const { kind } = target;
  const decoded = decodeObject(kind, body, context);
  checkName(target, decoded);
  const { resource, key } = locate(core, target);
  if (!core.store.latest(resource, key) && kind.strategy.allowCreateOnUpdate && !target.subresource) {
    const { resourceVersion: _version, ...metadata } = decoded.metadata ?? {};
    const object = await createDecoded(core, target, { ...decoded, metadata }, context.options);
    return { object, created: true };
  }
  const next = (live: KubeObject) => carryName(target, decoded, live);
  const object = await modifyObject(core, target, { options: context.options, next, requireVersion: true });
  return { object, created: false };
}

/** The body of a PUT says whom it is for. @throws StatusError 400 */
function checkName({ name, namespace, kind }: ObjectTarget, { metadata }: KubeObject): void {
  if (kind.namespaced && metadata?.namespace && metadata.namespace !== namespace) throw otherNamespace();
  if (!metadata?.name) {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (metadata.name !== name) throw otherName(metadata.name, name);
}

const otherName = (given: string, name: string) =>
  badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);

const otherNamespace = () =>
  badRequest('the namespace of the provided object does not match the namespace sent on the request');

/** A patch may leave out the name and the namespace, but not change them. */
export function carryName(
  { name, namespace }: ObjectTarget,
  object: KubeObject,
  live: KubeObject,
): KubeObject {
  const given = object.metadata ?? {};
  if (given.name && given.name !== name) throw otherName(given.name, name);
  if (given.namespace && given.namespace !== namespace) throw otherNamespace();
  const { namespace: own } = live.metadata ?? {};
  return { ...object, metadata: { ...given, name, ...(own !== undefined && { namespace: own }) } };
}

/**
 * Reads, changes and writes one object in one step; nothing is written when nothing changes.
 * @throws StatusError 404, 409 or 422
 */
export async function modifyObject(
  core: Core,
  target: ObjectTarget,
  modification: Modification,
): Promise<KubeObject> {
  const { kind, name } = target;
  const { resource, key } = locate(core, target);
  const entry = core.store.latest(resource, key);
  if (!entry) throw notFound(kind, name);
  const live = present(kind, entry.object);
  const given = modification.next(live);
  checkPreconditions(kind, name, given, live, modification);
  let next: KubeObject;
  if (core.judges) {
    next = await judged(core, core.judges, target, given, live, modification);
    // While they were asked, somebody else may have written: what they were asked about is no longer so.
    if (core.store.latest(resource, key) !== entry) {
      core.admission.settle(target, name);
      return modifyObject(core, target, modification);
    }
  } else {
    next = prepared(core, target, given, live, modification);
  }
  if (unchanged(live, next)) {
    await core.store.settled();
    return live;
  }
  if (modification.options.dryRun) {
    core.admission.settle(target, name);
    await core.store.settled();
    return next;
  }
  if (isLeaving(kind, next)) {
    const { object } = await core.store.delete(resource, key, toStored(kind, withFinalizersOf(next, live)));
    const { finalizers: _finalizers, ...metadata } = object.metadata ?? {};
    return present(kind, { ...object, metadata });
  }
  const { object } = await core.store.put(resource, key, toStored(kind, next));
  return present(kind, object);
}

/** The next state as others want it, and with their consent. */
async function judged(
  core: Core,
  judges: Judges,
  target: ObjectTarget,
  given: KubeObject,
  live: KubeObject,
  modification: Modification,
): Promise<KubeObject> {
  const { dryRun } = modification.options;
  const write = { operation: 'UPDATE', target, oldObject: live, dryRun } as const;
  const wanted = (await judges.mutate({ ...write, object: withServerFields(given, live) })) ?? given;
  const next = prepared(core, target, wanted, live, modification);
  try {
    await judges.validate({ ...write, object: next });
  } catch (error) {
    core.admission.settle(target, target.name);
    throw error;
  }
  return next;
}

function checkPreconditions(
  kind: Kind,
  name: string,
  next: KubeObject,
  live: KubeObject,
  { requireVersion }: Modification,
): void {
  const { uid, resourceVersion } = next.metadata ?? {};
  if (uid && uid !== live.metadata?.uid) {
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata?.uid}`,
    );
  }
  if (resourceVersion) {
    if (resourceVersion !== live.metadata?.resourceVersion) throw modifiedConflict(kind, name);
  } else if (requireVersion && kind.strategy.allowUnconditionalUpdate === false) {
    const named: Named = { ...kind, kind: kind.plural };
    throw invalid(named, name, [
      {
        type: 'FieldValueInvalid',
        field: 'metadata.resourceVersion',
        value: new Verbatim('0x0'),
        detail: 'must be specified for an update',
      },
    ]);
  }
}

function prepared(
  core: Core,
  target: ObjectTarget,
  given: KubeObject,
  live: KubeObject,
  { options, managed, subresource = target.subresource }: Modification,
): KubeObject {
  const { kind, name } = target;
  const status = target.subresource === 'status' ? 'status' : undefined;
  let next = withServerFields(given, live);
  next = core.admission.admitUpdate(target, next, live);
  next = kind.strategy.prepareForUpdate?.(next, live, status) ?? next;
  const errors = validateObject(core, kind, next, live, status);
  if (errors.length > 0) {
    core.admission.settle(target, name);
    throw invalid(validatedAs(kind), name, errors);
  }
  if (managed) return next;
  return trackUpdate({
    before: live,
    after: next,
    manager: options.fieldManager,
    subresource,
    schema: kind.schema,
    apiVersion: apiVersionOfKind(kind),
    now: core.clock(),
  });
}

/** What clients cannot change. */
export function withServerFields(next: KubeObject, live: KubeObject): KubeObject {
  const { selfLink: _selfLink, ...metadata } = next.metadata ?? {};
  const kept = live.metadata ?? {};
  const fixed = {
    uid: kept.uid,
    creationTimestamp: kept.creationTimestamp,
    deletionTimestamp: kept.deletionTimestamp,
    deletionGracePeriodSeconds: kept.deletionGracePeriodSeconds,
    generation: kept.generation,
    generateName: metadata.generateName ?? kept.generateName,
    resourceVersion: kept.resourceVersion,
  };
  const merged: Record<string, unknown> = { ...metadata, ...fixed };
  for (const [key, value] of Object.entries(merged)) if (value === undefined) delete merged[key];
  return { ...next, metadata: merged as KubeObject['metadata'] };
}

/** Whether two states are the same but for the times of managedFields. */
function unchanged(live: KubeObject, next: KubeObject): boolean {
  return equal(withoutTimes(live), withoutTimes(next));
}

function withoutTimes(object: KubeObject): KubeObject {
  const managedFields = object.metadata?.managedFields?.map(({ time: _time, ...entry }) => entry);
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

/** Whether an object that is being deleted has nothing left to wait for. */
export function isLeaving(kind: Kind, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata ?? {};
  if (!deletionTimestamp || (deletionGracePeriodSeconds ?? 0) > 0 || finalizers?.length) return false;
  if (!is(kind, '', 'namespaces')) return true;
  return !(object as { spec?: { finalizers?: string[] } }).spec?.finalizers?.length;
}

/** A watch shows the last finalizer in the DELETED event, the answer to the write does not. */
function withFinalizersOf(next: KubeObject, live: KubeObject): KubeObject {
  const finalizers = live.metadata?.finalizers;
  return { ...next, metadata: { ...next.metadata, ...(finalizers && { finalizers }) } };
}

import { randomBytes, randomUUID } from 'node:crypto';
import { formatTime, type KubeObject } from '../../../api/index.ts';
import { trackUpdate } from '../patch/index.ts';
import { alreadyExists, badRequest, invalid, StatusError } from '../status.ts';
import { apiVersionOfKind, type Core, locate, present, type Target, toStored } from './core.ts';
import { type DecodeContext, decodeObject } from './decode.ts';
import type { WriteOptions } from './options.ts';
import { validatedAs, validateObject } from './validate.ts';

/** Letters of generated names: no vowels and nothing that looks alike, so that no words come out. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const GENERATED_MAX = 63;

/**
 * POST to a collection.
 * @throws StatusError 400, 403, 404 (no such namespace), 409 (exists) or 422
 */
export async function createObject(
  core: Core,
  target: Target,
  body: unknown,
  context: DecodeContext & { options: WriteOptions },
): Promise<KubeObject> {
  return createDecoded(core, target, decodeObject(target.kind, body, context), context.options);
}

/** Creates an object that is decoded already; also for PUT and apply of what is missing. */
export async function createDecoded(
  core: Core,
  target: Target,
  decoded: KubeObject,
  options: WriteOptions,
): Promise<KubeObject> {
  const { kind } = target;
  const now = core.clock();
  let object = initialMetadata(target, decoded, formatTime(now));
  const name = object.metadata?.name ?? '';
  try {
    const write = { operation: 'CREATE', target: { ...target, name }, dryRun: options.dryRun } as const;
    // Without them nothing is waited for: whether there is such an object is still as it was found to be.
    if (core.judges)
      object = (await core.judges.mutate({ ...write, object, oldObject: undefined })) ?? object;
    object = core.admission.admitCreate(target, object);
    object = kind.strategy.prepareForCreate?.(object) ?? object;
    const errors = validateObject(core, kind, object);
    if (errors.length > 0) throw invalid(validatedAs(kind), name, errors);
    if (core.judges) await core.judges.validate({ ...write, object, oldObject: undefined });
    const manager = options.fieldManager;
    // Server-side apply brings its own managedFields.
    if (!appliedBy(object, manager)) {
      object = trackUpdate({
        after: object,
        manager,
        isStatusReset: kind.subresources.status === true,
        schema: kind.schema,
        apiVersion: apiVersionOfKind(kind),
        now,
      });
    }
    return await storeNew(core, { ...target, name }, object, options);
  } catch (error) {
    core.admission.settle(target, name);
    throw error;
  }
}

async function storeNew(
  core: Core,
  target: Target & { name: string },
  object: KubeObject,
  { dryRun }: WriteOptions,
): Promise<KubeObject> {
  const { kind, name } = target;
  const { resource, key } = locate(core, target);
  const existing = core.store.latest(resource, key);
  if (existing) {
    const leaving = existing.object.metadata?.deletionTimestamp ? 'object is being deleted: ' : '';
    throw alreadyExists(kind, name, leaving);
  }
  if (dryRun) {
    core.admission.settle(target, name);
    return object;
  }
  const { object: stored } = await core.store.put(resource, key, toStored(kind, object));
  return present(kind, stored);
}

function initialMetadata({ kind, namespace, name }: Target, object: KubeObject, now: string): KubeObject {
  const given = object.metadata ?? {};
  if (given.resourceVersion) {
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  if (kind.namespaced && given.namespace && given.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (name !== undefined && given.name && given.name !== name) {
    throw badRequest(`the name of the object (${given.name}) does not match the name on the URL (${name})`);
  }
  const {
    uid: _uid,
    selfLink: _selfLink,
    deletionTimestamp: _deletion,
    deletionGracePeriodSeconds: _grace,
    resourceVersion: _version,
    namespace: _namespace,
    ...kept
  } = given;
  const finalName = given.name || name || (given.generateName && generateName(given.generateName));
  if (!finalName) {
    throw invalid(kind, '', [
      {
        type: 'FieldValueRequired',
        field: 'metadata.name',
        detail: 'name or generateName is required',
      },
    ]);
  }
  return {
    ...object,
    metadata: {
      ...kept,
      name: finalName,
      ...(kind.namespaced && { namespace }),
      uid: randomUUID(),
      creationTimestamp: now,
    },
  };
}

function generateName(base: string): string {
  const suffix = [...randomBytes(SUFFIX_LENGTH)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
  return base.slice(0, GENERATED_MAX - SUFFIX_LENGTH) + suffix;
}

const appliedBy = (object: KubeObject, manager: string) =>
  object.metadata?.managedFields?.some((entry) => entry.manager === manager && entry.operation === 'Apply') ??
  false;

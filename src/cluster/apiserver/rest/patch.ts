import type { KubeObject } from '../../../api/index.ts';
import { cannotUnmarshal, decodeYaml, mediaType, parseJson } from '../http/body.ts';
import {
  type ApplyConflict,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  goText,
  PatchError,
  serverSideApply,
  typedProblem,
} from '../patch/index.ts';
import { isObject } from '../schema/json.ts';
import { badRequest, invalid, StatusError, unsupportedMediaType } from '../status.ts';
import { apiVersionOfKind, type Core, locate, type ObjectTarget } from './core.ts';
import { createDecoded } from './create.ts';
import { applyAllDefaults, type DecodeContext, decodeFields, decodeObject } from './decode.ts';
import { isTooDeep, MOST_LEVELS } from './depth.ts';
import type { WriteOptions } from './options.ts';
import { carryName, modifyObject, type Written } from './update.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

/** What PATCH needs of the request beside the target. */
export interface PatchContext extends DecodeContext {
  options: WriteOptions;
}

/** Whether a media type is that of server-side apply. */
export const isApply = (contentType: string | undefined) => mediaType(contentType) === APPLY_PATCH;

/**
 * PATCH in its four forms; the media type says which. Apply creates what is missing.
 * @throws StatusError 400, 404, 409, 415 or 422
 */
export async function patchObject(
  core: Core,
  target: ObjectTarget,
  body: Buffer,
  contentType: string | undefined,
  context: PatchContext,
): Promise<Written> {
  const { kind } = target;
  if (isApply(contentType)) {
    return applyObject(core, target, decodeYaml(body, kind.kind), context);
  }
  const patched = patcher(target, body, contentType, context);
  const { options } = context;
  const source =
    mediaType(contentType) === JSON_PATCH ? undefined : ({ format: 'json', text: body.toString() } as const);
  const next = (live: KubeObject) => {
    const result = patched(live);
    const strategic = mediaType(contentType) === STRATEGIC_PATCH;
    const refuse = refusePatched(() =>
      strategic ? goText(JSON.parse(body.toString())) : JSON.stringify(result),
    );
    const object = decodeObject(kind, result, { ...context, source, refuse });
    return carryName(target, object, live);
  };
  return { object: await modifyObject(core, target, { options, next }), created: false };
}

/** A patch that leaves an object which cannot be read is itself refused. @param quoted what is quoted of it */
const refusePatched = (quoted: () => string) => (problem: string) =>
  invalid({ group: '', kind: '' }, '', [
    { type: 'FieldValueInvalid', field: 'patch', value: quoted(), detail: problem },
  ]);

/** The function that patches an object of this kind, for every media type but apply. */
export function patcher(
  { kind }: Pick<ObjectTarget, 'kind'>,
  body: Buffer,
  contentType: string | undefined,
  { custom }: Pick<PatchContext, 'custom'>,
): (live: KubeObject) => unknown {
  const type = mediaType(contentType);
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(custom ? [] : [STRATEGIC_PATCH]), APPLY_PATCH];
  if (!accepted.includes(type)) {
    if (custom) throw unsupportedMediaType(accepted);
    throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  }
  const patch = decodePatch(body, type);
  if (type === JSON_PATCH) {
    return (live) => {
      const result = refusing(() => applyJsonPatch(live, patch));
      if (isTooDeep(result)) throw badRequest(`the patch leaves more than ${MOST_LEVELS} levels of nesting`);
      return result;
    };
  }
  if (type === MERGE_PATCH) return (live) => refusing(() => applyMergePatch(live, patch));
  return (live) => refusing(() => applyStrategicMergePatch(live, patch, kind.schema));
}

/** A patch, which is a list of operations or an object. @throws StatusError 400 */
function decodePatch(body: Buffer, type: string): unknown {
  const refuse = (problem: string) =>
    badRequest(type === STRATEGIC_PATCH ? problem : `error decoding patch: ${problem}`);
  const patch = parseJson(body, refuse);
  if (type === JSON_PATCH) {
    const operations = patch ?? [];
    if (Array.isArray(operations)) return operations;
    throw refuse(cannotUnmarshal(patch, '[]handlers.jsonPatchOp'));
  }
  if (patch === null && type === MERGE_PATCH) throw badRequest('Invalid JSON Patch');
  const changes = patch ?? {};
  if (isObject(changes)) return changes;
  throw refuse(cannotUnmarshal(patch, 'map[string]interface {}'));
}

function refusing<T>(apply: () => T): T {
  try {
    return apply();
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (error.status === 422) {
      throw new StatusError(
        422,
        'Invalid',
        'the server rejected our request due to an error in our request',
        {},
      );
    }
    if (error.status === 500) throw new StatusError(500, '', error.message);
    throw badRequest(error.message);
  }
}

async function applyObject(
  core: Core,
  target: ObjectTarget,
  body: unknown,
  context: PatchContext,
): Promise<Written> {
  const { options } = context;
  const applied = appliedConfiguration(target, body, context);
  const merge = (live: KubeObject | undefined) => mergeApplied(core, target, live, applied, options);
  const { resource, key } = locate(core, target);
  if (!core.store.latest(resource, key) && !target.subresource) {
    const object = await createDecoded(core, target, merge(undefined), options);
    return { object, created: true };
  }
  const next = (live: KubeObject) => carryName(target, merge(live), live);
  return { object: await modifyObject(core, target, { options, next, managed: true }), created: false };
}

/** The configuration as it was sent: without defaults, since what is not in it is not owned. */
function appliedConfiguration(target: ObjectTarget, body: unknown, context: PatchContext): KubeObject {
  const { kind, name, namespace } = target;
  const sent = (typeof body === 'object' && body !== null ? body : {}) as KubeObject;
  if (sent.metadata?.managedFields) throw badRequest('metadata.managedFields must be nil');
  if (sent.kind !== kind.kind || sent.apiVersion !== apiVersionOfKind(kind)) {
    throw badRequest(`invalid object type: ${goKind(sent)}`);
  }
  const sentNamespace = sent.metadata?.namespace ?? '';
  const problem = typedProblem(sent, kind.schema);
  if (problem) {
    const message = `failed to create typed patch object (${sentNamespace}/${name}; ${goKind(sent)}): ${problem}`;
    throw new StatusError(500, '', message);
  }
  const pruned = decodeFields(kind, sent, context);
  const { managedFields: _managed, ...metadata } = pruned.metadata ?? {};
  if (metadata.name && metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  if (kind.namespaced && sentNamespace && sentNamespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const named = { name, ...(kind.namespaced && { namespace }) };
  const { status, ...rest } = pruned as KubeObject & { status?: unknown };
  if (target.subresource === 'status') {
    // Nothing else can be changed here, so nothing else is owned.
    const { apiVersion } = pruned;
    return { apiVersion, kind: pruned.kind, metadata: named, status } as KubeObject;
  }
  const own = kind.subresources.status ? rest : pruned;
  return { ...own, metadata: { ...metadata, ...named } };
}

/** `apps/v1, Kind=Deployment`, and with an empty group `/v1, Kind=Pod`. */
function goKind({ apiVersion, kind }: KubeObject): string {
  const version = String(apiVersion ?? '');
  return `${version.includes('/') ? '' : '/'}${version}, Kind=${String(kind ?? '')}`;
}

function mergeApplied(
  core: Core,
  { kind, subresource }: ObjectTarget,
  live: KubeObject | undefined,
  applied: KubeObject,
  { fieldManager, force }: WriteOptions,
): KubeObject {
  const result = refusing(() =>
    serverSideApply({
      live,
      applied,
      manager: fieldManager,
      force: force ?? false,
      subresource,
      schema: kind.schema,
      apiVersion: apiVersionOfKind(kind),
      now: core.clock(),
    }),
  );
  if (result.conflicts) throw applyConflict(result.conflicts);
  // It is in this version already: what is stored in another is converted when it is read and written.
  return applyAllDefaults(kind, { ...result.object, kind: kind.kind, apiVersion: apiVersionOfKind(kind) });
}

function applyConflict(conflicts: readonly ApplyConflict[]): StatusError {
  const only = conflicts.length === 1 ? conflicts[0] : undefined;
  const byManager = Map.groupBy(conflicts, ({ message }) => message.replace(/^conflict/, 'conflicts'));
  const list = [...byManager].map(
    ([who, held]) => `${who}:\n${held.map(({ field }) => `- ${field}`).join('\n')}`,
  );
  const summary = only ? `${only.message}: ${only.field}` : list.join('\n');
  const count = `${conflicts.length} conflict${only ? '' : 's'}`;
  return new StatusError(409, 'Conflict', `Apply failed with ${count}: ${summary}`, {
    causes: conflicts.map(({ message, field }) => ({ reason: 'FieldManagerConflict', message, field })),
  });
}

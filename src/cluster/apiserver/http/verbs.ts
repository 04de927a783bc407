import type { Scale } from 'kubernetes-types/autoscaling/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import type { ScalePaths } from '../kinds/kind.ts';
import { keyOf, type ObjectTarget, type Target } from '../rest/core.ts';
import { createObject } from '../rest/create.ts';
import type { DecodeContext } from '../rest/decode.ts';
import { deleteObject, deletionAnswer, parseDeleteOptions } from '../rest/delete.ts';
import { parseFlag, parseWriteOptions, type WriteOptions } from '../rest/options.ts';
import { isApply, patcher, patchObject } from '../rest/patch.ts';
import { getObject, listObjects } from '../rest/read.ts';
import { replaceObject } from '../rest/update.ts';
import { methodNotAllowed, StatusError } from '../status.ts';
import { getScale, writeScale } from '../subresources/index.ts';
import { decodeBody, mediaType, parseObject, sourceOf } from './body.ts';
import type { ApiContext } from './context.ts';
import type { Exchange } from './exchange.ts';
import { sendList } from './lists.ts';
import { negotiate } from './negotiate.ts';
import { includeObjectOf, type ViewOptions, viewList, viewObject } from './views.ts';
import { serveWatch } from './watch.ts';

type WriteContext = DecodeContext & { options: WriteOptions };

/** GET (list or watch), POST and DELETE of a collection. */
export async function serveCollection(
  context: ApiContext,
  exchange: Exchange,
  target: Target,
): Promise<void> {
  const { kind, namespace } = target;
  const { verbs } = kind;
  if (kind.deprecation) exchange.warn(kind.deprecation);
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      if (parseFlag(exchange.query, 'watch')) {
        if (!verbs.includes('watch')) throw methodNotAllowed();
        serveWatch(context, exchange, target);
        return;
      }
      if (!verbs.includes('list')) throw methodNotAllowed();
      await serveList(context, exchange, target);
      return;
    case 'POST': {
      if (!verbs.includes('create') || (kind.namespaced && namespace === undefined)) throw methodNotAllowed();
      const view = viewOptions(context, exchange);
      const { body, source } = await decodedBody(exchange, target);
      const write = { ...writeContext(context, exchange, target, 'CreateOptions'), source };
      const object = await createObject(context, target, body, write);
      warnOf(exchange, target, object);
      exchange.sendValue(201, viewObject(kind, object, view), view.accepted.format);
      return;
    }
    case 'DELETE':
      if (!verbs.includes('deletecollection')) throw methodNotAllowed();
      await deleteCollection(context, exchange, target);
      return;
    default:
      throw methodNotAllowed();
  }
}

/** GET, PUT, PATCH and DELETE of an object, or of its status. */
export async function serveObject(
  context: ApiContext,
  exchange: Exchange,
  target: ObjectTarget,
): Promise<void> {
  const { kind } = target;
  if (kind.deprecation) exchange.warn(kind.deprecation);
  const view = viewOptions(context, exchange);
  const answer = (status: number, object: KubeObject) =>
    exchange.sendValue(status, viewObject(kind, object, view), view.accepted.format);
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      answer(200, await getObject(context, target, exchange.query));
      return;
    case 'PUT': {
      if (!kind.verbs.includes('update')) throw methodNotAllowed();
      const { body, source } = await decodedBody(exchange, target);
      const write = { ...writeContext(context, exchange, target, 'UpdateOptions'), source };
      const { object, created } = await replaceObject(context, target, body, write);
      warnOf(exchange, target, object);
      answer(created ? 201 : 200, object);
      return;
    }
    case 'PATCH': {
      if (!kind.verbs.includes('patch')) throw methodNotAllowed();
      const body = await exchange.body();
      const write = writeContext(context, exchange, target, 'PatchOptions');
      const { object, created } = await patchObject(context, target, body, patchType(exchange), write);
      warnOf(exchange, target, object);
      answer(created ? 201 : 200, object);
      return;
    }
    case 'DELETE': {
      if (!kind.verbs.includes('delete') || target.subresource) throw methodNotAllowed();
      const options = parseDeleteOptions(await deleteBody(exchange), exchange.query);
      const result = deletionAnswer(kind, await deleteObject(context, target, options));
      if (result.kind === 'Status') exchange.sendValue(200, result, view.accepted.format);
      else answer(200, result as KubeObject);
      return;
    }
    default:
      throw methodNotAllowed();
  }
}

/** GET, PUT and PATCH of an object's scale. */
export async function serveScale(
  context: ApiContext,
  exchange: Exchange,
  target: ObjectTarget,
  paths: ScalePaths,
): Promise<void> {
  const { format } = negotiate(exchange.header('accept'));
  if (exchange.method === 'GET' || exchange.method === 'HEAD') {
    exchange.sendValue(200, getScale(context, target, paths), format);
    return;
  }
  if (exchange.method !== 'PUT' && exchange.method !== 'PATCH') throw methodNotAllowed();
  const put = exchange.method === 'PUT';
  const body = await exchange.body();
  const write = writeContext(context, exchange, target, put ? 'UpdateOptions' : 'PatchOptions');
  // A Scale has no lists, so that a strategic merge patch is a merge patch.
  const next: (scale: Scale) => unknown = put
    ? () => decodeBody(body, exchange.header('content-type'), 'Scale')
    : (patcher(target, body, patchType(exchange), write) as (scale: object) => unknown);
  exchange.sendValue(200, await writeScale(context, target, paths, write.options, next), format);
}

async function serveList(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const view = viewOptions(context, exchange);
  const { items, ...list } = await listObjects(context, target, exchange.query);
  const custom = context.registry.isCustom(target.kind);
  const viewed = (some: KubeObject[]) => viewList(target.kind, { ...list, items: some }, custom, view);
  if (view.accepted.format === 'json') await sendList(exchange, items, viewed);
  else exchange.sendValue(200, viewed(items), view.accepted.format);
}

async function deleteCollection(context: ApiContext, exchange: Exchange, target: Target): Promise<void> {
  const { kind, namespace } = target;
  if (kind.namespaced && namespace === undefined) throw methodNotAllowed();
  const view = viewOptions(context, exchange);
  const options = parseDeleteOptions(await deleteBody(exchange), exchange.query);
  const list = await listObjects(context, target, exchange.query);
  await Promise.all(
    list.items.map(async ({ metadata }) => {
      const name = metadata?.name ?? '';
      const resource = context.registry.resourceOf(kind);
      // Gone meanwhile is what was asked for.
      if (context.store.latest(resource, keyOf(kind, namespace, name))) {
        await deleteObject(context, { ...target, name }, options);
      }
    }),
  );
  exchange.sendValue(200, viewList(kind, list, context.registry.isCustom(kind), view), view.accepted.format);
}

/** @throws StatusError 406, or 400 for an `includeObject` that there is not */
function viewOptions({ clock }: ApiContext, exchange: Exchange): ViewOptions {
  const accepted = negotiate(exchange.header('accept'));
  return { accepted, includeObject: includeObjectOf(exchange, accepted), now: clock() };
}

function writeContext(
  { registry }: ApiContext,
  exchange: Exchange,
  { kind }: Target,
  optionsKind: string,
): WriteContext {
  const patch = exchange.method !== 'PATCH' ? undefined : isApply(patchType(exchange)) ? 'apply' : 'other';
  return {
    options: parseWriteOptions(exchange.query, exchange.header('user-agent'), optionsKind, patch),
    custom: registry.isCustom(kind),
    warn: (text) => exchange.warn(text),
  };
}

/** Tells what a kind has to say about an object that was written. */
function warnOf(exchange: Exchange, { kind, subresource }: Target, object: KubeObject): void {
  if (subresource) return;
  for (const text of kind.strategy.warnings?.(object) ?? []) exchange.warn(text);
}

async function decodedBody(exchange: Exchange, { kind }: Target) {
  const bytes = await exchange.body();
  const contentType = exchange.header('content-type');
  return { body: decodeBody(bytes, contentType, kind.kind), source: sourceOf(bytes, contentType) };
}

async function deleteBody(exchange: Exchange): Promise<unknown> {
  const body = await exchange.body();
  if (body.length === 0) return undefined;
  const contentType = exchange.header('content-type');
  if (mediaType(contentType) !== 'application/json') return decodeBody(body, contentType, 'DeleteOptions');
  // Kubernetes takes options that it cannot read for a fault of its own.
  return parseObject(
    body,
    (problem) => new StatusError(500, '', `couldn't get version/kind; json parse error: ${problem}`),
  );
}

/** PATCH has no default media type. */
const patchType = (exchange: Exchange) => exchange.header('content-type') ?? 'none';

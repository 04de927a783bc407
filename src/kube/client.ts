import type { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { apiVersionOf, type KubeObject, type ObjectRef, type ResourceType } from '../api/index.ts';
import type { Connection } from './connection.ts';
import { lines } from './lines.ts';
import { collectionPath, objectPath, queryString } from './paths.ts';
import { createTransport, type Transport } from './transport.ts';
import {
  ApiError,
  type DeleteOptions,
  isNotFound,
  type KubeClient,
  type ListFilter,
  type ObjectList,
  type PatchType,
  type WatchEvent,
  type WriteOptions,
} from './types.ts';

export interface ClientOptions {
  /** Default: `kanari`. */
  userAgent?: string;
  /** Recorded in managedFields as who wrote. Default: the user agent up to its slash. */
  fieldManager?: string;
}

/** A client that can be closed; open watches then end. */
export type ClosableClient = KubeClient & { close(): Promise<void> };

const patchContentTypes: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Asks for metadata alone; a server that does not know it answers with the whole objects. */
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** The server ends a watch after this time, a little different for each so that they do not all come back at once. */
const WATCH_SECONDS = { least: 300, spread: 300 };
/** A watch that is silent for so much longer than it was to last is dead: the network lost the end of it. */
const WATCH_GRACE_MS = 30_000;

/** A client of one API server. Every failure is an ApiError; bodies are never logged. */
export function createClient(connection: Connection, options: ClientOptions = {}): ClosableClient {
  const userAgent = options.userAgent ?? 'kanari';
  const fieldManager = options.fieldManager ?? userAgent.split('/')[0]!;
  return new HttpClient(createTransport(connection, userAgent), fieldManager);
}

class HttpClient implements ClosableClient {
  readonly #transport: Transport;
  readonly #fieldManager: string;

  constructor(transport: Transport, fieldManager: string) {
    this.#transport = transport;
    this.#fieldManager = fieldManager;
  }

  async get<T extends KubeObject>(ref: ObjectRef<T>): Promise<T> {
    return this.#json<T>('GET', objectPath(ref));
  }

  async list<T extends KubeObject>(
    type: ResourceType<T>,
    filter: ListFilter & { limit?: number; continue?: string; resourceVersion?: string } = {},
  ): Promise<ObjectList<T>> {
    const { namespace, metadataOnly, ...query } = filter;
    const list = await this.#json<ObjectList<T>>(
      'GET',
      collectionPath(type, namespace) + queryString(query),
      undefined,
      metadataOnly ? { accept: METADATA_LIST } : undefined,
    );
    // Items of a list come without their type.
    const apiVersion = apiVersionOf(type);
    list.items ??= [];
    if (metadataOnly) {
      list.items = list.items.map((item) => metadataOf(type, item));
      return list;
    }
    for (const item of list.items) {
      item.apiVersion ??= apiVersion;
      item.kind ??= type.kind;
    }
    return list;
  }

  async *watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: ListFilter & { resourceVersion?: string; signal?: AbortSignal },
  ): AsyncGenerator<WatchEvent<T>, void> {
    const { namespace, signal, metadataOnly, ...filter } = options;
    const timeoutSeconds = Math.floor(WATCH_SECONDS.least + Math.random() * WATCH_SECONDS.spread);
    const query = queryString({ ...filter, watch: true, allowWatchBookmarks: true, timeoutSeconds });
    try {
      const { body } = await this.#transport.send({
        method: 'GET',
        path: collectionPath(type, namespace) + query,
        headers: metadataOnly ? { accept: METADATA } : undefined,
        signal,
        stream: true,
        idleTimeoutMs: timeoutSeconds * 1000 + WATCH_GRACE_MS,
      });
      for await (const line of lines(body)) {
        const event = parseWatchEvent<T>(line);
        if (metadataOnly && event.type !== 'BOOKMARK') event.object = metadataOf(type, event.object);
        yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      throw this.#transport.failure(error);
    }
  }

  async create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const namespace = object.metadata?.namespace;
    if (type.namespaced && !namespace) {
      throw new TypeError(`${type.kind} ${object.metadata?.name ?? ''} without a namespace`);
    }
    const path = options.subresource
      ? objectPath({ type, namespace, name: object.metadata?.name ?? '' }, options.subresource)
      : collectionPath(type, namespace);
    return this.#write('POST', path, typed(type, object, options), options);
  }

  async update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace, name } = object.metadata ?? {};
    const path = objectPath({ type, namespace, name: name ?? '' }, options.subresource);
    return this.#write('PUT', path, typed(type, object, options), options);
  }

  async patch<T extends KubeObject>(
    ref: ObjectRef<T>,
    patchType: PatchType,
    body: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = objectPath(ref, options.subresource);
    return this.#write('PATCH', path, body, options, {
      'content-type': patchContentTypes[patchType],
    });
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, gracePeriodSeconds, propagationPolicy } = options;
    const preconditions = uid || resourceVersion ? { uid, resourceVersion } : undefined;
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds,
      propagationPolicy,
      preconditions,
    };
    try {
      await this.#json('DELETE', objectPath(ref), JSON.stringify(body));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async evict(ref: ObjectRef, options: { uid?: string | undefined } = {}): Promise<boolean> {
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: ref.name, namespace: ref.namespace },
      ...(options.uid && { deleteOptions: { preconditions: { uid: options.uid } } }),
    };
    try {
      await this.#json('POST', objectPath(ref, 'eviction'), JSON.stringify(eviction));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.code === 429) return false;
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  async request(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Response> {
    const { body, headers, signal } = options;
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await this.#transport.send({
      method,
      path,
      body: text,
      headers: {
        accept: '*/*',
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      signal,
      stream: true,
    });
    const hasBody = answer.statusCode !== 204 && answer.statusCode !== 205;
    if (!hasBody) await answer.body.dump();
    const stream = hasBody ? streamOf(answer.body) : null;
    return new Response(stream, { status: answer.statusCode, headers: plainHeaders(answer.headers) });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #write<T>(
    method: string,
    path: string,
    body: unknown,
    options: WriteOptions,
    headers?: Record<string, string>,
  ): Promise<T> {
    const query = queryString({
      fieldManager: options.fieldManager ?? this.#fieldManager,
      force: options.force || undefined,
      dryRun: options.dryRun ? 'All' : undefined,
    });
    return this.#json<T>(method, path + query, JSON.stringify(body), headers, options.signal);
  }

  async #json<T>(
    method: string,
    path: string,
    body?: string,
    headers?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<T> {
    const response = await this.#transport.send({
      method,
      path,
      body,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      signal,
    });
    try {
      return (await response.body.json()) as T;
    } catch (error) {
      throw this.#transport.failure(error, signal);
    }
  }
}

/** The object with its type filled in; the body of a subresource has a type of its own. */
function typed<T extends KubeObject>(type: ResourceType<T>, object: T, options: WriteOptions): T {
  if (options.subresource && object.kind) return object;
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
}

/** Under the object's own type: what is sent says PartialObjectMetadata. */
function metadataOf<T extends KubeObject>(type: ResourceType<T>, { metadata }: T): T {
  return { apiVersion: apiVersionOf(type), kind: type.kind, metadata } as T;
}

function parseWatchEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  let event: { type: string; object: unknown };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (error) {
    throw new ApiError(0, 'BadWatch', 'the API server sent a watch event that is not JSON', undefined, error);
  }
  if (event.type !== 'ERROR') return event as WatchEvent<T>;
  const status = event.object as { code?: number; reason?: string; message?: string } | undefined;
  throw new ApiError(status?.code ?? 0, status?.reason ?? '', status?.message ?? 'the watch failed');
}

/**
 * A body that may be let go of at any time. (Readable.toWeb throws where nobody can catch it when a body is cancelled
 * while data arrives; an iterator that has not begun does not let go at all.)
 */
function streamOf(body: Readable): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        body.on('error', () => undefined).destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((each): [string, string] => [name, each]),
  );
}

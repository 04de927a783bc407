import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import jsonPatch from 'fast-json-patch';
import { type KubeObject, mergePatch, type ResourceType } from '../../api/index.ts';

/** One request as the cluster saw it. */
interface Seen {
  method: string;
  path: string;
  query: Record<string, string>;
  contentType: string | undefined;
  body: unknown;
}

/** A refusal that the test asks for. */
interface Refusal {
  method?: string;
  /** Matches the start of the path. */
  path: string;
  code: number;
  reason: string;
  message: string;
  /** How many times. Default: always. */
  times?: number;
}

/** An API server on loopback with just enough behaviour for the commands. */
export interface FakeCluster extends AsyncDisposable {
  url: string;
  /** All requests in order. */
  requests: Seen[];
  /** The requests that change something, without what every client adds. */
  writes(): Pick<Seen, 'method' | 'path' | 'contentType' | 'body'>[];
  add(type: ResourceType, ...objects: KubeObject[]): void;
  /** Applies a merge patch, as another client would; watches tell of it. */
  change(type: ResourceType, name: string, patch: unknown): void;
  remove(type: ResourceType, name: string): void;
  get<T extends KubeObject>(type: ResourceType<T>, name: string): T;
  refuse(refusal: Refusal): void;
  /** Ends all open watches. */
  endWatches(): void;
  /** Called before a request is answered. */
  onRequest?: (seen: Seen) => void;
}

interface Watcher {
  collection: string;
  query: Record<string, string>;
  response: ServerResponse;
}

interface Change {
  version: number;
  type: string;
  collection: string;
  object: Stored;
}

type Stored = KubeObject & { metadata: NonNullable<KubeObject['metadata']> };

export const NAMESPACE = 'shop';

export async function fakeCluster(): Promise<FakeCluster> {
  const objects = new Map<string, Stored>();
  const requests: Seen[] = [];
  const refusals: Refusal[] = [];
  const watchers = new Set<Watcher>();
  const changes: Change[] = [];
  let version = 100;

  const forward = (watcher: Watcher, { type, collection, object }: Change) => {
    if (watcher.collection !== collection && !isEverywhere(watcher.collection, collection)) return;
    if (selects(watcher.query, object)) watcher.response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const tell = (type: string, path: string, object: Stored) => {
    const change = { version, type, collection: path.slice(0, path.lastIndexOf('/')), object };
    changes.push(change);
    for (const watcher of watchers) forward(watcher, change);
  };
  const store = (path: string, object: KubeObject): Stored => {
    const before = objects.get(path);
    version++;
    const specChanged = JSON.stringify(specOf(before)) !== JSON.stringify(specOf(object));
    const generation = object.metadata?.generation ?? 1;
    const stored: Stored = {
      ...object,
      metadata: {
        uid: `uid-${object.metadata?.name}`,
        ...object.metadata,
        resourceVersion: String(version),
        generation: before && specChanged ? generation + 1 : generation,
      },
    };
    objects.set(path, stored);
    tell(before ? 'MODIFIED' : 'ADDED', path, stored);
    return stored;
  };
  const pathOf = (type: ResourceType, name: string) =>
    `${collectionOf(type, type.namespaced ? NAMESPACE : undefined)}/${name}`;

  const server = createServer(async (request, response) => {
    const seen = await read(request);
    requests.push(seen);
    cluster.onRequest?.(seen);
    const refusal = refusals.find(
      (each) =>
        seen.path.startsWith(each.path) && (each.method ?? seen.method) === seen.method && each.times !== 0,
    );
    if (refusal) {
      if (refusal.times !== undefined) refusal.times--;
      return void fail(response, refusal.code, refusal.reason, refusal.message);
    }
    answer(seen, response);
  });

  function answer(seen: Seen, response: ServerResponse): void {
    const { method, path, query } = seen;
    const subresource = path.endsWith('/status');
    const main = subresource ? path.slice(0, -'/status'.length) : path;
    if (method === 'GET' && query.watch) return void watch(seen, response);
    if (method === 'GET' && isCollection(main)) {
      const items = [...objects]
        .filter(([key]) => {
          const collection = key.slice(0, key.lastIndexOf('/'));
          return collection === main || isEverywhere(main, collection);
        })
        .map(([, object]) => object)
        .filter((object) => selects(query, object));
      return void send(response, 200, { metadata: { resourceVersion: String(version) }, items });
    }
    if (method === 'POST') {
      const posted = seen.body as Stored;
      const name = posted.metadata.name ?? `${posted.metadata.generateName}x7k2p`;
      if (objects.has(`${main}/${name}`)) {
        return void fail(response, 409, 'AlreadyExists', `${resourceOf(main)} "${name}" already exists`);
      }
      return void send(
        response,
        201,
        store(`${main}/${name}`, { ...posted, metadata: { ...posted.metadata, name } }),
      );
    }
    const object = objects.get(main);
    if (!object) {
      const [name, ...collection] = main.split('/').reverse();
      return void fail(
        response,
        404,
        'NotFound',
        `${resourceOf(collection.reverse().join('/'))} "${name}" not found`,
      );
    }
    if (method === 'GET') return void send(response, 200, object);
    const expected =
      seen.contentType === 'application/json-patch+json'
        ? undefined
        : (seen.body as KubeObject).metadata?.resourceVersion;
    if (expected !== undefined && expected !== object.metadata.resourceVersion) {
      return void fail(response, 409, 'Conflict', 'the object has been modified; please apply your changes');
    }
    send(response, 200, store(main, changed(seen, object)));
  }

  function watch({ path, query }: Seen, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watcher = { collection: path, query, response };
    watchers.add(watcher);
    for (const change of changes)
      if (change.version > Number(query.resourceVersion)) forward(watcher, change);
    response.on('close', () => watchers.delete(watcher));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cluster: FakeCluster = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    writes: () =>
      requests
        .filter(({ method }) => method !== 'GET')
        .map(({ method, path, contentType, body }) => ({ method, path, contentType, body })),
    add: (type, ...added) => {
      for (const object of added) {
        const namespace = type.namespaced ? { namespace: NAMESPACE } : {};
        const metadata = { ...namespace, ...object.metadata };
        store(`${collectionOf(type, metadata.namespace)}/${metadata.name}`, { ...object, metadata });
      }
    },
    change: (type, name, patch) => {
      const path = pathOf(type, name);
      store(path, mergePatch(objects.get(path) as Stored, patch));
    },
    remove: (type, name) => {
      const path = pathOf(type, name);
      const object = objects.get(path) as Stored;
      objects.delete(path);
      version++;
      tell('DELETED', path, {
        ...object,
        metadata: { ...object.metadata, resourceVersion: String(version) },
      });
    },
    get: <T extends KubeObject>(type: ResourceType<T>, name: string) => objects.get(pathOf(type, name)) as T,
    refuse: (refusal) => void refusals.push({ ...refusal }),
    endWatches: () => {
      for (const { response } of watchers) response.end();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return cluster;
}

function changed({ method, contentType, body }: Seen, object: Stored): Stored {
  if (method === 'PUT') return body as Stored;
  if (contentType === 'application/json-patch+json') {
    return jsonPatch.applyPatch(object, body as jsonPatch.Operation[], true, false).newDocument;
  }
  return mergePatch(object, body);
}

async function read(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(request.url ?? '/', 'http://cluster');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    contentType: request.headers['content-type'],
    body: text ? JSON.parse(text) : undefined,
  };
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function fail(response: ServerResponse, code: number, reason: string, message: string): void {
  send(response, code, { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message });
}

function collectionOf({ group, version, plural }: ResourceType, namespace: string | undefined): string {
  const base = group ? `/apis/${group}/${version}` : `/api/${version}`;
  return namespace ? `${base}/namespaces/${namespace}/${plural}` : `${base}/${plural}`;
}

/** `/apis/group/version[/namespaces/ns]/plural`, without a name. */
function isCollection(path: string): boolean {
  return /^\/(api\/[^/]+|apis\/[^/]+\/[^/]+)(\/namespaces\/[^/]+)?\/[^/]+$/.test(path);
}

/** Whether `all` asks for the collections of every namespace, `one` among them. */
function isEverywhere(all: string, one: string): boolean {
  return one.replace(/\/namespaces\/[^/]+/, '') === all;
}

function resourceOf(collection: string): string {
  const parts = collection.split('/');
  const group = parts[1] === 'apis' ? `.${parts[2]}` : '';
  return `${parts.at(-1)}${group}`;
}

function selects(query: Record<string, string>, { metadata }: Stored): boolean {
  const name = /^metadata\.name=(.*)$/.exec(query.fieldSelector ?? '')?.[1];
  if (name !== undefined && metadata.name !== name) return false;
  return (query.labelSelector ?? '')
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [key = '', value] = term.split('=');
      return metadata.labels?.[key] === value;
    });
}

function specOf(object: KubeObject | undefined): unknown {
  return (object as { spec?: unknown } | undefined)?.spec;
}

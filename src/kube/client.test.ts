import { describe, expect, it } from 'vitest';
import { ConfigMaps, Deployments, Nodes, Pods, ReplicaSets } from '../api/index.ts';
import { createClient } from './client.ts';
import { directConnection } from './connection.ts';
import { configMap } from './testing/objects.ts';
import { scriptedServer } from './testing/server.ts';
import { until } from './testing/until.ts';
import { ApiError, isConflict, isGone, isNotFound, type WatchEvent } from './types.ts';

const ref = { type: ConfigMaps, namespace: 'a', name: 'x' };

describe('requests', () => {
  it('addresses objects and collections, and proves who it is', async () => {
    const server = await scriptedServer((call) =>
      call.json(200, { metadata: { resourceVersion: '1' }, items: [] }),
    );
    const { client, calls } = server;
    await client.get(ref);
    await client.get({ type: Nodes, name: 'n' });
    await client.list(ReplicaSets, { namespace: 'a', labelSelector: 'app=x', limit: 5 });
    await client.list(Deployments);
    expect(calls.map((call) => call.path + (call.query.size > 0 ? `?${call.query}` : ''))).toEqual([
      '/api/v1/namespaces/a/configmaps/x',
      '/api/v1/nodes/n',
      '/apis/apps/v1/namespaces/a/replicasets?labelSelector=app%3Dx&limit=5',
      '/apis/apps/v1/deployments',
    ]);
    expect(calls[0]?.headers.authorization).toBe('Bearer secret-token');
  });

  it('fills in the type that items of a list lack', async () => {
    const server = await scriptedServer((call) =>
      call.json(200, { metadata: { resourceVersion: '1' }, items: [{ metadata: { name: 'x' } }] }),
    );
    const list = await server.client.list(ReplicaSets);
    expect(list.items[0]).toEqual({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'x' } });
  });

  it('writes with the verb, content type and parameters of each kind of write', async () => {
    const server = await scriptedServer((call) => call.json(200, {}));
    const { client, calls } = server;
    await client.create(ConfigMaps, { metadata: { name: 'x', namespace: 'a' } });
    await client.update(ConfigMaps, configMap('x', 3), { dryRun: true });
    await client.patch(ref, 'merge', { data: { a: '1' } }, { subresource: 'status' });
    await client.patch(ref, 'apply', {}, { fieldManager: 'me', force: true });
    await client.create(
      Pods,
      { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p', namespace: 'a' } } as never,
      { subresource: 'binding' },
    );
    expect(
      calls.map((call) => `${call.method} ${call.path}?${call.query} ${call.headers['content-type']}`),
    ).toEqual([
      'POST /api/v1/namespaces/a/configmaps?fieldManager=kanari application/json',
      'PUT /api/v1/namespaces/a/configmaps/x?fieldManager=kanari&dryRun=All application/json',
      'PATCH /api/v1/namespaces/a/configmaps/x/status?fieldManager=kanari application/merge-patch+json',
      'PATCH /api/v1/namespaces/a/configmaps/x?fieldManager=me&force=true application/apply-patch+yaml',
      'POST /api/v1/namespaces/a/pods/p/binding?fieldManager=kanari application/json',
    ]);
    expect(calls[0]?.body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(calls[4]?.body).toMatchObject({ kind: 'Binding' });
  });

  it('keeps the path of a server that is not at the root', async () => {
    const server = await scriptedServer((call) => call.json(200, {}));
    const connection = directConnection({ server: `${server.url}/k8s/clusters/c1/`, token: 't' });
    const client = createClient(connection);
    await client.get(ref);
    await client.close();
    expect(server.calls[0]?.path).toBe('/k8s/clusters/c1/api/v1/namespaces/a/configmaps/x');
  });

  it('hands out the body of any other path', async () => {
    const server = await scriptedServer((call) => void call.response.end('a line\n'));
    const response = await server.client.request('GET', '/logs?follow=true');
    expect([response.status, await response.text()]).toEqual([200, 'a line\n']);
  });

  it.each(['before it is read', 'while it is read'])('lets go of a body %s', async (when) => {
    let hungUp = false;
    const server = await scriptedServer(({ response }) => {
      const more = setInterval(() => response.write('x'.repeat(10_000)), 1);
      response.on('close', () => {
        clearInterval(more);
        hungUp = true;
      });
    });
    const { body } = await server.client.request('GET', '/logs');
    const reader = body!.getReader();
    if (when === 'while it is read') await reader.read();
    await reader.cancel();
    await until(() => hungUp);
  });

  it('lets go of a short body that nobody reads', async () => {
    const server = await scriptedServer((call) => call.json(200, {}));
    for (let i = 0; i < 20; i++) await (await server.client.request('DELETE', '/x')).body?.cancel();
    expect(server.calls).toHaveLength(20);
  });
});

describe('failures', () => {
  it("carry the server's Status", async () => {
    const server = await scriptedServer((call) => call.fail(409, 'Conflict', 'it has been modified'));
    const error = await server.client.update(ConfigMaps, configMap('x', 1)).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 409, reason: 'Conflict', message: 'it has been modified' });
    expect(isConflict(error)).toBe(true);
  });

  it('without a Status show the beginning of the answer', async () => {
    const server = await scriptedServer(
      (call) => void call.response.writeHead(502).end('<h1>Bad\n gateway</h1>'),
    );
    await expect(server.client.get(ref)).rejects.toThrow(/answered 502: <h1>Bad gateway<\/h1>/);
  });

  it('to reach the server have code 0 and name it', async () => {
    const client = createClient(directConnection({ server: 'http://127.0.0.1:1', token: 't' }));
    const error = await client.get(ref).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 0, reason: 'Unreachable' });
    expect((error as ApiError).message).toMatch(
      /cannot reach the API server at http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
    await client.close();
  });

  it('in the middle of a body are failures to reach the server too', async () => {
    const server = await scriptedServer((call) => {
      call.response.writeHead(200, { 'content-length': '100' });
      call.response.write('{"metadata":');
      setImmediate(() => call.response.destroy());
    });
    await expect(server.client.get(ref)).rejects.toMatchObject({ code: 0 });
  });

  it('of objects without a name or namespace are rejections, not exceptions', async () => {
    const server = await scriptedServer((call) => call.json(200, {}));
    await expect(server.client.get({ type: Pods, name: 'x' })).rejects.toThrow('Pod x without a namespace');
    await expect(server.client.create(Pods, { metadata: { name: 'x' } })).rejects.toThrow(
      'without a namespace',
    );
    expect(server.calls).toEqual([]);
  });

  it('of reads with 429 are repeated when the server says when; writes never are', async () => {
    const server = await scriptedServer((call) => {
      if (server.calls.length > 2) call.json(200, {});
      else call.fail(429, 'TooManyRequests', 'slow down', { 'retry-after': '0' });
    });
    await server.client.get(ref);
    expect(server.calls).toHaveLength(3);
    server.calls.length = 0;
    await expect(server.client.patch(ref, 'merge', {})).rejects.toMatchObject({ code: 429 });
    expect(server.calls).toHaveLength(1);
  });

  it('of a delete because it is gone are none; a failed precondition is', async () => {
    const server = await scriptedServer((call) => call.fail(404, 'NotFound', 'no such thing'));
    await server.client.delete(ref, { uid: 'u' });
    expect(server.calls[0]?.body).toMatchObject({ kind: 'DeleteOptions', preconditions: { uid: 'u' } });
    const other = await scriptedServer((call) => call.fail(409, 'Conflict', 'the UID differs'));
    await expect(other.client.delete(ref, { uid: 'u' })).rejects.toMatchObject({ code: 409 });
  });

  it('of an eviction because of a disruption budget answer false', async () => {
    const server = await scriptedServer((call) => call.fail(429, 'TooManyRequests', 'budget'));
    await expect(server.client.evict({ type: Pods, namespace: 'a', name: 'p' })).resolves.toBe(false);
  });
});

describe('watch', () => {
  async function collect(stream: AsyncIterable<WatchEvent<object>>): Promise<[string[], unknown]> {
    const seen: string[] = [];
    try {
      for await (const event of stream) seen.push(`${event.type} ${JSON.stringify(event.object)}`);
    } catch (error) {
      return [seen, error];
    }
    return [seen, undefined];
  }

  it('asks for bookmarks and an end, and puts lines together from chunks', async () => {
    const server = await scriptedServer(async ({ response }) => {
      const text = Buffer.from('{"type":"ADDED","object":{"a":"ä"}}\n\n{"type":"BOOKMARK","object":{}}\n');
      for (const byte of text) {
        response.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      response.end();
    });
    const [seen, error] = await collect(
      server.client.watch(ConfigMaps, { namespace: 'a', resourceVersion: '7' }),
    );
    expect(seen).toEqual(['ADDED {"a":"ä"}', 'BOOKMARK {}']);
    expect(error).toBeUndefined();
    const { query } = server.calls[0]!;
    expect([query.get('watch'), query.get('allowWatchBookmarks'), query.get('resourceVersion')]).toEqual([
      'true',
      'true',
      '7',
    ]);
    expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300);
  });

  it('drops a line that was torn by a disconnect and says that the connection broke', async () => {
    const server = await scriptedServer((call) => {
      call.event('ADDED', {});
      call.response.write('{"type":"ADDED","obj');
      setTimeout(() => call.response.destroy(), 5);
    });
    const [seen, error] = await collect(server.client.watch(ConfigMaps, {}));
    expect(seen).toEqual(['ADDED {}']);
    expect(error).toMatchObject({ code: 0 });
  });

  it('throws an ERROR event as what it says', async () => {
    const server = await scriptedServer((call) => {
      call.event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
      call.response.end();
    });
    const [, error] = await collect(server.client.watch(ConfigMaps, { resourceVersion: '1' }));
    expect(isGone(error)).toBe(true);
    expect(error).toMatchObject({ message: 'too old' });
  });

  it('throws a refusal', async () => {
    const server = await scriptedServer((call) => call.fail(404, 'NotFound', 'no such kind'));
    const [, error] = await collect(server.client.watch(ConfigMaps, {}));
    expect(isNotFound(error)).toBe(true);
  });

  it('ends without an error when it is aborted, and hangs up', async () => {
    let hungUp = false;
    const server = await scriptedServer((call) => {
      call.response.on('close', () => {
        hungUp = true;
      });
      call.event('ADDED', {});
    });
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const event of server.client.watch(ConfigMaps, { signal: abort.signal })) {
      seen.push(event.type);
      abort.abort();
    }
    expect(seen).toEqual(['ADDED']);
    await until(() => hungUp);
  });
});

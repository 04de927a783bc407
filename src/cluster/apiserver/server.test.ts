import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:http2';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortInUseError, StateLockedError, startApiServer } from './index.ts';
import { TestServer } from './testing/client.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';

let api: TestServer;

beforeEach(async () => {
  api = await TestServer.start();
});

afterEach(async () => {
  await api.stop();
});

const options = () => ({ stateDir: api.stateDir, clock: Date.now, log: { error() {} } as never });

describe('start', () => {
  it('makes the four namespaces', async () => {
    const { body } = await api.send('GET /api/v1/namespaces');
    const names = body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    expect(names).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  });

  it('keeps secrets and kubeconfig to their owner', () => {
    for (const name of [
      'admin-token',
      'node-token',
      'ca.key',
      'kubeconfig',
      'state.db',
      'service-account-key',
    ]) {
      expect(statSync(path.join(api.stateDir, name)).mode & 0o077, name).toBe(0);
    }
    expect(readFileSync(api.server.kubeconfigPath, 'utf8')).toContain('current-context: kanari');
  });

  it('refuses a state directory that is in use, and names it and the process', async () => {
    const second = startApiServer({ ...options(), port: 0 });
    await expect(second).rejects.toThrow(StateLockedError);
    await expect(second).rejects.toThrow(new RegExp(`${api.stateDir}.*${process.pid}`));
  });

  it('refuses a port that is in use, says what to do, and releases the state directory', async () => {
    const other = await TestServer.start();
    await other.server.close();
    const port = Number(new URL(api.server.url).port);
    const refused = startApiServer({ ...options(), stateDir: other.stateDir, port });
    await expect(refused).rejects.toThrow(PortInUseError);
    await expect(refused).rejects.toThrow(new RegExp(`port ${port} .*--port`));
    await other.start();
    await other.stop();
  });
});

describe('stop and start', () => {
  it('finds objects, versions, tokens and certificate authority as they were', async () => {
    const { body: created } = await api.send(`POST ${CONFIGMAPS}`, { body: { metadata: { name: 'a' } } });
    const { adminToken, caPem } = api.server;
    await api.restart();
    expect([api.server.adminToken, api.server.caPem]).toEqual([adminToken, caPem]);
    const { body } = await api.send(`GET ${CONFIGMAPS}/a`);
    expect(body).toEqual(created);
  });

  it('ends watches within a second', async () => {
    const watch = await api.watch(`${CONFIGMAPS}?watch=true`);
    const begun = Date.now();
    await api.server.close();
    await watch.end();
    expect(Date.now() - begun).toBeLessThan(1000);
  });
});

describe('access', () => {
  it('is refused without a token, but for health and version', async () => {
    const { status, body } = await api.send(`GET ${CONFIGMAPS}`, { token: '' });
    expect(status).toBe(403);
    expect(body.message).toBe(
      'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"',
    );
    for (const url of ['/healthz', '/livez', '/readyz', '/version']) {
      expect((await api.send(`GET ${url}`, { token: '' })).status, url).toBe(200);
    }
    expect((await api.send('GET /apis', { token: '' })).status).toBe(403);
  });

  it('is refused with a wrong token', async () => {
    const { status, body } = await api.send(`GET ${CONFIGMAPS}`, { token: 'wrong' });
    expect([status, body.reason]).toEqual([401, 'Unauthorized']);
  });

  it('is given to the tokens of service accounts until they expire or the account goes', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await api.send(`POST ${accounts}`, { body: { metadata: { name: 'robot' } } });
    const { body } = await api.send(`POST ${accounts}/robot/token`, { body: { spec: {} } });
    const { token } = body.status;
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const who = await api.send('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', {
      token,
      body: review,
    });
    expect(who.body.status.userInfo.username).toBe('system:serviceaccount:default:robot');
    await api.send(`DELETE ${accounts}/robot`);
    expect((await api.send(`GET ${CONFIGMAPS}`, { token })).status).toBe(401);
  });

  it('may be taken as another user by the administrator alone', async () => {
    const headers = { 'impersonate-user': 'carol', 'impersonate-group': 'devs' };
    const url = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { body } = await api.send(url, { headers, body: {} });
    expect(body.status.userInfo).toEqual({
      username: 'carol',
      groups: ['devs', 'system:authenticated'],
    });
    const { status } = await api.send(url, { headers, body: {}, token: '' });
    expect(status).toBe(403);
  });
});

describe('bad requests', () => {
  it.each([
    ['a body that is no JSON', 'POST', CONFIGMAPS, '{"metadata":', 400],
    ['a list for an object', 'POST', CONFIGMAPS, '[]', 400],
    ['a field of the wrong type', 'POST', CONFIGMAPS, '{"metadata":{"name":"a"},"data":{"a":1}}', 400],
    ['metadata of the wrong type', 'POST', CONFIGMAPS, '{"metadata":7}', 400],
    ['null', 'POST', CONFIGMAPS, 'null', 422],
    ['a patch of an unknown type', 'PATCH', `${CONFIGMAPS}/a`, '{}', 415],
    ['an unknown version', 'GET', '/api/v2/configmaps', undefined, 404],
    ['a broken escape in the path', 'GET', '/api/v1/%zz', undefined, 404],
    ['a limit that is no number', 'GET', `${CONFIGMAPS}?limit=many`, undefined, 400],
    ['a resourceVersion that is no number', 'GET', `${CONFIGMAPS}?resourceVersion=x`, undefined, 400],
  ])('are answered, not died of: %s', async (_what, method, url, body, status) => {
    expect((await api.send(`${method} ${url}`, { body })).status).toBe(status);
    expect((await api.send('GET /healthz')).status).toBe(200);
  });

  it('of more than 3 MiB are refused', async () => {
    const body = JSON.stringify({ metadata: { name: 'big' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } });
    const { status, body: answer } = await api.send(`POST ${CONFIGMAPS}`, { body });
    expect([status, answer.reason]).toEqual([413, 'RequestEntityTooLarge']);
  });
});

it('speaks HTTP/2', async () => {
  const session = connect(api.server.url, { ca: api.server.caPem });
  const stream = session.request({
    ':path': '/version',
    authorization: `Bearer ${api.server.adminToken}`,
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  expect(JSON.parse(Buffer.concat(chunks).toString()).major).toBe('1');
  session.destroy();
});

describe('a CustomResourceDefinition', () => {
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';
  const crd = {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
            },
          },
        },
      ],
    },
  };

  async function established(): Promise<void> {
    expect((await api.send(`POST ${CRDS}`, { body: crd })).status).toBe(201);
    const watch = await api.watch(`${CRDS}?watch=true`);
    const isReady = () =>
      watch.events.some(({ object }) =>
        object.status?.conditions?.some(
          (condition: { type: string; status: string }) =>
            condition.type === 'Established' && condition.status === 'True',
        ),
      );
    for (let count = 1; !isReady() && !watch.ended; count += 1) await watch.until(count);
  }

  const widget = (name: string, finalizers?: string[]) => ({
    body: {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name, ...(finalizers && { finalizers }) },
      spec: { size: 1 },
    },
  });

  it('is served and discovered once it is established, and again after a restart', async () => {
    await established();
    for (const restart of [false, true]) {
      if (restart) await api.restart();
      expect((await api.send(`POST ${WIDGETS}`, widget(restart ? 'b' : 'a'))).status).toBe(201);
      const { body } = await api.send('GET /apis/example.com/v1');
      expect(body.resources[0].kind).toBe('Widget');
    }
  });

  it('takes its objects along, and waits for their finalizers', async () => {
    await established();
    await api.send(`POST ${WIDGETS}`, widget('free'));
    await api.send(`POST ${WIDGETS}`, widget('held', ['example.com/keep']));
    const watch = await api.watch(`${CRDS}?watch=true&fieldSelector=metadata.name%3D${crd.metadata.name}`);
    const objects = await api.watch(`${WIDGETS}?watch=true`);
    await api.send(`DELETE ${CRDS}/${crd.metadata.name}`);
    await objects.until(4);
    expect((await api.send(`GET ${CRDS}/${crd.metadata.name}`)).status).toBe(200);
    await api.send(`PATCH ${WIDGETS}/held`, {
      body: { metadata: { finalizers: null } },
      type: 'application/merge-patch+json',
    });
    for (let count = 1; watch.events.at(-1)?.type !== 'DELETED' && !watch.ended; count += 1) {
      await watch.until(count);
    }
    expect((await api.send(`GET ${WIDGETS}`)).status).toBe(404);
  });
});

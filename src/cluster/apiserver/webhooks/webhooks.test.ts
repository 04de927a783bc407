import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { ConfigMap } from 'kubernetes-types/core/v1.d.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority, issueServerCertificate, type KeyPair } from '../access/certificates.ts';
import { TestServer } from '../testing/client.ts';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = 'application/merge-patch+json';

/** What the webhook is asked about a ConfigMap. */
interface Review {
  apiVersion: string;
  request: {
    uid: string;
    operation: string;
    object: ConfigMap;
    oldObject?: ConfigMap | null;
    options: { kind: string };
    [other: string]: unknown;
  };
}
type Decide = (review: Review, path: string) => object | undefined | Promise<object | undefined>;

let api: TestServer;
let authority: KeyPair;
let hook: Server;
let decide: Decide;
let reviews: { path: string; review: Review }[];

beforeEach(async () => {
  api = await TestServer.start();
  authority = await createAuthority(Date.now());
  const { certPem, keyPem } = await issueServerCertificate(
    authority,
    ['127.0.0.1', 'hook.default.svc'],
    Date.now(),
  );
  reviews = [];
  hook = createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    const review = (await json(request)) as Review;
    const path = request.url ?? '';
    reviews.push({ path, review });
    const decision = await decide(review, path);
    if (!decision) return;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        kind: 'AdmissionReview',
        apiVersion: review.apiVersion,
        response: { uid: review.request.uid, ...decision },
      }),
    );
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  hook.closeAllConnections();
  hook.close();
  await api.stop();
});

const caBundle = () => Buffer.from(authority.certPem).toString('base64');
const url = (path: string) => `https://127.0.0.1:${(hook.address() as AddressInfo).port}${path}`;
const patch = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const add = (path: string, value: unknown) => ({ op: 'add', path, value });

interface Options {
  name?: string;
  path?: string;
  [more: string]: unknown;
}

/** Configures these webhooks, or one that is as usual, as one configuration. */
async function configure(plural: 'mutating' | 'validating', ...webhooks: Options[]) {
  const body = {
    metadata: { name: plural },
    webhooks: (webhooks.length > 0 ? webhooks : [{}]).map(
      ({ name = 'hook.example.com', path = '/', ...more }: Options) => ({
        name,
        clientConfig: { url: url(path), caBundle: caBundle() },
        rules: [
          {
            operations: ['CREATE', 'UPDATE', 'DELETE'],
            apiGroups: ['*'],
            apiVersions: ['*'],
            resources: ['configmaps', 'pods/*'],
          },
        ],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...more,
      }),
    ),
  };
  const { status, body: answer } = await api.send(`POST ${CONFIGURATIONS}/${plural}webhookconfigurations`, {
    body,
  });
  expect(status, answer.message).toBe(201);
}

const create = (name: string, more: object = {}, query = '') =>
  api.send(`POST ${CONFIG_MAPS}${query}`, { body: { metadata: { name }, data: { a: '1' }, ...more } });

describe('a validating webhook', () => {
  it('is told what is to be written, by whom and over what', async () => {
    decide = () => ({ allowed: true, warnings: ['think again'] });
    await configure('validating');
    const created = await create('a');
    expect(created.status).toBe(201);
    expect(created.headers.warning).toContain('think again');
    await api.send(`PATCH ${CONFIG_MAPS}/a`, { body: { data: { a: '2' } }, type: MERGE });
    await api.send(`DELETE ${CONFIG_MAPS}/a`);
    const told = reviews.map(({ review: { request } }) => [
      request.operation,
      request.oldObject?.data,
      request.object?.data,
      request.options.kind,
    ]);
    expect(told).toEqual([
      ['CREATE', undefined, { a: '1' }, 'CreateOptions'],
      ['UPDATE', { a: '1' }, { a: '2' }, 'UpdateOptions'],
      ['DELETE', { a: '2' }, undefined, 'DeleteOptions'],
    ]);
    expect(reviews[0]).toMatchObject({
      path: '/?timeout=10s',
      review: {
        apiVersion: 'admission.k8s.io/v1',
        request: {
          kind: { group: '', version: 'v1', kind: 'ConfigMap' },
          resource: { group: '', version: 'v1', resource: 'configmaps' },
          name: 'a',
          namespace: 'default',
          dryRun: false,
          userInfo: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
        },
      },
    });
  });

  it('denies with its own status', async () => {
    decide = () => ({ allowed: false, status: { code: 403, message: 'not today', reason: 'Forbidden' } });
    await configure('validating');
    const { status, body } = await create('a');
    expect(status).toBe(403);
    expect(body).toMatchObject({
      message: 'admission webhook "hook.example.com" denied the request: not today',
      reason: 'Forbidden',
      code: 403,
    });
    expect((await api.send(`GET ${CONFIG_MAPS}/a`)).status).toBe(404);
  });

  it('is not asked about what it does not select', async () => {
    decide = () => ({ allowed: false });
    await configure(
      'validating',
      { objectSelector: { matchLabels: { judge: 'yes' } } },
      { name: 'b.example.com', namespaceSelector: { matchLabels: { judge: 'yes' } } },
      {
        name: 'c.example.com',
        matchConditions: [{ name: 'big', expression: 'object != null && object.data.size() > 1' }],
      },
      {
        name: 'd.example.com',
        rules: [{ operations: ['DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
      },
    );
    expect((await create('a')).status).toBe(201);
    expect(reviews).toEqual([]);
    const labelled = await create('b', { metadata: { name: 'b', labels: { judge: 'yes' } } });
    expect(labelled.body.message).toBe(
      'admission webhook "hook.example.com" denied the request without explanation',
    );
    const big = await create('c', { data: { a: '1', b: '2' } });
    expect(big.body.message).toContain('"c.example.com"');
    expect((await api.send(`DELETE ${CONFIG_MAPS}/a`)).body.message).toContain('"d.example.com"');
    // Configurations are never judged, so that there is a way back.
    expect(
      (await api.send(`DELETE ${CONFIGURATIONS}/validatingwebhookconfigurations/validating`)).status,
    ).toBe(200);
  });

  it('that fails refuses the request, or is passed over, as it says', async () => {
    decide = () => ({ uid: 'of another', allowed: true });
    await configure('validating');
    const refused = await create('a');
    expect(refused.status).toBe(500);
    expect(refused.body.message).toMatch(
      /^Internal error occurred: failed calling webhook "hook.example.com": received invalid webhook response: expected response.uid=/,
    );
    const configuration = `${CONFIGURATIONS}/validatingwebhookconfigurations/validating`;
    await api.send(`PATCH ${configuration}`, {
      body: [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
      type: 'application/json-patch+json',
    });
    expect((await create('a')).status).toBe(201);
  });

  it('has the time that it is given', async () => {
    decide = () => undefined;
    await configure('validating', { timeoutSeconds: 1 });
    const { body } = await create('a');
    expect(body.message).toMatch(
      /failed to call webhook: Post "https:.*timeout=1s": context deadline exceeded$/,
    );
  });

  it('is asked again when the object has changed meanwhile, and sees the change', async () => {
    decide = () => ({ allowed: true });
    await create('a');
    await configure('validating');
    decide = async () => {
      if (reviews.length === 1) {
        const racing = api.send(`PATCH ${CONFIG_MAPS}/a`, { body: { data: { b: '1' } }, type: MERGE });
        expect((await racing).status).toBe(200);
      }
      return { allowed: true };
    };
    const { body } = await api.send(`PATCH ${CONFIG_MAPS}/a`, { body: { data: { c: '1' } }, type: MERGE });
    expect(body.data).toEqual({ a: '1', b: '1', c: '1' });
    expect(reviews.at(-1)?.review.request.object.data).toEqual({ a: '1', b: '1', c: '1' });
  });

  it('of a Service without endpoints is told so', async () => {
    decide = () => ({ allowed: true });
    const service = { name: 'hook', namespace: 'default', path: '/judge' };
    await configure('validating', { clientConfig: { service, caBundle: caBundle() } });
    const { body } = await create('a');
    expect(body.message).toContain(
      'failed to call webhook: Post "https://hook.default.svc:443/judge?timeout=10s": services "hook" not found',
    );
  });
});

describe('a mutating webhook', () => {
  it('changes what is written; what it adds is completed and checked like any other', async () => {
    decide = () => patch(add('/metadata/labels', { by: 'hook' }), add('/nonsense', 1));
    await configure('mutating');
    const { body } = await create('a');
    expect(body.metadata.labels).toEqual({ by: 'hook' });
    expect(body).not.toHaveProperty('nonsense');
    decide = () => patch(add('/metadata/labels', { 'a b': 'c' }));
    expect((await create('b')).status).toBe(422);
  });

  it('writes nothing in a dry run', async () => {
    decide = () => patch(add('/data/b', '2'));
    await configure('mutating');
    const { body } = await create('a', {}, '?dryRun=All');
    expect(body.data).toEqual({ a: '1', b: '2' });
    expect(reviews[0]?.review.request).toMatchObject({ dryRun: true, options: { dryRun: ['All'] } });
    expect((await api.send(`GET ${CONFIG_MAPS}/a`)).status).toBe(404);
  });

  it('is asked in turn, and once more when it wants to know of later changes', async () => {
    decide = ({ request }, path) => {
      const { data = {} } = request.object;
      if (path.startsWith('/count')) return patch(add('/data/count', String(Object.keys(data).length)));
      return patch(add('/data/late', 'x'));
    };
    await configure(
      'mutating',
      { name: 'count.example.com', path: '/count', reinvocationPolicy: 'IfNeeded' },
      { name: 'late.example.com', path: '/late' },
    );
    const { body } = await create('a');
    expect(body.data).toEqual({ a: '1', count: '3', late: 'x' });
    expect(reviews.map(({ path }) => path.split('?')[0])).toEqual(['/count', '/late', '/count']);
  });
});

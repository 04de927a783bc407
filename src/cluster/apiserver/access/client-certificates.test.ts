import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as openRequest } from 'node:https';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';
import { createAuthority, issueClientCertificate } from './certificates.ts';

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const USAGES = ['client auth'];

let api: TestServer;

beforeEach(async () => {
  api = await TestServer.start();
});

afterEach(() => api.stop());

async function keyAndRequest(name: string) {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: ALGORITHM,
  });
  const { privateKey } = keys as { privateKey: webcrypto.CryptoKey };
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
  return { key, request };
}

const requestObject = (name: string, pem: string, spec: object = {}) => ({
  metadata: { name },
  spec: {
    request: Buffer.from(pem).toString('base64'),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: USAGES,
    ...spec,
  },
});

async function decide(name: string, type: 'Approved' | 'Denied') {
  const { body } = await api.send(`GET ${REQUESTS}/${name}`);
  const condition = { type, status: 'True', reason: 'Test', message: '' };
  body.status = { conditions: [...(body.status.conditions ?? []), condition] };
  return api.send(`PUT ${REQUESTS}/${name}/approval`, { body });
}

async function whoAmI(cert: string, key: string, token?: string) {
  const outgoing = openRequest(new URL('/apis/authentication.k8s.io/v1/selfsubjectreviews', api.server.url), {
    method: 'POST',
    ca: api.server.caPem,
    cert,
    key,
    agent: false,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
  });
  outgoing.end('{}');
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of incoming) text += chunk;
  return { status: incoming.statusCode, body: JSON.parse(text) };
}

async function issued(name: string): Promise<string> {
  const watch = await api.watch(`${REQUESTS}?watch=true&fieldSelector=metadata.name%3D${name}`);
  for (let seen = 1; ; seen += 1) {
    const { object } = (await watch.until(seen))[seen - 1]!;
    if (object.status?.certificate) return Buffer.from(object.status.certificate, 'base64').toString();
  }
}

describe('client certificates', () => {
  it('are asked for, approved, signed, and then say who a client is', async () => {
    const { key, request } = await keyAndRequest('CN=jane, O=developers, O=testers');
    const created = await api.send(`POST ${REQUESTS}`, {
      body: requestObject('jane', request.toString('pem'), { username: 'somebody-else' }),
    });
    expect(created.status).toBe(201);
    expect(created.body.spec).toMatchObject({
      username: 'kubernetes-admin',
      groups: ['system:masters', 'system:authenticated'],
    });
    expect((await decide('jane', 'Approved')).status).toBe(200);
    const certificate = await issued('jane');
    const { body } = await whoAmI(certificate, key);
    expect(body.status.userInfo).toEqual({
      username: 'jane',
      groups: ['developers', 'testers', 'system:authenticated'],
    });
  });

  it('of another authority are refused, unless a token says who it is', async () => {
    const other = await createAuthority(Date.now());
    const { key, request } = await keyAndRequest('CN=jane');
    const certificate = await issueClientCertificate(other, request, { now: Date.now(), seconds: 600 });
    expect((await whoAmI(certificate, key)).status).toBe(401);
    const { body } = await whoAmI(certificate, key, api.server.adminToken);
    expect(body.status.userInfo.username).toBe('kubernetes-admin');
  });

  it('are not given to whom would be an administrator by them, nor for other usages', async () => {
    const master = await keyAndRequest('CN=jane, O=system:masters');
    const refused = await api.send(`POST ${REQUESTS}`, {
      body: requestObject('master', master.request.toString('pem')),
    });
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain('signer with system:masters group is not allowed');
    const { request } = await keyAndRequest('CN=jane');
    await api.send(`POST ${REQUESTS}`, {
      body: requestObject('server', request.toString('pem'), { usages: ['server auth'] }),
    });
    const watch = await api.watch(`${REQUESTS}?watch=true&fieldSelector=metadata.name%3Dserver`);
    await decide('server', 'Approved');
    const events = await watch.until(3);
    expect(events[2]!.object.status.conditions[1]).toMatchObject({
      type: 'Failed',
      reason: 'SignerValidationFailure',
      message: 'invalid usage for client certificate: server auth',
    });
  });

  it('are approved only by those who may for the signer, and decided once', async () => {
    const { request } = await keyAndRequest('CN=jane');
    await api.send(`POST ${REQUESTS}`, {
      body: requestObject('jane', request.toString('pem'), { signerName: 'example.com/own' }),
    });
    const approving = { status: { conditions: [{ type: 'Approved', status: 'True' }] } };
    await api.send('POST /apis/rbac.authorization.k8s.io/v1/clusterroles', {
      body: {
        metadata: { name: 'approver' },
        rules: [
          {
            apiGroups: ['certificates.k8s.io'],
            resources: ['certificatesigningrequests/approval'],
            verbs: ['patch'],
          },
        ],
      },
    });
    await api.send('POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      body: {
        metadata: { name: 'approver' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'approver' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'joe' }],
      },
    });
    const patch = {
      body: approving,
      type: 'application/merge-patch+json',
      headers: { 'impersonate-user': 'joe' },
    };
    const refused = await api.send(`PATCH ${REQUESTS}/jane/approval`, patch);
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain(
      'user not permitted to approve requests with signerName "example.com/own"',
    );
    const byStatus = await api.send(`PATCH ${REQUESTS}/jane/status`, {
      body: approving,
      type: 'application/merge-patch+json',
    });
    expect(byStatus.body.status).toEqual({});
    expect((await decide('jane', 'Denied')).body.status.conditions).toHaveLength(1);
    expect((await decide('jane', 'Approved')).status).toBe(422);
  });

  it.each([
    [
      { request: 'eA==' },
      'spec.request: Invalid value: []byte{0x78}: PEM block type must be CERTIFICATE REQUEST',
    ],
    [{ usages: [] }, 'spec.usages: Required value'],
    [{ usages: ['fun'] }, 'spec.usages[0]: Unsupported value: "fun": supported values: "any", "cert sign"'],
    [{ signerName: 'x' }, 'must be a fully qualified domain and path of the form "example.com/signer-name"'],
    [{ expirationSeconds: 60 }, 'may not specify a duration less than 600 seconds (10 minutes)'],
  ])('are not asked for with %j', async (spec, message) => {
    const { request } = await keyAndRequest('CN=jane');
    const { status, body } = await api.send(`POST ${REQUESTS}`, {
      body: requestObject('jane', request.toString('pem'), spec),
    });
    expect(status).toBe(422);
    expect(body.message).toContain(message);
  });
});

it('is known by the address and the names that it has within the cluster', async () => {
  const names = await new Promise<string>((resolve, reject) => {
    const outgoing = openRequest(new URL('/version', api.server.url), { ca: api.server.caPem, agent: false });
    outgoing.on('response', (incoming) => {
      incoming.resume();
      resolve((incoming.socket as import('node:tls').TLSSocket).getPeerCertificate().subjectaltname ?? '');
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
  expect(names).toContain('IP Address:127.96.0.1');
  expect(names).toContain('DNS:kubernetes.default.svc,');
});

import 'reflect-metadata';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpClient } from './client.ts';

const NAME = 'metrics.ns.svc';
const server = createServer((request, response) => response.end(String(request.headers.host)));
const seenNames: unknown[] = [];

beforeAll(async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${NAME}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: NAME }])],
  });
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  server.setSecureContext({ cert: certificate.toString('pem'), key });
  server.on('secureConnection', (socket) => seenNames.push(socket.servername));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('TLS', () => {
  const portOf = () => (server.address() as AddressInfo).port;

  it('ANA-071 asks a Service for the certificate of its name, and verifies it unless insecure', async () => {
    const http = createHttpClient({ resolveService: () => ({ host: '127.0.0.1', port: portOf() }) });
    try {
      const url = `https://${NAME}/`;
      await expect(http.request(url, { timeoutMs: 5000 })).rejects.toThrow(/self-signed certificate/);
      const answer = await http.request(url, { timeoutMs: 5000, insecure: true });
      expect(answer).toMatchObject({ status: 200, body: NAME });
      expect(seenNames).toContain(NAME);
    } finally {
      await http.close();
    }
  });

  it('addresses have no server name', async () => {
    const http = createHttpClient();
    try {
      seenNames.length = 0;
      await http.request(`https://127.0.0.1:${portOf()}/`, { timeoutMs: 5000, insecure: true });
      expect(seenNames).toEqual([false]);
    } finally {
      await http.close();
    }
  });
});

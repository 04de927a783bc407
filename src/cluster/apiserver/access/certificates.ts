import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Instant } from '../../../api/index.ts';

x509.cryptoProvider.set(webcrypto as never);

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  certPem: string;
  keyPem: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const CA_VALID_MS = 3650 * DAY_MS;
const SERVER_VALID_MS = 365 * DAY_MS;
/** Clocks differ. */
const LEEWAY_MS = 3_600_000;
const CLIENT_LEEWAY_MS = 300_000;

/** Makes a certificate authority of our own. */
export async function createAuthority(now: Instant): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=kanari-ca',
    notBefore: new Date(now - LEEWAY_MS),
    notAfter: new Date(now + CA_VALID_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await exportKey(keys.privateKey) };
}

/** Makes a server's certificate for these host names and addresses. */
export async function issueServerCertificate(
  authority: KeyPair,
  hosts: readonly string[],
  now: Instant,
): Promise<KeyPair> {
  const keys = await generateKeys();
  const issuer = new x509.X509Certificate(authority.certPem);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=kanari-apiserver',
    issuer: issuer.subject,
    notBefore: new Date(now - LEEWAY_MS),
    notAfter: new Date(now + SERVER_VALID_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.keyPem),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await exportKey(keys.privateKey) };
}

/**
 * Signs a request of a client, with the name and the key that are in it.
 * @param how.seconds how long the certificate lasts
 * @returns the certificate as PEM
 * @throws Error when the request is not signed with its own key
 */
export async function issueClientCertificate(
  authority: KeyPair,
  request: x509.Pkcs10CertificateRequest,
  { now, seconds }: { now: Instant; seconds: number },
): Promise<string> {
  if (!(await request.verify())) throw new Error('the request is not signed with the key that is in it');
  const issuer = new x509.X509Certificate(authority.certPem);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: request.subjectName.toJSON(),
    issuer: issuer.subject,
    notBefore: new Date(now - CLIENT_LEEWAY_MS),
    notAfter: new Date(now + seconds * 1000),
    signingAlgorithm: ALGORITHM,
    publicKey: request.publicKey,
    signingKey: await importKey(authority.keyPem),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return certificate.toString('pem');
}

const generateKeys = () =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const bytes = x509.PemConverter.decodeFirst(pem);
  return webcrypto.subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']);
}

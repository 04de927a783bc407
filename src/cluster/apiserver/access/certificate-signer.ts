import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1.d.ts';
import type { Logger } from 'pino';
import { formatTime, type KubeObject } from '../../../api/index.ts';
import { readRequest } from '../kinds/certificate-signing-requests.ts';
import type { Core } from '../rest/core.ts';
import type { WriteOptions } from '../rest/options.ts';
import { modifyObject } from '../rest/update.ts';
import type { Resource } from '../store/index.ts';
import { CERTIFICATES_GROUP, CLIENT_SIGNER } from './certificate-requests.ts';
import { issueClientCertificate, type KeyPair } from './certificates.ts';

const options: WriteOptions = {
  dryRun: false,
  fieldManager: 'kube-controller-manager',
  fieldValidation: 'Strict',
  force: undefined,
};
const ALLOWED_USAGES = ['client auth', 'digital signature', 'key encipherment'];
const YEAR_SECONDS = 365 * 86_400;

/** Signs the approved requests for certificates of clients of this server. */
export class CertificateSigner {
  readonly #core: Core;
  readonly #authority: KeyPair;
  readonly #log: Logger;
  readonly #requests: Resource;
  readonly #unsubscribe: () => void;
  /** Names of the requests that are being signed. */
  readonly #busy = new Set<string>();

  /** @param authority with whose key is signed */
  constructor(core: Core, authority: KeyPair, log: Logger) {
    this.#core = core;
    this.#authority = authority;
    this.#log = log;
    this.#requests = core.store.resource(`${CERTIFICATES_GROUP}/certificatesigningrequests`);
    this.#unsubscribe = this.#requests.subscribe(() => this.#follow());
    this.#follow();
  }

  stop(): void {
    this.#unsubscribe();
  }

  #follow(): void {
    for (const { key, object } of this.#requests.list()) {
      const request = object as CertificateSigningRequest;
      if (!isDue(request) || this.#busy.has(key)) continue;
      this.#busy.add(key);
      this.#sign(request)
        .catch((err: unknown) => {
          this.#log.warn({ err, request: key }, 'a certificate that was asked for could not be issued');
        })
        .finally(() => this.#busy.delete(key));
    }
  }

  async #sign(request: CertificateSigningRequest): Promise<void> {
    const kind = this.#core.registry.find(CERTIFICATES_GROUP, 'v1', 'certificatesigningrequests');
    if (!kind) return;
    const outcome = await this.#outcome(request);
    const target = { kind, name: request.metadata?.name ?? '', subresource: 'status' };
    const next = (live: KubeObject) => {
      const { status } = live as CertificateSigningRequest;
      // Another of the same name may have come in its place.
      if (live.metadata?.uid !== request.metadata?.uid) return live;
      const conditions = [...(status?.conditions ?? []), ...(outcome.conditions ?? [])];
      return { ...live, status: { ...status, ...outcome, conditions } } as KubeObject;
    };
    await modifyObject(this.#core, target, { options, next });
  }

  async #outcome({
    spec,
  }: CertificateSigningRequest): Promise<NonNullable<CertificateSigningRequest['status']>> {
    const now = this.#core.clock();
    try {
      const wrong = spec.usages?.find((usage) => !ALLOWED_USAGES.includes(usage));
      if (wrong !== undefined) throw new Error(`invalid usage for client certificate: ${wrong}`);
      if (!spec.usages?.includes('client auth')) throw new Error('usages did not match [client auth]');
      const seconds = Math.min(spec.expirationSeconds ?? YEAR_SECONDS, YEAR_SECONDS);
      const pem = await issueClientCertificate(this.#authority, readRequest(spec), { now, seconds });
      return { certificate: Buffer.from(pem).toString('base64') };
    } catch (error) {
      const time = formatTime(now);
      const message = (error as Error).message;
      const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message };
      return { conditions: [{ ...failed, lastUpdateTime: time, lastTransitionTime: time }] };
    }
  }
}

function isDue({ spec, status }: CertificateSigningRequest): boolean {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type) ?? false;
  return (
    spec.signerName === CLIENT_SIGNER &&
    has('Approved') &&
    !has('Denied') &&
    !has('Failed') &&
    !status?.certificate
  );
}

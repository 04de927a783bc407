import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { readRequest } from '../kinds/certificate-signing-requests.ts';
import { type Admission, is, type ObjectTarget, type Target } from '../rest/core.ts';
import { forbidden } from '../status.ts';
import { AdmissionStep } from './admission-step.ts';
import { MASTERS, type User } from './users.ts';

export const CERTIFICATES_GROUP = 'certificates.k8s.io';
export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

/** Writes into a new CertificateSigningRequest who makes it, whatever it says itself. */
export class CertificateRequests extends AdmissionStep {
  readonly #user: User;

  /** @param user who makes the request */
  constructor(next: Admission, user: User) {
    super(next);
    this.#user = user;
  }

  override admitCreate(target: Target, object: KubeObject): KubeObject {
    const admitted = super.admitCreate(target, object);
    if (!is(target.kind, CERTIFICATES_GROUP, 'certificatesigningrequests')) return admitted;
    const { spec } = admitted as CertificateSigningRequest;
    refuseMasters({ ...target, name: object.metadata?.name ?? '' }, spec);
    const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...asked } = spec;
    const { name: username, groups, uid, extra } = this.#user;
    const by = { username, ...(uid && { uid }), groups, ...(extra && { extra }) };
    return { ...admitted, spec: { ...asked, ...by } } as KubeObject;
  }
}

/** Nobody becomes an administrator by a signature. */
function refuseMasters({ kind, name }: ObjectTarget, spec: CertificateSigningRequest['spec']): void {
  if (spec.signerName !== CLIENT_SIGNER || !organizationsOf(spec).includes(MASTERS)) return;
  throw forbidden(kind, name, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
}

function organizationsOf(spec: CertificateSigningRequest['spec']): string[] {
  try {
    return readRequest(spec).subjectName.getField('O');
  } catch {
    // Validation says what is wrong with it.
    return [];
  }
}

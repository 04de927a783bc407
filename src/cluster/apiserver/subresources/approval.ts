import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1.d.ts';
import { CERTIFICATES_GROUP } from '../access/certificate-requests.ts';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { approvedRequests } from '../kinds/certificate-signing-requests.ts';
import type { ObjectTarget } from '../rest/core.ts';
import { forbidden } from '../status.ts';
import { servePart } from './part.ts';

/** `certificatesigningrequests/<name>/approval`: approves or denies, for those who may for the signer. */
export const certificateApproval: SubresourceHandler = {
  group: CERTIFICATES_GROUP,
  plural: 'certificatesigningrequests',
  subresource: 'approval',
  kind: { group: CERTIFICATES_GROUP, version: 'v1', kind: 'CertificateSigningRequest' },
  methods: { GET: 'get', PATCH: 'patch', PUT: 'update' },
  async handle(context, exchange, target) {
    await servePart(context, exchange, target, approvedRequests, (live) =>
      checkRight(context, exchange, target, live as CertificateSigningRequest),
    );
  },
};

/** @throws StatusError 403 */
function checkRight(
  { authorizer }: ApiContext,
  { user }: Exchange,
  { kind, name }: ObjectTarget,
  { spec }: CertificateSigningRequest,
): void {
  const domain = spec.signerName.split('/')[0];
  const allowed = [spec.signerName, `${domain}/*`].some(
    (name) =>
      authorizer.judge(user, { verb: 'approve', group: CERTIFICATES_GROUP, resource: 'signers', name })
        .allowed,
  );
  if (allowed) return;
  throw forbidden(
    kind,
    name,
    `user not permitted to approve requests with signerName ${JSON.stringify(spec.signerName)}`,
  );
}

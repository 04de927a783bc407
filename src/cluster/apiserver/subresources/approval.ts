import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1.d.ts';
import type { KubeObject } from '../../../api/index.ts';
import { CERTIFICATES_GROUP } from '../access/certificate-requests.ts';
import { decodeBody } from '../http/body.ts';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { negotiate } from '../http/negotiate.ts';
import { approvedRequests } from '../kinds/certificate-signing-requests.ts';
import type { ObjectTarget } from '../rest/core.ts';
import { decodeObject } from '../rest/decode.ts';
import { parseWriteOptions } from '../rest/options.ts';
import { patcher } from '../rest/patch.ts';
import { getObject } from '../rest/read.ts';
import { carryName, modifyObject } from '../rest/update.ts';
import { forbidden } from '../status.ts';

/** `certificatesigningrequests/<name>/approval`: approves or denies, for those who may for the signer. */
export const certificateApproval: SubresourceHandler = {
  group: CERTIFICATES_GROUP,
  plural: 'certificatesigningrequests',
  subresource: 'approval',
  kind: { group: CERTIFICATES_GROUP, version: 'v1', kind: 'CertificateSigningRequest' },
  methods: { GET: 'get', PATCH: 'patch', PUT: 'update' },
  async handle(context, exchange, target) {
    const { format } = negotiate(exchange.header('accept'));
    if (exchange.method === 'GET') {
      exchange.sendValue(200, await getObject(context, target, exchange.query), format);
      return;
    }
    const approving = { ...target, kind: approvedRequests };
    const put = exchange.method === 'PUT';
    const options = parseWriteOptions(
      exchange.query,
      exchange.header('user-agent'),
      put ? 'UpdateOptions' : 'PatchOptions',
    );
    const decode = { options, custom: false, warn: (text: string) => exchange.warn(text) };
    const body = await exchange.body();
    const contentType = exchange.header('content-type');
    const change = put
      ? () => decodeBody(body, contentType, target.kind.kind)
      : (patcher(target, body, contentType ?? 'none', { custom: false }) as (live: object) => unknown);
    const next = (live: KubeObject) => {
      checkRight(context, exchange, target, live as CertificateSigningRequest);
      return carryName(target, decodeObject(approvedRequests, change(live), decode), live);
    };
    exchange.sendValue(200, await modifyObject(context, approving, { options, next }), format);
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

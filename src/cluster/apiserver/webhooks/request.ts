import type { User } from '../access/users.ts';
import type { JudgedWrite, Operation } from '../rest/core.ts';

/** A write that webhooks are asked about. */
export interface AdmissionRequest extends JudgedWrite {
  /** Who makes it. */
  user: User;
}

/** What a request is, as an AdmissionReview says it and `matchConditions` see it. */
export function describeRequest(request: AdmissionRequest, uid: string): Record<string, unknown> {
  const { operation, user, dryRun } = request;
  const { kind, namespace, name, subresource } = request.target;
  const { group, version } = kind;
  const gvk = { group, version, kind: kind.kind };
  const resource = { group, version, resource: kind.plural };
  const { name: username, groups, extra } = user;
  return {
    uid,
    kind: gvk,
    resource,
    ...(subresource && { subResource: subresource }),
    requestKind: gvk,
    requestResource: resource,
    ...(subresource && { requestSubResource: subresource }),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: { username, ...(user.uid && { uid: user.uid }), groups, ...(extra && { extra }) },
    object: request.object ?? null,
    oldObject: request.oldObject ?? null,
    dryRun,
    options: {
      kind: OPTIONS_KIND[operation],
      apiVersion: 'meta.k8s.io/v1',
      ...(dryRun && { dryRun: ['All'] }),
    },
  };
}

const OPTIONS_KIND: Readonly<Record<Operation, string>> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
};

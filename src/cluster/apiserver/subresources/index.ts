import type { SubresourceHandler } from '../http/context.ts';
import { certificateApproval } from './approval.ts';
import { podBinding } from './binding.ts';
import { podEphemeralContainers } from './ephemeral.ts';
import { podEviction } from './eviction.ts';
import { namespaceFinalize } from './finalize.ts';
import { podLog } from './log.ts';
import { nodeProxy } from './node-proxy.ts';
import { proxies } from './proxy.ts';
import { podAttach, podExec, podPortForward } from './streams.ts';
import { serviceAccountToken } from './token.ts';

export { webhookOrigin } from './proxy-target.ts';
export { getScale, writeScale } from './scale.ts';

/** Subresources with a handler of their own; status and scale are generic. */
export const subresourceHandlers: readonly SubresourceHandler[] = [
  podBinding,
  podEviction,
  podEphemeralContainers,
  podLog,
  podExec,
  podAttach,
  podPortForward,
  ...proxies,
  nodeProxy,
  namespaceFinalize,
  serviceAccountToken,
  certificateApproval,
];

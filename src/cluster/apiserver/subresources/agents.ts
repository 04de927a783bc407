import type { Node } from 'kubernetes-types/core/v1.d.ts';
import { Agent } from 'undici';
import type { ApiContext } from '../http/context.ts';
import { notFound, StatusError } from '../status.ts';

/** Node agents have certificates of their own, which nothing vouches for; the token is what counts. */
export const agents = new Agent({
  connect: { rejectUnauthorized: false },
  bodyTimeout: 0,
  headersTimeout: 30_000,
});

/** Base URL of a node's agent. @throws StatusError 404 without the node, 503 when it does not say where it is */
export function agentAddress({ store }: ApiContext, nodeName: string): string {
  const node = store.resource('/nodes').get(nodeName)?.object as Node | undefined;
  if (!node) throw notFound({ group: '', plural: 'nodes', kind: 'Node' }, nodeName);
  const addresses = node.status?.addresses ?? [];
  const address = addresses.find(({ type }) => type === 'InternalIP')?.address;
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  if (!address || !port) {
    throw new StatusError(503, 'ServiceUnavailable', `node ${nodeName} has not said where its agent is`);
  }
  // On the loopback interface agents speak plain HTTP.
  const scheme = address.startsWith('127.') || address === '::1' ? 'http' : 'https';
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { NotUpgraded, passUpgrade } from '../http/takeover.ts';
import { locate, type ObjectTarget } from '../rest/core.ts';
import { badRequest, notFound, StatusError } from '../status.ts';
import { agentAddress } from './agents.ts';
import { chosenContainer } from './containers.ts';

/** `pods/<name>/exec`: runs a command in a container. */
export const podExec = streamHandler('exec', 'PodExecOptions', (pod, { query }) => [
  'exec',
  ...containerPath(pod, query),
]);

/** `pods/<name>/attach`: joins the program of a container. */
export const podAttach = streamHandler('attach', 'PodAttachOptions', (pod, { query }) => [
  'attach',
  ...containerPath(pod, query),
]);

/** `pods/<name>/portforward`: connects to ports of a pod. */
export const podPortForward = streamHandler('portforward', 'PodPortForwardOptions', (pod) => [
  'portForward',
  ...podPath(pod),
]);

const podPath = ({ metadata }: Pod) => [metadata?.namespace ?? '', metadata?.name ?? ''];
const containerPath = (pod: Pod, query: URLSearchParams) => [
  ...podPath(pod),
  chosenContainer(pod, query.get('container')),
];

/** A subresource whose request is passed on to the node agent, which then speaks with the client itself. */
function streamHandler(
  subresource: string,
  kind: string,
  pathOf: (pod: Pod, exchange: Exchange) => string[],
): SubresourceHandler {
  return {
    group: '',
    plural: 'pods',
    subresource,
    kind: { group: '', version: 'v1', kind },
    methods: { POST: 'create', GET: 'get' },
    async handle(context, exchange, target) {
      const pod = podOf(context, target);
      const path = pathOf(pod, exchange);
      if (!pod.spec?.nodeName) throw badRequest(`pod ${target.name} does not have a host assigned`);
      const address = agentAddress(context, pod.spec.nodeName);
      if (!exchange.upgrade) throw badRequest('Upgrade request required');
      const query = new URLSearchParams(exchange.query);
      query.delete('container');
      const url = `${address}/${path.map(encodeURIComponent).join('/')}?${query}`;
      await passToAgent(context, exchange, url, `pod "${target.name}"`);
    },
  };
}

function podOf(context: ApiContext, target: ObjectTarget): Pod {
  const { resource, key } = locate(context, target);
  const entry = resource.get(key);
  if (!entry) throw notFound(target.kind, target.name);
  return entry.object as Pod;
}

/** What the agent answers instead of switching protocols is the client's answer, as it is. */
async function passToAgent(
  context: ApiContext,
  exchange: Exchange,
  url: string,
  what: string,
): Promise<void> {
  try {
    await passUpgrade(exchange, url, { authorization: `Bearer ${context.nodeToken}` });
  } catch (error) {
    if (error instanceof NotUpgraded) {
      const { response } = error;
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      exchange.send(response.statusCode ?? 502, response.headers['content-type'], Buffer.concat(chunks));
      return;
    }
    throw new StatusError(
      503,
      'ServiceUnavailable',
      `the node agent cannot be reached for ${what}: ${(error as Error).message}`,
    );
  }
}

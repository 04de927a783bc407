import { request } from 'undici';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError } from '../status.ts';
import { agentAddress, agents } from './agents.ts';

/** GET `nodes/<name>/proxy/<path>`: what the node's agent answers to that path, e.g. `/stats/summary`. */
export const nodeProxy: SubresourceHandler = {
  group: '',
  plural: 'nodes',
  subresource: 'proxy',
  kind: { group: '', version: 'v1', kind: 'NodeProxyOptions' },
  methods: { GET: 'get' },
  async handle(context, exchange, { name }) {
    const { pathname, search } = exchange.url;
    // /api/v1/nodes/<name>/proxy/<path>
    const path = pathname.split('/').slice(6).join('/');
    await passOn(context, exchange, name, `${agentAddress(context, name)}/${path}${search}`);
  },
};

async function passOn(context: ApiContext, exchange: Exchange, node: string, url: string): Promise<void> {
  const abort = new AbortController();
  exchange.response.on('close', () => abort.abort());
  try {
    const { statusCode, headers, body } = await request(url, {
      headers: { authorization: `Bearer ${context.nodeToken}` },
      dispatcher: agents,
      signal: abort.signal,
    });
    const [type] = [headers['content-type'] ?? []].flat();
    exchange.writeHead(statusCode, type ? { 'content-type': type } : {});
    exchange.flushHeaders();
    body.on('error', () => exchange.response.destroy());
    body.pipe(exchange.response);
  } catch (error) {
    if (abort.signal.aborted) return;
    const problem = `error trying to reach service: ${(error as Error).message}`;
    throw new StatusError(503, 'ServiceUnavailable', problem, { name: node, kind: 'nodes' });
  }
}

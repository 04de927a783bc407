import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { request } from 'undici';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { locate } from '../rest/core.ts';
import { notFound, StatusError } from '../status.ts';
import { agentAddress, agents } from './agents.ts';
import { chosenContainer } from './containers.ts';
import { checkLogOptions } from './log-options.ts';

/** GET `pods/<name>/log`: the node agent's answer, passed on. */
export const podLog: SubresourceHandler = {
  group: '',
  plural: 'pods',
  subresource: 'log',
  kind: { group: '', version: 'v1', kind: 'Pod' },
  methods: { GET: 'get' },
  async handle(context, exchange, target) {
    const { resource, key } = locate(context, target);
    const entry = resource.get(key);
    if (!entry) throw notFound(target.kind, target.name);
    const pod = entry.object as Pod;
    checkLogOptions(exchange.query, target.name);
    const container = chosenContainer(pod, exchange.query.get('container'));
    if (!pod.spec?.nodeName) {
      exchange.send(204, undefined, '');
      return;
    }
    const address = agentAddress(context, pod.spec.nodeName);
    const query = new URLSearchParams(exchange.query);
    query.delete('container');
    const path = ['containerLogs', target.namespace ?? '', target.name, container]
      .map(encodeURIComponent)
      .join('/');
    await passOn(
      context,
      exchange,
      `${address}/${path}?${query}`,
      `container "${container}" in pod "${target.name}"`,
    );
  },
};

async function passOn(context: ApiContext, exchange: Exchange, url: string, what: string): Promise<void> {
  const abort = new AbortController();
  exchange.response.on('close', () => abort.abort());
  let answer: Awaited<ReturnType<typeof request>>;
  try {
    const headers = { authorization: `Bearer ${context.nodeToken}` };
    answer = await request(url, { headers, dispatcher: agents, signal: abort.signal });
  } catch (error) {
    if (abort.signal.aborted) return;
    throw new StatusError(
      503,
      'ServiceUnavailable',
      `the node agent cannot be reached for ${what}: ${(error as Error).message}`,
    );
  }
  if (answer.statusCode !== 200) throw agentError(answer.statusCode, await answer.body.text());
  exchange.writeHead(200, { 'content-type': 'text/plain' });
  exchange.flushHeaders();
  answer.body.on('error', () => exchange.response.end());
  answer.body.pipe(exchange.response);
}

/** The agent may answer a Status or a line of text. */
function agentError(code: number, text: string): StatusError {
  try {
    const { message, reason } = JSON.parse(text);
    if (typeof message === 'string') return new StatusError(code, String(reason ?? ''), message);
  } catch {
    // A line of text then.
  }
  const reason = code === 404 ? 'NotFound' : code === 400 ? 'BadRequest' : 'InternalError';
  return new StatusError(code, reason, text.trim() || `the node agent answered ${code}`);
}

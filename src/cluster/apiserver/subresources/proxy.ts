import type { OutgoingHttpHeaders } from 'node:http';
import type { ApiContext, SubresourceHandler } from '../http/context.ts';
import type { Exchange } from '../http/exchange.ts';
import { endToEnd, passAnswer, passRequest } from '../http/pass-on.ts';
import { NotUpgraded, passUpgrade } from '../http/takeover.ts';
import type { ObjectTarget } from '../rest/core.ts';
import { StatusError } from '../status.ts';
import { podOrigin, serviceOrigin } from './proxy-target.ts';

type FindOrigin = (context: ApiContext, target: ObjectTarget) => string;

/** `pods/<name>/proxy` and `services/<name>/proxy`: HTTP to what is behind the name. */
export const proxies: readonly SubresourceHandler[] = [
  proxyOf('pods', 'PodProxyOptions', podOrigin),
  proxyOf('services', 'ServiceProxyOptions', serviceOrigin),
];

function proxyOf(plural: string, kind: string, find: FindOrigin): SubresourceHandler {
  return {
    group: '',
    plural,
    subresource: 'proxy',
    kind: { group: '', version: 'v1', kind },
    methods: {
      POST: 'create',
      DELETE: 'delete',
      GET: 'get',
      HEAD: 'get',
      OPTIONS: 'get',
      PATCH: 'patch',
      PUT: 'update',
    },
    async handle(context, exchange, target) {
      const { base, rest } = splitPath(exchange.url.pathname);
      if (rest === '' && (exchange.method === 'GET' || exchange.method === 'HEAD')) {
        // Relative links of the page would lead elsewhere.
        exchange.send(301, undefined, '', { location: `${base}/${exchange.url.search}` });
        return;
      }
      await passOn(exchange, find(context, target), base, rest || '/');
    },
  };
}

/** The path up to and with `/proxy`, and what follows it, both as they were sent. */
function splitPath(pathname: string): { base: string; rest: string } {
  const [, base = '', rest = ''] = /^(.*?\/(?:pods|services)\/[^/]+\/proxy)(\/.*)?$/.exec(pathname) ?? [];
  return { base, rest };
}

async function passOn(exchange: Exchange, origin: string, base: string, rest: string): Promise<void> {
  const url = `${origin}${rest}${exchange.url.search}`;
  const locate = (location: string) => withinProxy(location, origin, base);
  try {
    if (exchange.upgrade) await passUpgrade(exchange, url, {});
    else await passRequest(exchange, url, forwardHeaders(exchange, base), locate);
  } catch (error) {
    if (error instanceof NotUpgraded) {
      await passAnswer(exchange, error.response, locate);
      return;
    }
    if (exchange.response.headersSent) throw error;
    throw new StatusError(
      503,
      'ServiceUnavailable',
      `error trying to reach service: ${reasonOf(error as NodeJS.ErrnoException, new URL(origin))}`,
    );
  }
}

/** A redirect within the server leads through the proxy again. */
function withinProxy(location: string, origin: string, base: string): string {
  if (location.startsWith('/') && !location.startsWith('//')) return `${base}${location}`;
  return location.startsWith(`${origin}/`) ? `${base}${location.slice(origin.length)}` : location;
}

function forwardHeaders(exchange: Exchange, base: string): OutgoingHttpHeaders {
  const { authorization, host, cookie, ...headers } = endToEnd(exchange.request.headers);
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('impersonate-'));
  const client = exchange.request.socket.remoteAddress;
  const earlier = exchange.header('x-forwarded-for');
  return {
    ...Object.fromEntries(own),
    ...(client && { 'x-forwarded-for': earlier ? `${earlier}, ${client}` : client }),
    'x-forwarded-host': exchange.header('host') ?? exchange.header(':authority') ?? '',
    'x-forwarded-proto': 'https',
    'x-forwarded-uri': `${base}/`,
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
};

function reasonOf({ code = '', message }: NodeJS.ErrnoException, { host }: URL): string {
  return `dial tcp ${host}: ${REASONS[code] ?? message}`;
}

import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Exchange } from './exchange.ts';

/** Headers of a request that are the server's own business, not of whom it is passed on to. */
const OWN_HEADERS = new Set(['authorization', 'host', 'cookie', 'content-length', 'transfer-encoding']);
/** Carries a bearer token among the protocols of a WebSocket, for clients that cannot set headers. */
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** The answer of an upstream server that does not switch protocols; its body is still to be read. */
export class NotUpgraded extends Error {
  override name = 'NotUpgraded';
  readonly response: IncomingMessage;

  constructor(response: IncomingMessage) {
    super(`the upstream server answered ${response.statusCode}`);
    this.response = response;
  }
}

/**
 * Passes a request to upgrade on to another server, and from then on the bytes of both sides, each no faster than the
 * other side reads. Resolves once both know that protocols are switched.
 * @throws NotUpgraded; Error when the server cannot be reached
 */
export async function passUpgrade(
  exchange: Exchange,
  url: string,
  headers: Record<string, string>,
): Promise<void> {
  const { socket: client, head: clientHead } = exchange.upgrade!;
  const answer = await requestUpgrade(url, {
    method: exchange.method,
    headers: { ...forwardedHeaders(exchange), ...headers },
  });
  const { response, socket: server, head } = answer;
  if (client.destroyed) {
    server.destroy();
    return;
  }
  exchange.takeSocket();
  client.write(`HTTP/1.1 101 ${response.statusMessage}\r\n${headerLines(response.rawHeaders)}\r\n`);
  if (head.length > 0) client.write(head);
  if (clientHead.length > 0) server.write(clientHead);
  join(client, server);
  join(server, client);
}

function requestUpgrade(
  url: string,
  options: RequestOptions,
): Promise<{ response: IncomingMessage; socket: Duplex; head: Buffer }> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { ...options, agent: false, rejectUnauthorized: false } as RequestOptions);
    outgoing.on('upgrade', (response, socket, head) => resolve({ response, socket, head }));
    outgoing.on('response', (response) => reject(new NotUpgraded(response)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function forwardedHeaders(exchange: Exchange): Record<string, string | string[]> {
  const entries = Object.entries(exchange.request.headers).filter(
    ([name, value]) =>
      value !== undefined &&
      !OWN_HEADERS.has(name) &&
      !name.startsWith('impersonate-') &&
      !name.startsWith(':'),
  );
  const headers = Object.fromEntries(entries) as Record<string, string | string[]>;
  const protocols = headers['sec-websocket-protocol'];
  if (typeof protocols === 'string') {
    const offered = protocols.split(',').filter((name) => !name.trim().startsWith(BEARER_PROTOCOL));
    if (offered.length > 0) headers['sec-websocket-protocol'] = offered.join(',');
    else delete headers['sec-websocket-protocol'];
  }
  return headers;
}

function headerLines(raw: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < raw.length; i += 2) lines += `${raw[i]}: ${raw[i + 1]}\r\n`;
  return lines;
}

function join(from: Duplex, to: Duplex): void {
  from.pipe(to);
  from.on('error', () => from.destroy());
  from.on('close', () => to.destroy());
}

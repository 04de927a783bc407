import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { CONNECTION_HEADERS } from '../../connection-headers.ts';
import type { Exchange } from './exchange.ts';

/**
 * Passes a request on to another server, and its answer back; bodies flow no faster than they are read.
 * `locate` changes where an answer of the server points to. @throws Error when the server cannot be reached
 */
export async function passRequest(
  exchange: Exchange,
  url: string,
  headers: OutgoingHttpHeaders,
  locate: (location: string) => string,
): Promise<void> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const options = { method: exchange.method, headers, agent: false, rejectUnauthorized: false };
  const outgoing = send(url, options as RequestOptions);
  exchange.response.on('close', () => outgoing.destroy());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    // Later errors are those of the answer.
    outgoing.on('error', reject);
  });
  // A server may answer without reading the body to its end.
  pipeline(exchange.request, outgoing).catch(() => {});
  await passAnswer(exchange, await answered, locate);
}

/** Passes an answer of another server on. */
export async function passAnswer(
  exchange: Exchange,
  answer: IncomingMessage,
  locate: (location: string) => string,
): Promise<void> {
  const headers = endToEnd(answer.headers);
  if (typeof headers.location === 'string') headers.location = locate(headers.location);
  exchange.writeHead(answer.statusCode ?? 502, headers);
  // The answer breaks off where the server's did.
  await pipeline(answer, exchange.response).catch(() => {});
}

/** The headers that are passed on: neither those of the connection, nor those that it names. */
export function endToEnd(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const named = String(headers.connection ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) =>
        value !== undefined &&
        !name.startsWith(':') &&
        !CONNECTION_HEADERS.has(name) &&
        !named.includes(name),
    ),
  );
}
